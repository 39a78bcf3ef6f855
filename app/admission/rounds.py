"""The rounds of work on one pull request, read from the ledgers of its runs."""

from __future__ import annotations

from collections.abc import Collection

from app.convergence import Failure, File, Round
from app.events.parts import Change, CheckFailure
from app.ports.platform import Store
from app.runs.state import fold
from app.runs.state.run_state import RunState

_MOST_BYTES = 200_000  # of a file whose lines are compared; of bigger ones the digests tell
_MOST_FILES = 20  # whose lines are compared: a round that changes more undoes none by the way


def rounds_before(store: Store, state: RunState) -> list[RunState]:
    """The runs whose commit on the run's pull request came before it, oldest first; merges of the base are none."""
    rows = store.runs(active=False, thread_key=state.created.thread.key)
    states = (fold(row.run_id, store.events(row.run_id)) for row in reversed(rows) if row.reason == "proposed")
    return [
        one for one in states if one.run_id != state.run_id and one.pull and one.proposal and not one.proposal.merge
    ]


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
