"""The rounds of work on one pull request, read from the ledgers of its runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from app.convergence import Failure, File, Round
from app.events.parts import Change, CheckFailure
from app.outcomes.watch import pull_key
from app.playbooks import playbook
from app.ports.platform import RunSummary, Store
from app.runs.state import fold
from app.runs.state.run_state import RunState

_MOST_BYTES = 200_000  # of a file whose lines are compared; of bigger ones the digests tell
_MOST_FILES = 20  # whose lines are compared: a round that changes more undoes none by the way


def rounds_before(store: Store, state: RunState) -> list[RunState]:
    """The runs whose commit on the run's pull request came before it, oldest first: where we opened it, that one too.
    Merges of the base are none.
    """
    rows = store.runs(active=False, thread_key=state.created.thread.key)
    states = [fold(row.run_id, store.events(row.run_id)) for row in reversed(rows) if row.reason == "proposed"]
    return [
        one
        for one in [*_opened(store, state), *states]
        if one.run_id != state.run_id and one.pull and one.proposal and not one.proposal.merge
    ]


def is_undone(store: Store, state: RunState) -> bool:
    """Whether the last thing that a person wanted of us on the run's branch was to take something back."""
    threads = {state.created.thread.key, *(one.created.thread.key for one in _opened(store, state))}
    rows = [row for key in sorted(threads) for row in store.runs(active=False, thread_key=key)]
    for row in sorted(rows, key=lambda row: row.created_at, reverse=True):
        said = _wanted_by_a_person(store, row, state.created.branch)
        if said:
            return said == "undo"
    return False


def _wanted_by_a_person(store: Store, row: RunSummary, branch: str) -> Literal["", "undo", "work"]:
    if row.reason not in {"replied", "proposed"}:
        return ""
    one = fold(row.run_id, store.events(row.run_id))
    if one.created.branch != branch or one.is_unasked:
        return ""
    if playbook(one.created.playbook).delivers != "undo":
        return "work" if row.reason == "proposed" else ""
    return "undo" if one.result("undo").get("sha") else ""


def _opened(store: Store, state: RunState) -> list[RunState]:
    """The run that opened the pull request which the run is about, where it is known; its thread is another."""
    run_id = store.claimed_by(pull_key(state.created.thread)) if state.created.target else None
    found = fold(run_id, store.events(run_id)) if run_id else None
    return [found] if found and found.is_created else []


def round_of(store: Store, state: RunState, paths: Collection[str] = ()) -> Round:
    """A run as a round, with the contents of those files that are among `paths`."""
    made = state.proposal
    wanted = set(sorted(paths)[:_MOST_FILES])
    files = {
        change.path: _file(store, state, change, change.path in wanted) for change in (made.changes if made else [])
    }
    return Round(
        title=made.title if made else "",
        sha=str(state.result("branch").get("sha", "")),
        asked=not state.is_unasked,
        files=files,
        failures=failures_of(state.created.task.failures),
        failed=tuple(name for failure in state.created.task.failures for name in failure.tests[:2] or [failure.key]),
    )


def failures_of(found: Collection[CheckFailure]) -> tuple[Failure, ...]:
    return tuple(Failure(signature=one.signature, tests=frozenset(map(str, one.tests))) for one in found)


def _file(store: Store, state: RunState, change: Change, is_read: bool) -> File:
    kept = state.proposal.kept if state.proposal else {}
    before = "" if change.kind == "add" else kept.get(change.path, f"of {state.run_id}")
    after = "" if change.kind == "delete" else change.digest
    is_read = is_read and change.size <= _MOST_BYTES
    return File(
        before=before,
        after=after,
        old=_content(store, before) if is_read else None,
        new=_content(store, after) if is_read else None,
    )


def _content(store: Store, digest: str) -> bytes | None:
    try:
        return store.get_blob(digest) if len(digest) == 64 else None
    except KeyError:  # no longer kept
        return None
