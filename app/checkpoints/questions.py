"""What the bot asks: questions, plans, the one reminder, and what it says when nobody answered. Pure."""

from __future__ import annotations

from datetime import datetime

from app.checkpoints.addressed import to
from app.checkpoints.moments import utc
from app.checkpoints.plan_text import how_to_approve, plan
from app.checkpoints.render import marker
from app.config.question_times import in_words
from app.events.working import QuestionAsked
from app.runs.state.run_state import RunState
from app.text.outgoing import cut, line

_LETTERS = "abcd"


def question(state: RunState, number: int) -> str:
    """A checkpoint that needs a person: at most three questions, each with options, a default and consequences."""
    asked = state.questions[number - 1].said
    if asked.plan:
        return cut("\n".join([marker(state.run_id, f"question-{number}"), *plan(state, asked.plan)]))
    lines = [marker(state.run_id, f"question-{number}"), f"### ❓ {to(state)}a question before I go on", ""]
    lines += [*_asked(asked), f"{_how_to_answer(state, asked)} Waiting costs nothing; an answer needs write access."]
    return cut("\n".join(lines))


def reminder(state: RunState, number: int, *, until: str | None) -> str:
    """The one reminder of a question; it repeats it, because on a phone nobody scrolls up."""
    asked = state.questions[number - 1].said
    lines = [marker(state.run_id, f"reminder-{number}"), f"### ⏰ {to(state)}I still need an answer", ""]
    lines += [*_asked(asked), _how_to_answer(state, asked)]
    if until:
        lines[-1] += f" Without an answer I stop on {utc(until)}."
    return cut("\n".join(lines))


def unanswered(state: RunState, asked: QuestionAsked, since: datetime, until: datetime) -> tuple[str, str]:
    """Reason and next step of a run that ends because nobody answered."""
    waited, prefix = in_words((until - since).total_seconds()), state.created.names.prefix
    texts = " / ".join(line(item.text, 200) for item in asked.questions)
    reason = f"I waited {waited} for an answer and nobody gave one. I had asked: {texts}"
    return reason, f"Write the answer in a comment, then `{prefix} retry`: I start again and read it."


def _how_to_answer(state: RunState, asked: QuestionAsked) -> str:
    prefix = state.created.names.prefix
    if asked.plan:
        return how_to_approve(state)
    example = f"{prefix} answer 1a" if asked.questions[0].options else f"{prefix} answer your words"
    return f"Reply here in your own words, or `{example}`."


def _asked(asked: QuestionAsked) -> list[str]:
    lines: list[str] = []
    for index, item in enumerate(asked.questions, start=1):
        lines += [f"**{index}. {line(item.text, 600)}**", ""]
        for position, (letter, option) in enumerate(zip(_LETTERS, item.options, strict=False)):
            text = line(option, 200) + (" *(default)*" if position == item.default else "")
            consequence = line(item.consequences[position], 300) if position < len(item.consequences) else ""
            says_more = consequence and consequence != line(option, 300)
            lines.append(f"- **{index}{letter}** {text}" + (f": {consequence}" if says_more else ""))
        lines.append("")
    return lines
