"""What people do with issues, and with pull requests as far as those are issues."""

from __future__ import annotations

from collections.abc import Iterable

from app.simulator.actions import issues, labels, pulls
from app.simulator.people.somebody import Somebody
from app.simulator.records import Reaction
from app.simulator.state import Comment, Issue, Pull, Repository, ReviewComment


class Talking(Somebody):
    """Issues, comments, labels, reactions."""

    def open_issue(
        self,
        repo: Repository,
        title: str,
        body: str | None = None,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
    ) -> Issue:
        """Open an issue."""
        people = [self.world.account(login) for login in assignees]
        with self.world.lock:
            return issues.open_issue(
                self.world, self.account, repo, title=title, body=body, labels=list(labels), assignees=people
            )

    def edit(self, thread: Issue, *, title: str | None = None, body: str | None = None) -> None:
        """Change the title or body of an issue or pull request."""
        with self.world.lock:
            issues.edit_thread(self.world, self.account, thread, title=title, body=body)

    def comment(self, thread: Issue, body: str) -> Comment:
        """Comment on an issue or pull request."""
        with self.world.lock:
            return issues.add_comment(self.world, self.account, thread, body)

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Change a comment."""
        with self.world.lock:
            issues.edit_comment(self.world, self.account, comment, body)

    def delete_comment(self, comment: Comment) -> None:
        """Delete a comment."""
        with self.world.lock:
            issues.delete_comment(self.world, self.account, comment)

    def label(self, thread: Issue, *names: str) -> None:
        """Put labels on."""
        with self.world.lock:
            labels.add_labels(self.world, self.account, thread, list(names))

    def unlabel(self, thread: Issue, *names: str) -> None:
        """Take labels off; one that is not there is a mistake in the story."""
        with self.world.lock:
            for name in names:
                if not labels.remove_label(self.world, self.account, thread, name):
                    raise LookupError(f"#{thread.number} has no label {name}, only {thread.labels}")

    def react(self, target: Issue | Comment | ReviewComment, content: str) -> Reaction:
        """React: +1 -1 laugh confused heart hooray rocket eyes."""
        with self.world.lock:
            return issues.react(self.world, self.account, target, content)[0]

    def assign(self, thread: Issue, *logins: str) -> None:
        """Assign people."""
        with self.world.lock:
            issues.assign(self.world, self.account, thread, [self.world.account(login) for login in logins])

    def close(self, thread: Issue, reason: str = "completed") -> None:
        """Close an issue, or a pull request without merging it."""
        with self.world.lock:
            if isinstance(thread, Pull):
                pulls.close_pull(self.world, self.account, thread)
            else:
                issues.close_issue(self.world, self.account, thread, reason)

    def reopen(self, thread: Issue) -> None:
        """Open it again."""
        with self.world.lock:
            if isinstance(thread, Pull):
                pulls.reopen_pull(self.world, self.account, thread)
            else:
                issues.reopen_issue(self.world, self.account, thread)

    def lock(self, thread: Issue) -> None:
        """Lock the conversation."""
        with self.world.lock:
            issues.lock(self.world, self.account, thread)

    def unlock(self, thread: Issue) -> None:
        """Open the conversation again."""
        with self.world.lock:
            issues.unlock(self.world, self.account, thread)

    def delete(self, issue: Issue) -> None:
        """Delete an issue for good."""
        with self.world.lock:
            issues.delete_issue(self.world, self.account, issue)

    def transfer(self, issue: Issue, target: Repository) -> Issue:
        """Move an issue to another repository; answers the new one."""
        with self.world.lock:
            return issues.transfer_issue(self.world, self.account, issue, target)
