"""The one comment on a pull request that says what failed in its checks; edited in place, whichever run reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.checkpoints.checks_text import MARKER, diagnosis
from app.ports.rate import Priority
from app.publication.effect import Target
from app.publication.kinds.comment import Comment
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Comment):
    """Green checks are no news where nothing was red before."""

    searches = "always"

    is_red: bool

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Diagnosis]:
        read = state.checks
        if read is None or read.branch or state.outcome != "diagnosed":
            return
        body = diagnosis(state, read)
        yield cls(
            key="diagnosis",
            priority=Priority.PEOPLE,
            marker=MARKER,
            body=body,
            is_red=bool(read.failures or read.by_chance),
        )

    def make(self, target: Target) -> dict[str, Any]:
        return super().make(target) if self.is_red else {}
