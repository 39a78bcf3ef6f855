"""Failed jobs of GitHub Actions that may pass when they run again: whether that is asked for, and what came of it.

The run waits meanwhile; the publisher asks GitHub, with a token for nothing else, where the App was registered with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast

from app.admission.check_facts import Checks
from app.events.deciding import RerunAsked, WorkflowAttempt
from app.events.parts import CheckFailure
from app.failures import Cause
from app.failures.chance import MOST_RERUNS, may_pass_again, passed_again
from app.github import actions
from app.github.access import Access
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.runs.state.told import Told

_ASKING = timedelta(minutes=10)  # how long the publisher may take to ask GitHub
_LAG = timedelta(seconds=45)  # in which GitHub may still show the attempt before


def are_on_their_way(state: RunState, now: datetime) -> bool:
    """Whether GitHub has not been asked yet for what was asked for last, or only just."""
    asked = state.reruns[-1] if state.reruns else None
    if asked is None:
        return False
    done = [state.published.get(again.key) for again in asked.said.runs]
    if None in done:
        return now - datetime.fromisoformat(asked.at) < _ASKING
    return any(now - datetime.fromisoformat(item.at) < _LAG for item in done if item)


def made(state: RunState) -> list[Told[RerunAsked]]:
    """Those that GitHub has begun."""
    return [told for told in state.reruns if all(_is_made(state, again) for again in told.said.runs)]


def _is_made(state: RunState, again: WorkflowAttempt) -> bool:
    done = state.published.get(again.key)
    return done is not None and not done.error


def worth(state: RunState, failures: Sequence[CheckFailure]) -> list[CheckFailure]:
    """The failures whose jobs may run again: on our own pull requests or where a person asked, as long as there is
    nothing to repair; three times, and never again after a refusal.
    """
    created = state.created
    is_ours = created.target is not None and created.target.ours and not created.admission.from_fork
    is_ended = len(state.reruns) >= MOST_RERUNS or len(made(state)) < len(state.reruns)
    if is_ended or (state.is_by_checks and not is_ours):
        return []
    if any(failure.kind in {"ours", "deterministic"} for failure in failures):
        return []
    return [failure for failure in failures if may_pass_again(failure.kind, failure.cause)]


def ask(ledger: RunLedger, access: Access, found: Checks) -> bool:
    """Note which attempts are to be run again; False where there is none. Raises as the client does."""
    failures, created = worth(ledger.state, found.failures), ledger.state.created
    if not failures or not access.grants(created.thread, "rerunning"):
        return False
    names = {name for failure in failures for name in failure.jobs}
    repo = created.thread.repository
    with access.reading_checks(created.thread) as github:
        runs = [
            WorkflowAttempt(run=run.id, attempt=run.attempt)
            for run in actions.failed_runs(github, repo, found.sha)
            if run.attempt <= MOST_RERUNS and names & actions.failed_jobs(github, repo, run.id)
        ]
    if not runs:
        return False
    asked = RerunAsked(sha=found.sha, runs=runs, failures=failures)
    return ledger.append_if(lambda state: bool(state.gathers), asked) is not None


def by_chance(asked: Iterable[RerunAsked], found: Checks) -> list[CheckFailure]:
    """What failed on this commit before, and passed when it ran again."""
    names = {name for failure in found.failures for name in failure.jobs} | {*found.pending}
    earlier = {failure.signature: failure for said in asked if said.sha == found.sha for failure in said.failures}
    passed = [failure for failure in earlier.values() if not names & {*failure.jobs}]
    verdicts = [passed_again(cast("Cause", item.cause), item.signature, item.key) for item in passed]
    return [
        item.model_copy(update={"kind": verdict.kind, "why": verdict.why})
        for item, verdict in zip(passed, verdicts, strict=True)
    ]
