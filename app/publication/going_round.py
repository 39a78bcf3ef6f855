"""The last look before a repair that nobody asked for is published: whether it takes back what an earlier round did."""

from __future__ import annotations

from app import log
from app.admission.rounds import round_of, rounds_before
from app.checkpoints import rounds_text
from app.convergence import circle, since_asked
from app.events.working import RunEnded
from app.ports.platform import Store
from app.runs.run_ledger import RunLedger


def stopped(store: Store, ledger: RunLedger) -> bool:
    """End the run when its change takes an earlier one back, and whether that is so; the change is kept.

    What a person has asked for may undo anything, and so may a change that a person wants published after all.
    """
    state = ledger.state
    if not state.is_unasked or state.resumptions or state.proposal is None:
        return False
    before = rounds_before(store, state)
    if not before:
        return False
    paths = {change.path for change in state.proposal.changes}
    now = round_of(store, state, paths)
    rounds = since_asked([round_of(store, one, paths) for one in before])
    found = circle(rounds, now)
    if found is None:
        return False
    log.event("publish.goes_round", level=log.WARNING, run=ledger.run_id, how=found.how, sha=found.of.sha)
    prefix = state.created.names.prefix
    reason, next_step = rounds_text.stopped(found, [*rounds, now]), rounds_text.ask(prefix)
    ledger.append(RunEnded(outcome="needs_decision", reason=reason, next_step=next_step))
    return True
