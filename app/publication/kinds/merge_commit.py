"""The commit that merges a base branch into a pull request's: the base's tree, with what the branch has of its own and
what neither side holds. Only that last was written by the run, and it is judged again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from app.errors import UserError
from app.github import git_data, pulls
from app.github.base_tree import GitHubBase
from app.publication.effect import Target
from app.publication.kinds.branch import Commit
from app.runs.state.run_state import RunState
from app.work.verdict import check_again


@dataclass(frozen=True, kw_only=True)
class MergeCommit(Commit):
    """On the head that was merged; a head that has moved since needs another merge."""

    exact = frozenset({"changes", "ours"})

    merged_sha: str = ""
    ours: Sequence[str] = ()

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Self]:
        made = state.proposal.merge if state.proposal else None
        if made is not None:
            yield from cls.written(state, merged_sha=made.base_sha, ours=list(made.ours))

    def make(self, target: Target) -> dict[str, Any]:
        """As of any commit; raises UserError also when what is said to be the branch's is not."""
        head = self.head(target)
        branch, base = (self.tree(target, sha) for sha in (head, self.merged_sha))
        changes = check_again(target.store, self.changes, target.state.created.config, branch, base)
        sha = git_data.merge_commit(
            target.github,
            target.repo,
            branch=self.branch,
            head_sha=head,
            base_sha=self.merged_sha,
            changes=[*changes, *self._of_the_branch(target, branch, base)],
            message=self.message,
        )
        return self.placed(sha, parent=head)

    def _of_the_branch(self, target: Target, branch: GitHubBase, base: GitHubBase) -> Iterator[git_data.Change]:
        """As GitHub holds them: of a worker only the names are taken, and those of what the pull request changes."""
        if not self.ours:
            return
        known: Collection[str] = set(pulls.changed_paths(target.github, target.repo, target.number))
        here, there = branch.entries(self.ours), base.entries(self.ours)
        for path in self.ours:
            if path not in known:
                raise UserError(f"The proposal was refused at publication: the pull request does not change `{path}`.")
            if entry := here.get(path):
                yield git_data.Change(path=path, mode=entry.mode, content=None, blob=entry.blob)
            elif path in there:
                yield git_data.Change(path=path, content=None)
