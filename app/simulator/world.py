"""The one state, its clock and its addresses: everything else reads and changes this."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from app.simulator.deliveries import Outbox
from app.simulator.http import not_found
from app.simulator.records import Account, AppRegistration, Installation, Token
from app.simulator.state import Comment, Issue, Pull, Repository, ReviewComment

Listed = TypeVar("Listed")


def node_id(kind: str, number: int) -> str:
    """An opaque identifier, as GraphQL wants it."""
    return f"{kind}_{base64.urlsafe_b64encode(f'{kind}{number}'.encode()).decode().rstrip('=')}"


@dataclass(eq=False, kw_only=True)
class World:
    """Accounts, repositories, installations and tokens of one simulated GitHub."""

    directory: Path
    clock: Callable[[], datetime]
    outbox: Outbox
    app: AppRegistration
    jwt_clock: Callable[[], datetime]  # App tokens may be made on another clock than the story's
    api_url: str = "https://api.github.com"
    html_url: str = "https://github.com"
    accounts: dict[str, Account] = field(default_factory=dict)  # by lower-case login
    person_roles: dict[str, str] = field(default_factory=dict)  # by login: the role where a repository names none
    apps: dict[str, AppRegistration] = field(default_factory=dict)  # by slug
    codes: dict[str, AppRegistration] = field(default_factory=dict)  # Apps made from a manifest, not yet fetched
    repositories: dict[int, Repository] = field(default_factory=dict)
    names: dict[str, Repository] = field(default_factory=dict)  # by lower-case full name; `find_repository` renews it
    former_names: dict[str, int] = field(default_factory=dict)  # by lower-case full name: the id of who had it
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    storage_url: str = "https://productionresults.blob.core.windows.net"
    stored: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)  # by signature: until when, and what
    lock: threading.RLock = field(default_factory=threading.RLock)
    stale_seconds: float = 0.0
    stale_after_id: int = 0
    mergeable_seconds: float = 2.0  # how long GitHub thinks about whether a pull request merges
    checks_know_pulls: bool = True  # whether checks list their pull requests; GitHub leaves them out now and then
    comments_come_first: bool = False  # of a review's deliveries: the comments on lines before the review itself
    stale_thread_seconds: float = 0.0  # how far reads of one issue lag behind its events
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1_000_001))

    def now(self) -> datetime:
        """The simulated time, without fractions of a second, as GitHub shows it."""
        return self.clock().replace(microsecond=0)

    def next_id(self) -> int:
        """A number nothing else has."""
        return next(self.ids)

    def account(self, login: str, type: str = "User") -> Account:
        """The account with this login, made when new."""
        found = self.accounts.get(login.lower())
        if found is None:
            found = self.accounts[login.lower()] = Account(id=self.next_id(), login=login, type=type)
        return found

    def find_account(self, login: str) -> Account:
        """The account with this login.

        Raises the 404.
        """
        found = self.accounts.get(login.lower())
        if found is None:
            raise not_found()
        return found

    def find_repository(self, full_name: str) -> Repository:
        """The repository with this full name, in any case.

        Raises the 404.
        """
        name = full_name.lower()
        known = self.names.get(name)  # an organisation may have ten thousand: do not look through them each time
        if known is None or known.id not in self.repositories or known.full_name.lower() != name:
            self.names = {repository.full_name.lower(): repository for repository in self.repositories.values()}
        if name not in self.names:
            raise not_found()
        return self.names[name]

    def moved(self, full_name: str) -> Repository | None:
        """The repository that had this name before it was renamed or given away, until another one has the name."""
        found = self.former_names.get(full_name.lower())
        taken = any(repo.full_name.lower() == full_name.lower() for repo in self.repositories.values())
        return None if taken or found is None else self.repositories.get(found)

    def family_member(self, repository: Repository, login: str) -> Repository | None:
        """The repository itself when it is this account's, or the account's fork of it."""
        family = (r for r in self.repositories.values() if repository in (r, r.parent))
        return next((member for member in family if member.owner.login.lower() == login.lower()), None)

    def role(self, repository: Repository, account: Account) -> str:
        """none, read, triage, write, maintain or admin; on a public repository nobody has less than read."""
        if account is repository.owner:
            return "admin"
        named = repository.roles.get(account.login, self.person_roles.get(account.login, "none"))
        return "read" if named == "none" and not repository.private else named

    def is_member(self, repository: Repository, account: Account) -> bool:
        """The account was given a role on this repository."""
        return repository.roles.get(account.login, self.person_roles.get(account.login, "none")) != "none"

    def installation_of(self, repository: Repository) -> Installation | None:
        """The App's installation that covers a repository, suspended or not."""
        for installation in self.installations.values():
            if installation.account is repository.owner and (
                installation.selects_all or repository.id in installation.repository_ids
            ):
                return installation
        return None

    def repositories_of(self, installation: Installation) -> list[Repository]:
        """What an installation covers."""
        return [r for r in self.repositories.values() if self.installation_of(r) is installation]

    def is_bot(self, account: Account) -> bool:
        """The account is the App's own."""
        return account is self.app.bot

    # --- lists that lag behind

    def listed(self, items: Iterable[Listed]) -> list[Listed]:
        """What a LIST answer shows: with stale lists on, nothing that is younger than the lag."""
        if not self.stale_seconds:
            return list(items)
        edge = self.now() - timedelta(seconds=self.stale_seconds)
        return [item for item in items if not self._is_too_new(item, edge)]

    def _is_too_new(self, item: object, edge: datetime) -> bool:
        made = getattr(item, "created_at", None) or getattr(item, "started_at", None)
        return getattr(item, "id", 0) > self.stale_after_id and made is not None and made > edge

    def as_read(self, thread: Issue) -> tuple[str, bool, list[str]]:
        """State, lock and labels as reading the one thread shows them: with stale threads on, as they were before."""
        state, locked, labels = thread.state, thread.locked, list(thread.labels)
        edge = self.now() - timedelta(seconds=self.stale_thread_seconds)
        for event in reversed(thread.events) if self.stale_thread_seconds else ():
            if event.created_at <= edge:
                break
            name = event.detail.get("label", {}).get("name")
            if event.event == "labeled" and name in labels:
                labels.remove(name)
            elif event.event == "unlabeled" and name not in labels:
                labels.append(name)
            elif event.event in {"closed", "reopened"}:
                state = "open" if event.event == "closed" else "closed"
            elif event.event == "locked":
                locked = False
        return state, locked, labels

    # --- searches by id

    def comment(self, repository: Repository, comment_id: int) -> Comment:
        """A comment of a repository by its id.

        Raises the 404.
        """
        for thread in repository.threads.values():
            for comment in thread.comments:
                if comment.id == comment_id:
                    return comment
        raise not_found()

    def review_comment(self, repository: Repository, comment_id: int) -> ReviewComment:
        """A comment on a line by its id, of a pending review too.

        Raises the 404.
        """
        for pull in repository.pulls:
            for thread in pull.review_threads:
                for comment in thread.comments:
                    if comment.id == comment_id:
                        return comment
        raise not_found()

    def thread(self, repository: Repository, number: int) -> Issue:
        """The issue or pull request with this number.

        Raises the 404.
        """
        found = repository.threads.get(number)
        if found is None:
            raise not_found()
        return found

    def pull(self, repository: Repository, number: int) -> Pull:
        """The pull request with this number.

        Raises the 404.
        """
        found = self.thread(repository, number)
        if not isinstance(found, Pull):
            raise not_found()
        return found
