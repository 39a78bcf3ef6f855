"""Which token for which purpose: the privilege table of the control side, in code.

Nothing here is broader than its purpose: one repository, the fewest permissions, and the only token that can change
contents lives for one proposal and is revoked after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import httpx

from app.errors import UserError
from app.github import app as apps
from app.github import repositories
from app.github.app_key import AppKey
from app.github.auth import AppAuth, InstallationCredential
from app.github.client import GitHub
from app.github.errors import Forbidden, Invalid, NotFound
from app.github.pacer import PATIENCE_SECONDS, Pacer, Slots
from app.jobs.job import Thread
from app.log import Redactor
from app.ports.platform import Clock, Token
from app.ports.rate import Priority
from app.settings import Settings

CLONE: Mapping[str, str] = {"metadata": "read", "contents": "read"}
ASK: Mapping[str, str] = {"metadata": "read", "contents": "read", "issues": "read", "pull_requests": "read"}
TALK: dict[str, str] = {"metadata": "read", "issues": "write", "pull_requests": "write"}
CHECKS: Mapping[str, str] = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "read",
    "checks": "read",
    "actions": "read",
    "statuses": "read",
}
_MAYBE = frozenset({"actions", "statuses"})  # which an App may have been made without
CHECK: Mapping[str, str] = {"metadata": "read", "checks": "write"}
LIST: Mapping[str, str] = {"metadata": "read"}
SEARCH: Mapping[str, str] = {"metadata": "read", "issues": "read"}
SEARCH_PULLS: Mapping[str, str] = {"metadata": "read", "issues": "read", "pull_requests": "read"}
WELCOME: Mapping[str, str] = {"metadata": "read", "contents": "read", "issues": "write"}
PROPOSE: Mapping[str, str] = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
}
RERUN: Mapping[str, str] = {"metadata": "read", "actions": "write"}
Purpose = Literal[
    "talking", "offering", "checking", "rerunning", "proposing"
]  # what the publisher writes: each with a token of its own
WRITE: Mapping[Purpose, Mapping[str, str]] = {
    "talking": TALK,
    "offering": TALK | {"contents": "read"},  # a patch in a comment is made against what is there
    "checking": CHECK,
    "rerunning": RERUN,
    "proposing": PROPOSE,
}


class Access:
    """Opens clients for a thread's repository. One per process: it holds the pacer and the minted tokens.

    `slots` lets all processes that write keep one pace together; nobody sleeps longer than `patience_seconds` for it.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        redactor: Redactor,
        *,
        transport: httpx.BaseTransport | None = None,
        key: AppKey | None = None,
        slots: Slots | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.app = AppAuth(settings, clock, transport=transport, redactor=redactor, key=key)
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._pacer = Pacer(clock, slots, patience_seconds=patience_seconds)

    def clone_token(self, thread: Thread, *, fresh: bool = False) -> Token:
        """A token that can read the contents of the thread's repository and nothing else; `fresh` when git was
        refused with the one before.
        """
        if fresh:
            self.app.forget(thread.installation_id)
        return self._credential(thread, CLONE).token

    @contextmanager
    def asking(self, thread: Thread, *, since: datetime | None = None) -> Iterator[GitHub]:
        """Reading only: configuration, roles, comments. `since`: when a webhook told of the thread."""
        with self._client(self._credential(thread, ASK), thread, since) as github:
            yield github

    @contextmanager
    def reading_checks(self, thread: Thread) -> Iterator[GitHub]:
        """Checks and statuses of a commit, and the logs of Actions; without what the App may not read."""
        granted = apps.installation(self.app.client, thread.installation_id).permissions
        asked = {name: level for name, level in CHECKS.items() if name not in _MAYBE or name in granted}
        credential = self._credential(thread, asked)
        with self._client(credential, thread) as github:
            yield github

    @contextmanager
    def organisation(self, thread: Thread) -> Iterator[GitHub | None]:
        """Reading the organisation's `.github` repository; None where the App is not installed on it."""
        owner, _, name = thread.repository.partition("/")
        try:
            if name == ".github":
                raise UserError(f"{owner}/.github is its own default")
            credential = self.app.installation(
                thread.installation_id, repositories=[".github"], permissions=CLONE, optional=True
            )
        except UserError:
            yield None
            return
        with self._client(credential, thread) as github:
            yield github

    @contextmanager
    def writing(self, thread: Thread, purpose: Purpose) -> Iterator[GitHub]:
        """For comments, labels and reactions; for check runs; for running jobs again; for all that a pull request
        needs. Only the last may change contents: its token is its own, and revoked at the end of the block.
        """
        if purpose != "proposing":
            with self._client(self._credential(thread, WRITE[purpose]), thread) as github:
                yield github
            return
        leased = self.app.leased(thread.installation_id, repositories=[thread.repository_id], permissions=PROPOSE)
        with leased as credential, self._client(credential, thread) as github:
            yield github

    @contextmanager
    def listing(
        self, installation_id: int, repository_ids: Sequence[int] = (), *, optional: bool = False
    ) -> Iterator[GitHub]:
        """Seeing what an installation covers (all of it, or these), and nothing in it. The token is revoked after it.

        Raises Invalid when one of the ids is out of reach, which is nothing unusual when it is `optional`.
        """
        thread = Thread(installation_id=installation_id, repository_id=0, repository="", number=0)
        with (
            self.app.leased(
                installation_id, repositories=repository_ids, permissions=LIST, optional=optional
            ) as credential,
            self._client(credential, thread) as github,
        ):
            yield github

    @contextmanager
    def searching(self, installation_id: int, permissions: Mapping[str, str] = SEARCH) -> Iterator[GitHub]:
        """Reading the issues of all that an installation covers, or what else is allowed of all of it. The token is
        revoked after it.
        """
        thread = Thread(installation_id=installation_id, repository_id=0, repository="", number=0)
        with (
            self.app.leased(installation_id, repositories=[], permissions=permissions) as credential,
            self._client(credential, thread) as github,
        ):
            yield github

    @contextmanager
    def welcoming(self, thread: Thread) -> Iterator[GitHub]:
        """Setting up one repository: its labels and its onboarding issue. The token is revoked after it."""
        with (
            self.app.leased(
                thread.installation_id, repositories=[thread.repository_id], permissions=WELCOME
            ) as credential,
            self._client(credential, thread, priority=Priority.BACKGROUND) as github,
        ):
            yield github

    def grants(self, thread: Thread, purpose: Purpose) -> bool:
        """Whether the thread's installation was given all that this purpose needs. Raises as the client does."""
        granted = apps.installation(self.app.client, thread.installation_id).permissions
        return all(granted.get(name) in {level, "write"} for name, level in WRITE[purpose].items())

    def lacks_seconds(self, thread: Thread, priority: Priority) -> float:
        """0 when the thread's installation may write at this priority just now, else how far away its turn is."""
        return self._pacer.lacks_seconds(thread.installation_id, priority)

    def standing(self, installation_id: int, *, is_new: bool = False) -> Literal["active", "suspended", "removed"]:
        """`active`, `suspended` or `removed`. `is_new`: GitHub has just told us that it exists. Raises
        TransientError.
        """
        try:
            found = apps.installation(self.app.client, installation_id, optional=not is_new)
            return "suspended" if found.suspended else "active"
        except NotFound:
            return "removed"

    def whereabouts(self, thread: Thread, *, is_told: bool = True) -> repositories.Repository | None:
        """The thread's repository as it is today, by its id; None when it is out of our reach. Where GitHub has not
        told us that it went (`is_told`), a no is not believed at its first word.

        Raises TransientError.
        """
        try:
            with self.listing(thread.installation_id, [thread.repository_id], optional=is_told) as github:
                return repositories.repository_by_id(github, thread.repository_id)
        except (Forbidden, Invalid, NotFound):
            return None

    def _credential(self, thread: Thread, permissions: Mapping[str, str]) -> InstallationCredential:
        return self.app.installation(
            thread.installation_id, repositories=[thread.repository_id], permissions=permissions
        )

    def _client(
        self,
        credential: InstallationCredential,
        thread: Thread,
        known_since: datetime | None = None,
        *,
        priority: Priority = Priority.MARKS,
    ) -> GitHub:
        return GitHub(
            credential,
            self._settings,
            self._clock,
            transport=self._transport,
            pacer=self._pacer,
            installation_id=thread.installation_id,
            known_since=known_since,
            priority=priority,
        )
