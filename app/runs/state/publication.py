"""What was meant to be on GitHub, what is, and how far that has come."""

from __future__ import annotations

from functools import singledispatch

from app.events.deciding import HeadMoved, ProposalResumed
from app.events.publishing import (
    PublishAbandoned,
    PublishDelayed,
    PublishDone,
    PublishFailed,
    PublishIntended,
    PublishSettled,
    PublishWithdrawn,
)
from app.events.record import Record
from app.ledger import Event
from app.runs.state.run_state import RunState
from app.runs.state.told import Delay, Published


@singledispatch
def fold(said: Record, state: RunState, event: Event) -> None:
    """Everything else changes nothing of what is on GitHub."""


@fold.register
def _intended(said: PublishIntended, state: RunState, event: Event) -> None:
    state.intended[said.key] = said.digest
    state.tries[said.key] = state.tries.get(said.key, 0) + 1


@fold.register
def _withdrawn(said: PublishWithdrawn, state: RunState, event: Event) -> None:
    """It was certainly not made: the next try need not look for it."""
    state.intended.pop(said.key, None)
    state.tries.pop(said.key, None)


@fold.register
def _done(said: PublishDone, state: RunState, event: Event) -> None:
    _decided(state, said.key)
    state.published[said.key] = Published(digest=said.digest, at=event.at, result=said.result)


@fold.register
def _refused(said: PublishFailed, state: RunState, event: Event) -> None:
    """GitHub will not have it: known, so that it is not tried without end."""
    _decided(state, said.key)
    before = state.result(said.key)
    state.published[said.key] = Published(digest=said.digest, at=event.at, result=before, error=said.error)


@fold.register
def _delayed(said: PublishDelayed, state: RunState, event: Event) -> None:
    """A refusal did nothing; what an earlier try may have done stays possible."""
    if not said.maybe_done:
        state.intended.pop(said.key, None)
    state.tries.pop(said.key, None)
    state.delayed[said.key] = Delay(error=said.error, until=said.until, count=state.delays(said.key) + 1)


@fold.register
def _overtaken(said: HeadMoved, state: RunState, event: Event) -> None:
    """The change was certainly not published, and another one will be."""
    _decided(state, state.lands_with)


@fold.register
def _resumed(said: ProposalResumed, state: RunState, event: Event) -> None:
    """The proposal is to be published after all: what was refused is no longer taken for done."""
    state.outcome, state.reason, state.next_step = "proposed", "", ""
    state.cancel = None
    state.delayed.clear()
    state.published = {key: done for key, done in state.published.items() if not done.error}
    state.resumptions.append(said)
    state.moves = 0


@fold.register
def _settled(said: PublishSettled, state: RunState, event: Event) -> None:
    state.settled_seq = said.through


@fold.register
def _abandoned(said: PublishAbandoned, state: RunState, event: Event) -> None:
    state.settled_seq = said.through


def _decided(state: RunState, key: str) -> None:
    state.intended.pop(key, None)
    state.delayed.pop(key, None)
    state.tries.pop(key, None)
