"""What a run had changed when a person stopped it: one commit on a branch that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.checkpoints import unfinished_text
from app.errors import UserError
from app.github import git_data
from app.github.base_tree import GitHubBase
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState
from app.runs.unfinished import goes_on_a_branch
from app.work.verdict import check_contents
from app.workspace import change_in_snapshot


@dataclass(frozen=True, kw_only=True)
class Unfinished(Effect):
    """Unverified, so never on the branch of a pull request, be it people's or ours: either may be merged any moment.
    Scanned as every proposal is.
    """

    purpose = "proposing"

    branch: str
    base_sha: str
    manifest: str
    message: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Unfinished]:
        if left := goes_on_a_branch(state):
            created = state.created
            yield cls(
                key="unfinished",
                priority=Priority.PROPOSAL,
                branch=_branch(state),
                base_sha=created.base.sha,
                manifest=left.manifest.blob,
                message=unfinished_text.commit_message(state),
            )

    def make(self, target: Target) -> dict[str, Any]:
        """Doing it twice finds the first. Raises UserError when a check blocks it, or nothing of it is there."""
        try:
            found, content = change_in_snapshot(target.store, self.manifest)
            base = GitHubBase(target.github, target.repo, self.base_sha, kept=lambda _path: None)
            changes = check_contents(content, found, target.state.created.config, base, blocked_as="The scan blocks it")
        except KeyError:
            raise UserError("Its contents are no longer kept.") from None
        sha = git_data.create_branch_with_changes(
            target.github,
            target.repo,
            branch=self.branch,
            base_sha=self.base_sha,
            changes=changes,
            message=self.message,
        )
        return {"sha": sha, "branch": self.branch}


def _branch(state: RunState) -> str:
    """The run's own; one that stands on a pull request has none."""
    created = state.created
    if created.target is None:
        return created.branch
    return f"{created.config.branch_prefix}{created.thread.number}-unfinished-{state.run_id[:4]}"
