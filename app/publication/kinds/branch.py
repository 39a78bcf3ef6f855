"""The branch with its one commit, for a proposal that ended the run; its changes are checked again before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checkpoints import pull_text
from app.github import git_data
from app.github.base_tree import GitHubBase
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState
from app.work.verdict import check_again


@dataclass(frozen=True, kw_only=True)
class Branch(Effect):
    proposes = is_work = True
    exact = frozenset({"changes"})  # the scan has judged them

    branch: str
    base_sha: str
    changes: Sequence[Mapping[str, Any]]
    message: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Branch]:
        created, proposal = state.created, state.proposal
        if state.outcome != "proposed" or proposal is None:
            return
        message = pull_text.commit_message(state, requester_id=created.requester.id, requester=created.requester.login)
        yield cls(
            key="branch",
            priority=Priority.PROPOSAL,
            branch=created.branch,
            base_sha=created.base.sha,
            changes=[change.model_dump(exclude_unset=True) for change in proposal.changes],
            message=message,
        )

    def make(self, target: Target) -> dict[str, Any]:
        def kept(path: str) -> bytes | None:
            """A base file as the worker kept it; nothing to rely on."""
            proposal = target.state.proposal
            digest = proposal.kept.get(path) if proposal else None
            try:
                return target.store.get_blob(digest) if digest else None
            except KeyError:
                return None

        base = GitHubBase(target.github, target.repo, self.base_sha, kept=kept)
        sha = git_data.create_branch_with_changes(
            target.github,
            target.repo,
            branch=self.branch,
            base_sha=self.base_sha,
            changes=check_again(target.store, self.changes, target.state.created.config, base),
            message=self.message,
        )
        return {"sha": sha, "ref": f"refs/heads/{self.branch}"}
