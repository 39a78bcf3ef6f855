"""What people do with the App, its check runs, and repositories as a whole."""

from __future__ import annotations

from app.simulator.actions import checks, installations
from app.simulator.people.somebody import Somebody
from app.simulator.records import CheckRun, Installation
from app.simulator.state import Repository


class Owning(Somebody):
    """Buttons, installations, repositories."""

    def press(self, repo: Repository, run: CheckRun, identifier: str) -> None:
        """Press a button of a check run."""
        with self.world.lock:
            checks.press(self.world, self.account, repo, run, identifier)

    def rerequest(self, repo: Repository, run: CheckRun) -> None:
        """Press "Re-run" on a check run."""
        with self.world.lock:
            checks.rerequest(self.world, self.account, repo, run)

    def rerequest_suite(self, repo: Repository, sha: str) -> None:
        """Press "Re-run all checks" of the App on a commit. Raises LookupError where it has no suite."""
        with self.world.lock:
            slug = self.world.app.slug
            found = [suite for suite in repo.suites if (suite.head_sha, suite.app_slug) == (sha, slug)]
            if not found:
                raise LookupError(f"the App has no suite on {sha[:7]}")
            checks.rerequest_suite(self.world, self.account, repo, found[-1])

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
