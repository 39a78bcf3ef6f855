"""What people do with branches and pull requests."""

from __future__ import annotations

from collections.abc import Mapping

from app.simulator import forks
from app.simulator.actions import git, merge_queue, merging, pulls, refs
from app.simulator.people.somebody import Somebody
from app.simulator.records import MergeGroup
from app.simulator.state import Pull, Repository

Files = Mapping[str, bytes | str | None]


class Coding(Somebody):
    """Branches, forks, pull requests."""

    def push(
        self, repo: Repository, branch: str, files: Files, message: str = "Change files", start: str | None = None
    ) -> str:
        """Push one commit; None as content removes a file; a new branch begins at `start`. Answers the SHA."""
        with self.world.lock:
            return git.push(self.world, self.account, repo, branch, files, message=message, start=start)

    def force_push(
        self, repo: Repository, branch: str, files: Files, message: str = "Start over", start: str | None = None
    ) -> str:
        """Throw a branch's commits away and push one made from `start` (the default branch). Answers the SHA."""
        with self.world.lock:
            return git.push(self.world, self.account, repo, branch, files, message=message, start=start, force=True)

    def delete_branch(self, repo: Repository, branch: str) -> None:
        """Delete a branch."""
        with self.world.lock:
            refs.delete_ref(self.world, self.account, repo, f"refs/heads/{branch}")

    def rename_branch(self, repo: Repository, branch: str, name: str) -> None:
        """Give a branch another name: pull requests to it follow, those from it are closed."""
        with self.world.lock:
            refs.rename_branch(self.world, self.account, repo, branch, name)

    def fork(self, repo: Repository) -> Repository:
        """Fork a repository, without the App; the branches are those of now."""
        with self.world.lock:
            return forks.fork(self.world, self.account, repo)

    def open_pull(
        self,
        repo: Repository,
        head: str,
        title: str,
        *,
        body: str | None = None,
        base: str = "",
        draft: bool = False,
        fork: Repository | None = None,
        maintainer_can_modify: bool = True,
    ) -> Pull:
        """Open a pull request from a branch that is there, of the repository or of a fork of it."""
        owner = (fork or repo).owner.login
        with self.world.lock:
            return pulls.open_pull(
                self.world,
                self.account,
                repo,
                title=title,
                body=body,
                head=f"{owner}:{head}",
                base=base or repo.default_branch,
                draft=draft,
                maintainer_can_modify=maintainer_can_modify,
            )

    def retarget(self, pull: Pull, base: str) -> None:
        """Send a pull request to another branch."""
        with self.world.lock:
            pulls.retarget(self.world, self.account, pull, base)

    def ready_for_review(self, pull: Pull) -> None:
        """End the draft."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, False)

    def convert_to_draft(self, pull: Pull) -> None:
        """Make it a draft again."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, True)

    def merge(self, pull: Pull, *, method: str = "merge", delete_branch: bool = False) -> str:
        """Merge (merge, squash, rebase), as people do with drafts too: by first marking them ready."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, False)
            sha = merging.merge(self.world, self.account, pull, method=method)
            if delete_branch and pull.head_repository is not None:
                refs.delete_ref(self.world, self.account, pull.head_repository, f"refs/heads/{pull.head}")
            return sha

    def enqueue(self, pull: Pull) -> MergeGroup:
        """Press "Merge when ready": into the merge queue. `github.ci.move_queue` lets GitHub look at it."""
        with self.world.lock:
            return merge_queue.enqueue(self.world, self.account, pull)

    def dequeue(self, repo: Repository, group: MergeGroup) -> None:
        """Take a pull request out of the merge queue."""
        with self.world.lock:
            merge_queue.dequeue(self.world, repo, group)

    def update_branch(self, pull: Pull) -> str:
        """Press "Update branch": merge the base into the pull request's branch. Answers the new head."""
        with self.world.lock:
            return merging.update_branch(self.world, self.account, pull)
