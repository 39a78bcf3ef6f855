"""The one comment on a pull request that says what failed in its checks; edited in place, whichever run reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.checkpoints.checks_text import MARKER, diagnosis
from app.checkpoints.reproduction_text import reproduced
from app.ports.rate import Priority
from app.publication.effect import Target
from app.publication.kinds.comment import Comment
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Comment):
    """Green checks are no news where nothing was red before. A run that goes on to repair adds what it ran here to what
    was said before; where nothing was, its own result says it.
    """

    searches = "always"

    is_new: bool  # said where there is no such comment

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Diagnosis]:
        read = state.checks
        is_diagnosed = state.outcome == "diagnosed"
        if read is None or read.branch or not (is_diagnosed or _has_run_it(state)):
            return
        yield cls(
            key="diagnosis",
            priority=Priority.PEOPLE if is_diagnosed else Priority.MARKS,
            marker=MARKER,
            body=diagnosis(state, read),
            is_new=is_diagnosed and bool(read.failures or read.by_chance),
        )

    def make(self, target: Target) -> dict[str, Any]:
        return super().make(target) if self.is_new else {}


def _has_run_it(state: RunState) -> bool:
    is_over = any(stage.name == "reproduce" and stage.ended_at for stage in state.stages)
    return is_over and bool(reproduced(state))
