"""What all checks and commit statuses say of one commit, our own left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.github import checks, statuses
from app.github.checks import CheckRun
from app.github.client import GitHub
from app.github.statuses import Status
from app.triggers.checks import FAILED, FAILED_STATUS

State = Literal["pending", "red", "green", "silent"]  # silent: skipped, cancelled, … say nothing either way

_PASSED = frozenset({"success", "neutral"})


@dataclass(frozen=True, kw_only=True)
class Result:
    """One name on a commit: a check run, or a commit status."""

    name: str
    state: State
    source: CheckRun | Status

    @property
    def link(self) -> str:
        """Where a person reads on; empty where nobody gave one."""
        return self.source.url if isinstance(self.source, CheckRun) else self.source.link


def of_commit(github: GitHub, repo: str, sha: str, *, ours: str, with_statuses: bool = True) -> Sequence[Result]:
    """The newest of each name. `ours` is the slug of our App. Raises as the client does."""
    runs = [run for run in checks.latest(github, repo, sha) if run.app_slug != ours]
    said = statuses.combined(github, repo, sha) if with_statuses else []
    return [
        *(Result(name=run.name, state=_of_run(run), source=run) for run in runs),
        *(Result(name=one.context, state=_of_status(one), source=one) for one in said),
    ]


def states(results: Iterable[Result]) -> Mapping[str, State]:
    """How each name ended; one that failed anywhere has failed."""
    found: dict[str, State] = {}
    for result in results:
        if found.get(result.name) != "red":
            found[result.name] = result.state
    return found


def names(results: Sequence[Result], state: State) -> tuple[str, ...]:
    """The names that are so, in their order."""
    return tuple(dict.fromkeys(result.name for result in results if result.state == state))


def _of_run(run: CheckRun) -> State:
    if run.status != "completed":
        return "pending"
    return "red" if run.conclusion in FAILED else "green" if run.conclusion in _PASSED else "silent"


def _of_status(status: Status) -> State:
    if status.state == "pending":
        return "pending"
    return "red" if status.state in FAILED_STATUS else "green"
