"""Answers in the threads of a review, and the threads that are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.checkpoints import render
from app.checkpoints.thread_text import answer
from app.github import reviews
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class ThreadReply(Effect):
    """What was done about a thread, said in it; found again by its marker."""

    is_one_write = True
    searches = "in doubt"

    comment_id: int
    marker: str
    body: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[ThreadReply]:
        if not _is_over(state):
            return
        for thread in state.created.task.threads:
            if said := state.thread_answers.get(thread.number):
                marker = render.marker(state.run_id, f"thread-{thread.number}")
                yield cls(
                    key=f"thread:{thread.number}",
                    priority=Priority.PEOPLE,
                    comment_id=thread.comment_id,
                    marker=marker,
                    body=f"{answer(state, said)}\n\n{marker}",
                )

    def find(self, target: Target) -> Mapping[str, Any] | None:
        found = reviews.find_reply(
            target.github, target.repo, target.number, marker=self.marker, author=target.bot_login
        )
        return {"id": found} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        return {"id": reviews.reply(target.github, target.repo, target.number, self.comment_id, self.body)}

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)


@dataclass(frozen=True, kw_only=True)
class ThreadResolved(Effect):
    """Only what was done is resolved, once the commit is there and the thread says so."""

    purpose = "proposing"

    thread_id: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[ThreadResolved]:
        if state.pull is None:
            return
        for thread in state.created.task.threads:
            said = state.thread_answers.get(thread.number)
            if said and said.done and f"thread:{thread.number}" in state.published:
                yield cls(key=f"resolved:{thread.number}", priority=Priority.MARKS, thread_id=thread.id)

    def make(self, target: Target) -> dict[str, Any]:
        reviews.resolve(target.github, self.thread_id)
        return {}


def _is_over(state: RunState) -> bool:
    """What was promised in a thread is there, or will not come."""
    return state.phase == "ended" and (state.outcome != "proposed" or state.pull is not None)
