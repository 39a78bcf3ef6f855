"""👀 on what woke the run, and on every comment that it has taken in since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.github import issues
from app.github.errors import NotFound
from app.playbooks import playbook
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Reaction(Effect):
    is_one_write = True

    comment_id: int | None  # None: on the issue itself
    at_line: bool = False  # a comment on the diff, which is another kind of thing

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Reaction]:
        if state.is_unasked:
            return  # nobody said anything
        created, stop = state.created, state.cancel.comment_id if state.cancel else None
        targets = {created.comment_id: created.trigger, **{heard.comment_id: heard.via for heard in state.heard}}
        for target, via in targets.items():
            if via.startswith("pull_request_review."):  # REST knows no reaction to a review
                continue
            if target is None and created.comment_id is not None:
                continue
            priority = Priority.PEOPLE if stop and target == stop else Priority.MARKS
            at_line = via.startswith("pull_request_review_comment")
            yield cls(key=f"reaction:{target or 'issue'}", priority=priority, comment_id=target, at_line=at_line)

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Reaction]:
        says = state.reason or playbook(state.created.playbook).delivers == "undo"
        return cls.wanted(state) if says else iter(())

    def make(self, target: Target) -> dict[str, Any]:
        if self.comment_id:
            try:
                react = issues.react_to_review_comment if self.at_line else issues.react_to_comment
                react(target.github, target.repo, self.comment_id, "eyes")
            except NotFound:
                pass  # it was deleted; nobody misses the eyes on it
        else:
            issues.react(target.github, target.repo, target.number, "eyes")
        return {}
