"""👀 on what woke the run, and on every comment that it has taken in since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.github import issues
from app.github.errors import NotFound
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Reaction(Effect):
    is_one_write = True

    comment_id: int | None  # None: on the issue itself

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Reaction]:
        targets = [state.created.comment_id, *(heard.comment_id for heard in state.heard if heard.comment_id)]
        stop = state.cancel.comment_id if state.cancel else None
        for target in dict.fromkeys(targets):
            priority = Priority.PEOPLE if stop and target == stop else Priority.MARKS
            yield cls(key=f"reaction:{target or 'issue'}", priority=priority, comment_id=target)

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Reaction]:
        return cls.wanted(state) if state.reason else iter(())

    def make(self, target: Target) -> dict[str, Any]:
        if self.comment_id:
            try:
                issues.react_to_comment(target.github, target.repo, self.comment_id, "eyes")
            except NotFound:
                pass  # it was deleted; nobody misses the eyes on it
        else:
            issues.react(target.github, target.repo, target.number, "eyes")
        return {}
