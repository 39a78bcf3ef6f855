"""The issues that say what is red on the default branch: one for each cause, joined by every later reading, closed when
it is green again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.checkpoints import branch_text, render
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.github import issues
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.kinds.labels import LABEL_COLOURS
from app.runs.state.run_state import RunState

_PASSING = frozenset({"external", "flaky"})  # gone by itself more often than not: said when it fails a second commit


@dataclass(frozen=True, kw_only=True)
class RedIssue(Effect):
    searches = "always"

    marker: str
    title: str
    body: str
    mark: str = ""  # the label that asks for a person

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[RedIssue]:
        read = _reading(state)
        if read is None:
            return
        for failure in read.failures:
            if _is_news(failure, read):
                yield cls(
                    key=f"issue:{failure.signature}",
                    priority=Priority.PEOPLE,
                    marker=branch_text.marker(failure),
                    title=branch_text.title(read, failure),
                    body=branch_text.body(state, read, failure),
                    mark=state.created.names.labels["needs-human"] if failure.signature in read.tired else "",
                )

    def find(self, target: Target) -> Mapping[str, Any] | None:
        found = issues.marked(target.github, target.repo, target.bot_login, self.marker)
        return {"number": found.number, "declined": found.is_declined} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        return {"number": issues.open_issue(target.github, target.repo, title=self.title, body=self.body).number}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        """What was closed opens again, unless a person closed it as not planned."""
        if not known.get("declined"):
            issues.update_issue(target.github, target.repo, known["number"], body=self.body, is_open=True)
            if self.mark:
                issues.ensure_labels(target.github, target.repo, {self.mark: LABEL_COLOURS["needs-human"]})
                issues.add_labels(target.github, target.repo, known["number"], [self.mark])
        return dict(known)


@dataclass(frozen=True, kw_only=True)
class GreenAgain(Effect):
    """Said and closed; nothing where people have closed it before."""

    marker: str
    said: str
    body: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[GreenAgain]:
        read = _reading(state)
        if read is None:
            return
        for failure in read.over:
            said = render.marker(state.run_id, f"green-{failure.signature}")
            yield cls(
                key=f"green:{failure.signature}",
                priority=Priority.PEOPLE,
                marker=branch_text.marker(failure),
                said=said,
                body=f"{said}\n{branch_text.green_again(read)}",
            )

    def make(self, target: Target) -> dict[str, Any]:
        github, repo = target.github, target.repo
        found = issues.marked(github, repo, target.bot_login, self.marker)
        if found is None or not found.is_open:
            return {}
        if not issues.find_comment(github, repo, found.number, marker=self.said, author=target.bot_login):
            issues.create_comment(github, repo, found.number, self.body)
        issues.update_issue(github, repo, found.number, is_open=False)
        return {"number": found.number}


def _reading(state: RunState) -> ChecksRead | None:
    read = state.checks
    return read if read and read.branch and state.outcome == "diagnosed" else None


def _is_news(failure: CheckFailure, read: ChecksRead) -> bool:
    if failure.kind in _PASSING:
        return failure.times > 1 or failure.since not in {"", read.sha}
    return failure.kind != "cancelled"
