"""What becomes of a question that nobody answers: the run reminds once, and ends as the repository configured."""

from __future__ import annotations

from datetime import datetime

from app.checkpoints import questions
from app.config.question_times import end_at, remind_at
from app.events.deciding import QuestionReminded
from app.events.working import RunEnded
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState


def attend(ledger: RunLedger) -> bool:
    """Remind or end when it is time; whether something happened. Doing it twice finds the first time."""
    state, now = ledger.state, ledger.clock.now()
    asked = state.open_question
    if asked is None or not _waits(state):
        return False
    config, number = state.created.config, len(state.questions)
    end = end_at(config, asked.at)
    if end is not None and now >= end:
        reason, next_step = questions.unanswered(state, asked.said, datetime.fromisoformat(asked.at), end)
        closing = RunEnded(outcome="needs_decision", reason=reason, next_step=next_step)
        return ledger.append_if(_waits, closing) is not None
    remind = remind_at(config, asked.at)
    if remind is None or now < remind:
        return False

    def is_not_reminded(state: RunState) -> bool:
        return _waits(state) and all(reminder.question != number for reminder in state.reminders)

    until = None if end is None else end.isoformat()
    return ledger.append_if(is_not_reminded, QuestionReminded(question=number, until=until)) is not None


def _waits(state: RunState) -> bool:
    return state.phase == "parked" and state.open_question is not None
