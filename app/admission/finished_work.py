"""Finished work that never became a pull request: a retry publishes it instead of paying for it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app import log
from app.checkpoints.endings import kept_because
from app.events.deciding import CancelRequested, ProposalResumed
from app.events.working import RunEnded
from app.jobs.job import Job
from app.ports.platform import RunSummary, Store
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState


class KeptProposals:
    """Looks for the proposal of a thread's last run and has it published."""

    def __init__(self, open_ledger: Callable[[str], RunLedger], store: Store) -> None:
        self._open = open_ledger
        self._store = store

    def publish(self, job: Job, run_id: str, base_ref: str, base_sha: str, target_ref: str = "") -> str | None:
        """None when the run's kept proposal is now being published; else why not, for the person who asked for a
        retry (empty when there is nothing to say). `base_ref` and `base_sha` are what a run would begin with today,
        `target_ref` is the branch that its pull request goes to, where there is one.
        """
        ledger = self._open(run_id)
        if not _is_kept(ledger.state):
            return ""
        if not self._is_whole(ledger.state):
            return "What the run before had finished is no longer kept, so I start anew."
        if target_ref and ledger.state.base_name != target_ref:
            return f"This goes to `{target_ref}` now, so I start anew."
        is_there = (ledger.state.created.base.ref, ledger.state.proposed_on) == (base_ref, base_sha)
        if not is_there and not _can_be_merged(ledger.state, base_ref, base_sha):
            return f"`{base_ref}` has moved since the run before had finished its change, so I start anew."
        said = ProposalResumed(by=job.sender.login, delivery=job.id, comment_id=job.source.comment_id)
        if ledger.append_if(_is_kept, said):
            log.event("kept.resumed", run=run_id, by=job.sender.login)
        return None

    def waiting(self, runs: Sequence[RunSummary]) -> RunSummary | None:
        """The newest of `runs` when its pull request is still to be opened, because GitHub has refused it so far."""
        is_waiting = runs and runs[0].reason == "proposed" and waits_for_github(self._open(runs[0].run_id).state)
        return runs[0] if is_waiting else None

    def call_off(self, job: Job, run_id: str) -> bool:
        """Somebody says stop while a finished change waits to become a pull request: it stays kept. Whether it did."""
        ledger = self._open(run_id)
        reason = kept_because(f"Stopped by {job.sender.login}.", ledger.state.created.names.prefix)
        stop = CancelRequested(
            by=job.sender.login, delivery=job.id, comment_id=job.source.comment_id, reason="asked to stop"
        )
        ledger.append_if(waits_for_github, stop)
        is_off = ledger.append_if(waits_for_github, RunEnded(outcome="cancelled", reason=reason)) is not None
        return is_off

    def _is_whole(self, state: RunState) -> bool:
        """Whether the contents of the change are still in the store."""
        try:
            for change in state.proposal.changes if state.proposal else []:
                if change.kind != "delete":
                    self._store.get_blob(change.digest)
        except KeyError:
            return False
        return True


def waits_for_github(state: RunState) -> bool:
    """Whether a finished change is still to become a pull request; not once that is being made, for it may be there
    already.
    """
    return state.outcome == "proposed" and _is_kept(state) and state.lands_with not in state.intended


def _can_be_merged(state: RunState, ref: str, sha: str) -> bool:
    """Whether the change may be merged with what stands on its branch now; not where that was tried in vain."""
    if state.created.target is None or state.created.target.fork or state.created.base.ref != ref:
        return False
    tried = state.head_merge
    return tried is None or tried.sha != sha or not tried.conflicts


def _is_kept(state: RunState) -> bool:
    return state.is_kept
