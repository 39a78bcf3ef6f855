"""What the bot says on a thread: the status comment first, and one for everything that a person has to know or do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from app.checkpoints import questions, render
from app.checkpoints.outcomes import OUTCOMES
from app.github import issues
from app.github.errors import NotFound
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState
from app.runs.state.told import Published

# How often the steps within a stage are shown. Every ten seconds, eight runs at work used up in ten minutes what GitHub
# lets an installation write in an hour.
_STATUS_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Comment(Effect):
    """A comment, found again by its marker."""

    is_one_write = True
    searches: ClassVar[Literal["never", "in doubt", "always"]] = "in doubt"

    marker: str
    body: str

    @classmethod
    def named(cls, state: RunState, part: str, body: str, *, priority: Priority = Priority.PEOPLE, **more: Any) -> Self:
        marker = render.marker(state.run_id, part)
        return cls(key=f"comment:{part}", priority=priority, marker=marker, body=body, **more)

    def noted(self) -> dict[str, Any]:
        """What the ledger is to keep beside the comment's id."""
        return {}

    def find(self, target: Target) -> Mapping[str, Any] | None:
        author = target.bot_login
        found = issues.find_comment(target.github, target.repo, target.number, marker=self.marker, author=author)
        return {"id": found.id} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        return {"id": issues.create_comment(target.github, target.repo, target.number, self.body).id, **self.noted()}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        if known.get("deleted"):
            return {**known, **self.noted()}
        try:
            return {"id": issues.update_comment(target.github, target.repo, known["id"], self.body).id, **self.noted()}
        except NotFound:  # a person deleted it: they do not want to see it
            return {"id": known["id"], "deleted": True, **self.noted()}


class Reply(Comment):
    """What a request that started nothing gets: its answer, once."""

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Reply]:
        if state.reason:
            yield cls.named(state, "reply", render.reply(state))


@dataclass(frozen=True, kw_only=True)
class Status(Comment):
    """Stands first in the thread. Its end is as urgent as the result: a run that ended must not be shown at work."""

    stage: str  # changes when there is something to tell: with every stage, park and end, but not with every step

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Status]:
        if state.is_silent or state.tells_its_end_only:
            return
        is_there = "comment:status" in state.published
        if (not is_there and state.questions) or (state.phase == "ended" and not _awaits_pull(state)):
            priority = Priority.PEOPLE
        else:
            priority = Priority.STATUS if is_there else Priority.MARKS
        stages = ",".join(f"{stage.name}:{stage.ok}" for stage in state.stages)
        stage = f"{state.phase} {state.waits_for} {state.outcome} {bool(state.pull)} {state.attempt} {stages}"
        stage = f"{stage} {','.join(sorted(state.delayed))}"
        yield cls.named(state, "status", render.status(state), priority=priority, stage=stage)

    def noted(self) -> dict[str, Any]:
        return {"stage": self.stage}

    def is_due(self, done: Published, now: datetime) -> bool:
        if self.priority != Priority.STATUS or done.result.get("stage") != self.stage:
            return True
        return (now - datetime.fromisoformat(done.at)).total_seconds() >= _STATUS_SECONDS


class Question(Comment):
    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Question]:
        for number in range(1, len(state.questions) + 1):
            yield cls.named(state, f"question-{number}", questions.question(state, number))


class Reminder(Comment):
    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Reminder]:
        for reminder in state.reminders:
            text = questions.reminder(state, reminder.question, until=reminder.until)
            yield cls.named(state, f"reminder-{reminder.question}", text)


class Result(Comment):
    """The last word. That on a pull request names its number, so it waits for it."""

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Result]:
        if state.outcome and (OUTCOMES[state.outcome].comments or state.next_step) and not _awaits_pull(state):
            part = f"result-{len(state.resumptions) + 1}" if state.resumptions else "result"
            yield cls.named(state, part, render.result(state, part))


def _awaits_pull(state: RunState) -> bool:
    """The last word waits for what it is about: the pull request, and whether it is a draft."""
    if state.outcome != "proposed" or state.proposal is None:
        return False
    if state.created.target:
        return state.pull is None
    is_still_draft = state.pull and state.pull.get("draft") and not state.proposal.draft
    return state.pull is None or bool(is_still_draft and "ready" not in state.published)
