"""A run whose worker wrote into its ledger what nobody can read: it ends, and says so where it was asked for."""

from __future__ import annotations

from app.checkpoints.endings import UNREADABLE, unreadable
from app.events.working import RunEnded
from app.runs.run_ledger import RunLedger


def end_faulty(ledger: RunLedger) -> bool:
    """Whether it had to end. What was not published yet will not be: who wrote the one may have written the other."""
    if not ledger.state.fault:
        return False
    reason = unreadable(ledger.state.fault)
    end = RunEnded(outcome="failed", reason=reason, next_step=UNREADABLE)
    return ledger.append_if(lambda state: not state.is_through, end) is not None
