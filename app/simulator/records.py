"""The small records of the simulated GitHub: accounts, labels, reactions, commits, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ROLES = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(eq=False, kw_only=True)
class Account:
    """A person, a bot or an organisation."""

    id: int
    login: str
    type: str = "User"

    @property
    def email(self) -> str:
        """The address GitHub gives an account that hides its own."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(eq=False, kw_only=True)
class Reaction:
    """A reaction; `content` is +1 -1 laugh confused heart hooray rocket or eyes."""

    id: int
    user: Account
    content: str
    created_at: datetime

    @property
    def author(self) -> str:
        """The login of who reacted."""
        return self.user.login


@dataclass(eq=False, kw_only=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False, kw_only=True)
class IssueEvent:
    """One line of an issue's timeline; `detail` holds what the event adds (label, assignee, ...)."""

    id: int
    event: str
    actor: Account
    created_at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit as a person sees it."""

    sha: str
    author: str
    committer: str
    verified: bool
    message: str
    parents: tuple[str, ...]

    @property
    def trailers(self) -> dict[str, list[str]]:
        """The `Name: value` lines of the last paragraph."""
        found: dict[str, list[str]] = {}
        for line in self.message.strip().split("\n\n")[-1].splitlines():
            name, colon, value = line.partition(": ")
            if colon and name and " " not in name:
                found.setdefault(name, []).append(value.strip())
        return found


@dataclass(eq=False, kw_only=True)
class CheckRun:
    """A check run; `output` as last written, `annotations` accumulate."""

    id: int
    name: str
    head_sha: str
    suite_id: int
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: dict[str, str | None] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)
    app_slug: str = ""


@dataclass(eq=False, kw_only=True)
class CheckSuite:
    """All check runs of one App on one commit. Asked for again, it is queued until its App says something."""

    id: int
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime
    app_slug: str = ""
    is_asked_again: bool = False
    is_held: bool = False  # its workflow run waits until somebody approves it


@dataclass(frozen=True, kw_only=True)
class Place:
    """Lines of one file on one side of a diff: RIGHT are lines of the head, LEFT of what it was made from."""

    path: str
    line: int | None  # None: the file as a whole
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


@dataclass(eq=False, kw_only=True)
class Review:
    """A review; `state` is PENDING (only its author sees it), APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED."""

    id: int
    user: Account
    state: str
    body: str
    commit_id: str
    submitted_at: datetime | None

    @property
    def author(self) -> str:
        """The login of the reviewer."""
        return self.user.login

    @property
    def is_pending(self) -> bool:
        """It is not submitted: a draft that only its author knows of."""
        return self.state == "PENDING"


@dataclass(eq=False, kw_only=True)
class CommitStatus:
    """What somebody outside says of a commit under one name; `state` is error, failure, pending or success."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(eq=False, kw_only=True)
class MergeGroup:
    """A pull request in a merge queue; `ended` is empty while it waits, then merged, invalidated or dequeued."""

    number: int  # of the pull request
    head_sha: str
    branch: str
    base_sha: str
    base: str
    created_at: datetime
    actor: Account
    ended: str = ""

    @property
    def is_waiting(self) -> bool:
        """Its checks are not done."""
        return not self.ended


@dataclass(kw_only=True)
class Protection:
    """Classic protection of one branch."""

    required_approvals: int = 1
    required_checks: tuple[str, ...] = ()
    strict: bool = True  # the head must have all of the base before the checks count
    enforce_admins: bool = True


@dataclass(eq=False, kw_only=True)
class AppRegistration:
    """A GitHub App: what its owner registered."""

    id: int
    slug: str
    owner: Account
    bot: Account
    created_at: datetime
    permissions: dict[str, str]
    events: list[str]
    private_key: str = ""  # PEM
    public_key: str = ""  # PEM
    webhook_secret: str = ""
    webhook_url: str = "https://lamplighter.invalid/webhooks/github"

    @property
    def bot_login(self) -> str:
        """The login under which the App comments and commits."""
        return self.bot.login


@dataclass(eq=False, kw_only=True)
class Installation:
    """The App on one account; `repository_ids` matters when the selection is not all."""

    id: int
    account: Account
    created_at: datetime
    updated_at: datetime
    permissions: dict[str, str]
    events: list[str]
    selects_all: bool = False
    repository_ids: set[int] = field(default_factory=set)
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(eq=False, kw_only=True)
class Token:
    """An installation access token; `repository_ids` is None for all repositories of the installation."""

    value: str
    installation: Installation
    permissions: dict[str, str]
    repository_ids: set[int] | None
    expires_at: datetime
    revoked: bool = False
