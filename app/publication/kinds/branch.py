"""The one commit of a proposal that ended the run: on a branch of its own, or on the branch of the pull request that
the run stands on. Its changes are checked again before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from app.checkpoints import pull_text
from app.checkpoints.endings import NOT_ADDED, branch_gone, not_added
from app.errors import UserError
from app.github import git_data
from app.github.base_tree import GitHubBase
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.overtaken import ask_again
from app.runs.state.run_state import RunState
from app.work.verdict import check_again


@dataclass(frozen=True, kw_only=True)
class Written(Effect):
    """A change as one commit."""

    purpose = "proposing"
    is_work = True
    exact = frozenset({"changes"})  # the scan has judged them

    branch: str
    base_sha: str
    changes: Sequence[Mapping[str, Any]]
    message: str

    @classmethod
    def written(cls, state: RunState, **more: Any) -> Iterator[Self]:
        """The one that a run wants which has proposed a change; `more` are fields of a kind's own."""
        created, proposal = state.created, state.proposal
        if state.outcome != "proposed" or proposal is None:
            return
        message = pull_text.commit_message(state, requester_id=created.requester.id, requester=created.requester.login)
        yield cls(
            key="branch",
            priority=Priority.PROPOSAL,
            branch=created.branch,
            base_sha=state.proposed_on,
            changes=[change.model_dump(exclude_unset=True) for change in proposal.changes],
            message=message,
            **more,
        )

    def checked(self, target: Target) -> list[git_data.Change]:
        """The changes with their contents. Raises UserError when a check blocks them."""
        base = self.tree(target, self.base_sha)
        return check_again(target.store, self.changes, target.state.created.config, base)

    def tree(self, target: Target, sha: str) -> GitHubBase:
        """The files of a commit as GitHub holds them, with what the worker kept of the base."""

        def kept(path: str) -> bytes | None:
            proposal = target.state.proposal
            digest = proposal.kept.get(path) if proposal else None
            try:
                return target.store.get_blob(digest) if digest else None
            except KeyError:
                return None

        return GitHubBase(target.github, target.repo, sha, kept=kept)

    def placed(self, sha: str, *, parent: str) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {"sha": sha, "ref": f"refs/heads/{self.branch}", "parent": parent}


class Branch(Written):
    """A branch of our own, with the commit on top of the base."""

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Self]:
        if state.created.target is None:
            yield from cls.written(state)

    def make(self, target: Target) -> dict[str, Any]:
        sha = git_data.create_branch_with_changes(
            target.github,
            target.repo,
            branch=self.branch,
            base_sha=self.base_sha,
            changes=self.checked(target),
            message=self.message,
        )
        return self.placed(sha, parent=self.base_sha)


class Commit(Written):
    """On the head of a pull request's branch. One that has moved since is merged with first, and verified again: what
    is published is what was verified.
    """

    searches = "in doubt"

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Self]:
        target = state.created.target
        if target and not target.fork and not (state.proposal and state.proposal.merge):
            yield from cls.written(state)

    def find(self, target: Target) -> Mapping[str, Any] | None:
        found = git_data.commit_with(target.github, target.repo, self.branch, message=self.message)
        return self.placed(found.sha, parent=found.parents[0]) if found else None

    def in_vain(self, error: str) -> tuple[str, str]:
        return not_added(error), NOT_ADDED

    def change(self, _target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(known)

    def make(self, target: Target) -> dict[str, Any]:
        """Raises Overtaken when the head has moved, UserError when the branch is gone or moves all the time."""
        head = self.head(target)
        sha = git_data.add_commit(
            target.github,
            target.repo,
            branch=self.branch,
            head_sha=head,
            changes=self.checked(target),
            message=self.message,
        )
        return self.placed(sha, parent=head)

    def head(self, target: Target) -> str:
        """The commit on which the change was made, which is the branch's head still. Raises as `make`."""
        head = git_data.branch_head(target.github, target.repo, self.branch)
        if head is None:
            raise UserError(branch_gone(self.branch))
        if head != self.base_sha:
            ask_again(target, branch=self.branch, was=self.base_sha, head=head)
        return head
