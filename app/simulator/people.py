"""People with a login and a role, whose deeds read as a story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.simulator.actions import checks, git, installations, issues, labels, pulls
from app.simulator.actions.pulls import LineComment
from app.simulator.records import Account, CheckRun, Installation, Reaction
from app.simulator.state import Comment, Issue, Pull, Repository, Review, ReviewComment
from app.simulator.world import World

Files = Mapping[str, bytes | str | None]
REVIEW_WORDS = {
    "approved": "APPROVED",
    "approve": "APPROVED",
    "changes_requested": "CHANGES_REQUESTED",
    "request_changes": "CHANGES_REQUESTED",
    "commented": "COMMENTED",
    "comment": "COMMENTED",
}


@dataclass(frozen=True)
class Person:
    """Someone who uses the simulated GitHub by hand. Nobody checks a person's permissions: a story may be unlikely."""

    world: World
    account: Account

    @property
    def login(self) -> str:
        """The account's name."""
        return self.account.login

    # --- issues

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

    def delete(self, issue: Issue) -> None:
        """Delete an issue for good."""
        with self.world.lock:
            issues.delete_issue(self.world, self.account, issue)

    def transfer(self, issue: Issue, target: Repository) -> Issue:
        """Move an issue to another repository; answers the new one."""
        with self.world.lock:
            return issues.transfer_issue(self.world, self.account, issue, target)

    # --- code

    def push(
        self, repo: Repository, branch: str, files: Files, message: str = "Change files", start: str | None = None
    ) -> str:
        """Push one commit; None as content removes a file; a new branch begins at `start`. Answers the SHA."""
        with self.world.lock:
            return git.push(self.world, self.account, repo, branch, files, message=message, start=start)

    def delete_branch(self, repo: Repository, branch: str) -> None:
        """Delete a branch."""
        with self.world.lock:
            git.delete_ref(self.world, self.account, repo, f"refs/heads/{branch}")

    def open_pull(
        self, repo: Repository, head: str, title: str, *, body: str | None = None, base: str = "", draft: bool = False
    ) -> Pull:
        """Open a pull request from a branch that is there."""
        base = base or repo.default_branch
        with self.world.lock:
            return pulls.open_pull(
                self.world, self.account, repo, title=title, body=body, head=head, base=base, draft=draft
            )

    def ready_for_review(self, pull: Pull) -> None:
        """End the draft."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, False)

    def convert_to_draft(self, pull: Pull) -> None:
        """Make it a draft again."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, True)

    def merge(self, pull: Pull) -> str:
        """Merge, as people do with drafts too: by first marking them ready."""
        with self.world.lock:
            pulls.set_draft(self.world, self.account, pull, False)
            return pulls.merge(self.world, self.account, pull)

    def review(
        self, pull: Pull, verdict: str, body: str = "", comments: Iterable[LineComment | tuple[str, int, str]] = ()
    ) -> Review:
        """Review: approved, changes_requested or commented, with inline comments (path, line, text)."""
        made = [c if isinstance(c, LineComment) else LineComment(path=c[0], line=c[1], body=c[2]) for c in comments]
        with self.world.lock:
            state = REVIEW_WORDS[verdict.lower()]
            return pulls.submit_review(self.world, self.account, pull, state=state, body=body, comments=made)

    def comment_on_line(self, pull: Pull, path: str, line: int, body: str) -> ReviewComment:
        """One inline comment outside a review."""
        with self.world.lock:
            given = LineComment(path=path, line=line, body=body)
            return pulls.add_line_comment(self.world, self.account, pull, given)

    def reply(self, first: ReviewComment, body: str) -> ReviewComment:
        """Answer an inline comment."""
        given = LineComment(path=first.path, line=first.line or 1, body=body, side=first.side)
        with self.world.lock:
            return pulls.add_line_comment(self.world, self.account, first.pull, given, reply_to=first)

    def request_review(self, pull: Pull, *logins: str) -> None:
        """Ask people for a review."""
        with self.world.lock:
            people = [self.world.account(login) for login in logins]
            pulls.request_reviewers(self.world, self.account, pull, people, [])

    def press(self, repo: Repository, run: CheckRun, identifier: str) -> None:
        """Press a button of a check run."""
        with self.world.lock:
            checks.press(self.world, self.account, repo, run, identifier)

    def rerequest(self, repo: Repository, run: CheckRun) -> None:
        """Press "Re-run" on a check run."""
        with self.world.lock:
            checks.rerequest(self.world, self.account, repo, run)

    # --- the App

    def install(self, repo: Repository, *, selects_all: bool = False) -> Installation:
        """Install the App on a repository, or on all its owner has."""
        with self.world.lock:
            return installations.install(self.world, self.account, repo, selects_all=selects_all)

    def uninstall(self, repo: Repository) -> None:
        """Remove the App from the repository's owner."""
        with self.world.lock:
            installations.uninstall(self.world, self.account, self._installation(repo))

    def remove_from_installation(self, repo: Repository) -> None:
        """Take one repository out of the installation."""
        with self.world.lock:
            installations.remove_repository(self.world, self.account, repo)

    def suspend(self, repo: Repository) -> None:
        """Suspend the installation that covers a repository."""
        with self.world.lock:
            installations.suspend(self.world, self.account, self._installation(repo))

    def unsuspend(self, repo: Repository) -> None:
        """End its suspension."""
        with self.world.lock:
            installations.unsuspend(self.world, self.account, self._installation(repo))

    def rename_repository(self, repo: Repository, name: str) -> None:
        """Give a repository a new name."""
        with self.world.lock:
            installations.rename_repository(self.world, self.account, repo, name)

    def create(self, repo: Repository) -> None:
        """Let it be known that this repository is new; an installation on everything covers it from now on."""
        with self.world.lock:
            installations.create_repository(self.world, self.account, repo)

    def archive(self, repo: Repository, *, archived: bool = True) -> None:
        """Make a repository read-only, or end that."""
        with self.world.lock:
            installations.archive_repository(self.world, self.account, repo, archived=archived)

    def delete_repository(self, repo: Repository) -> None:
        """Delete a repository for good."""
        with self.world.lock:
            installations.delete_repository(self.world, self.account, repo)

    def transfer_repository(self, repo: Repository, login: str) -> None:
        """Give a repository to another account."""
        with self.world.lock:
            owner = self.world.account(login, "Organization")
            installations.transfer_repository(self.world, self.account, repo, owner)

    def rename_account(self, login: str, to: str) -> None:
        """Give an account another login."""
        with self.world.lock:
            installations.rename_account(self.world, self.account, self.world.find_account(login), to)

    def _installation(self, repo: Repository) -> Installation:
        found = self.world.installation_of(repo)
        if found is None:
            raise LookupError(f"the App is not installed on {repo.full_name}")
        return found
