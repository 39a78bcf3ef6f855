"""The check run that shows at file and line what failed in the checks of a pull request. Nobody may require it: it says
what others found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checkpoints.checks_text import in_short, notes_at_lines
from app.github import checks
from app.ports.rate import Priority
from app.publication.effect import Target
from app.publication.kinds.check import CheckShown
from app.runs.state.run_state import RunState

NAME = "lamplighter/diagnosis"


@dataclass(frozen=True, kw_only=True)
class DiagnosisCheck(CheckShown):
    """Made once for a run. Annotations cannot be taken back: a green commit gets another, where there was a red one."""

    annotations: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[DiagnosisCheck]:
        read = state.checks
        if read is None or state.outcome != "diagnosed" or state.created.target is None:
            return
        title, summary = in_short(read)
        yield cls(
            key=f"check:{NAME}",
            priority=Priority.MARKS,
            name=NAME,
            external_id=f"{state.run_id}:{NAME}",
            head_sha=read.sha,
            conclusion="neutral",
            title=title,
            summary=summary,
            annotations=notes_at_lines(read),
        )

    def make(self, target: Target) -> dict[str, Any]:
        if not self.annotations and not checks.check_runs(target.github, target.repo, self.head_sha, name=NAME):
            return {}
        return {"id": checks.create_check(target.github, target.repo, self.shown(self._notes())).id}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        """GitHub adds annotations to those that are there: of a try that was cut off, the rest."""
        there = len(checks.annotations_of(target.github, target.repo, known["id"]))
        checks.update_check(target.github, target.repo, known["id"], self.shown(self._notes()[there:]))
        return {"id": known["id"]}

    def _notes(self) -> list[checks.Annotation]:
        return [checks.Annotation(**note) for note in self.annotations]
