"""The check runs on the head of the pull request: what came of the run, and of the security scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.checkpoints import render
from app.checkpoints.outcomes import OUTCOMES, is_unproven
from app.github import checks
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.kinds.pull import open_pull
from app.runs.state.run_state import RunState

RUN, SCAN = "lamplighter", "lamplighter/scan"
_RETRY = checks.Button(label="Retry", description="Start this run anew", identifier="retry")


@dataclass(frozen=True, kw_only=True)
class Check(Effect):
    """A check run, found again by its `external_id`."""

    purpose = "checking"
    is_one_write = True
    searches = "in doubt"

    name: str
    external_id: str
    head_sha: str
    conclusion: str
    title: str
    summary: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Check]:
        if open_pull(state) is None:
            return
        proven = "neutral" if is_unproven(state) else OUTCOMES["proposed"].conclusion
        scanned = "success" if state.scan and state.scan.ok else "failure"
        for name, conclusion, (title, summary) in (
            (RUN, proven, render.check_summary(state)),
            (SCAN, scanned, render.scan_summary(state)),
        ):
            yield cls(
                key=f"check:{name}",
                priority=Priority.MARKS,
                name=name,
                external_id=f"{state.run_id}:{name}",
                head_sha=state.result("branch")["sha"],
                conclusion=conclusion,
                title=title,
                summary=summary,
            )

    def find(self, target: Target) -> Mapping[str, Any] | None:
        github, repo, sha = target.github, target.repo, self.head_sha
        found = checks.find_check(github, repo, sha, name=self.name, external_id=self.external_id)
        return {"id": found.id} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        return {"id": checks.create_check(target.github, target.repo, self._check()).id}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": checks.update_check(target.github, target.repo, known["id"], self._check()).id}

    def _check(self) -> checks.Check:
        return checks.Check(status="completed", buttons=[_RETRY] if self.name == RUN else [], **self.content)
