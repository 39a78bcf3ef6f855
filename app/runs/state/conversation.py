"""What people and the run said to each other."""

from __future__ import annotations

from functools import singledispatch

from app.events.deciding import QuestionAnswered, QuestionReminded, RequestGathered, SteerReceived
from app.events.record import Record
from app.events.working import QuestionAsked
from app.ledger import Event
from app.runs.state.run_state import RunState
from app.runs.state.told import Told


@singledispatch
def fold(said: Record, state: RunState, event: Event) -> None:
    """Everything else is no part of the conversation."""


@fold.register
def _asked(said: QuestionAsked, state: RunState, event: Event) -> None:
    state.questions.append(Told(seq=event.seq, at=event.at, said=said))


@fold.register
def _reminded(said: QuestionReminded, state: RunState, event: Event) -> None:
    state.reminders.append(said)
    state.park_until = said.until


@fold.register
def _answered(said: QuestionAnswered, state: RunState, event: Event) -> None:
    state.answers.append(Told(seq=event.seq, at=event.at, said=said))


@fold.register
def _steered(said: SteerReceived, state: RunState, event: Event) -> None:
    state.steering.append(Told(seq=event.seq, at=event.at, said=said))


@fold.register
def _gathered(said: RequestGathered, state: RunState, event: Event) -> None:
    """It has not begun: what it is asked to do is all of it together."""
    state.gathered.append(Told(seq=event.seq, at=event.at, said=said))
    state.park_until = said.until
    if said.text:
        task = state.created.task
        instructions = "\n".join(text for text in (task.instructions, said.text) if text)
        state.created = state.created.model_copy(
            update={"task": task.model_copy(update={"instructions": instructions})}
        )
