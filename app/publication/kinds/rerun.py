"""A new attempt of a workflow run of GitHub Actions, of its failed jobs only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.github import actions
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Rerun(Effect):
    """GitHub counts attempts: one after ours is what was asked for, whoever began it."""

    purpose = "rerunning"
    is_one_write = True
    searches = "always"

    run: int
    attempt: int  # the one that failed

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Rerun]:
        for told in state.reruns if state.is_active else ():
            for again in told.said.runs:
                yield cls(key=again.key, priority=Priority.MARKS, run=again.run, attempt=again.attempt)

    def find(self, target: Target) -> Mapping[str, Any] | None:
        attempt = actions.workflow_run(target.github, target.repo, self.run).attempt
        return {"attempt": attempt} if attempt > self.attempt else None

    def make(self, target: Target) -> dict[str, Any]:
        actions.rerun_failed(target.github, target.repo, self.run)
        return {"attempt": self.attempt + 1}

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)
