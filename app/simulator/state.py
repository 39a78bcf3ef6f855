"""What the simulated GitHub knows: plain records, which tests read as views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.simulator import git_history, git_refs
from app.simulator.git_history import ChangedFile
from app.simulator.git_store import GitStore
from app.simulator.records import (
    Account,
    CheckRun,
    CheckSuite,
    Commit,
    IssueEvent,
    Label,
    Protection,
    Reaction,
)


@dataclass(eq=False, kw_only=True, repr=False)
class Comment:
    """A comment on an issue or pull request. Reading `body` proves nothing; `read()` marks it as seen."""

    id: int
    issue: Issue
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)
    was_read: bool = False
    edits: list[str] = field(default_factory=list)  # earlier bodies, oldest first

    def __repr__(self) -> str:
        return f"<Comment by {self.author}: {self.body[:60]!r}>"

    @property
    def author(self) -> str:
        """The login of the author."""
        return self.user.login

    def read(self) -> str:
        """The body, now asserted on by a test."""
        self.was_read = True
        return self.body


@dataclass(eq=False, kw_only=True, repr=False)
class Issue:
    """An issue; also what a pull request has in common with one."""

    id: int
    number: int
    repository: Repository
    user: Account
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    assigned: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    events: list[IssueEvent] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.repository.full_name}#{self.number} {self.title!r} {self.labels}>"

    @property
    def author(self) -> str:
        """The login of who opened it."""
        return self.user.login

    @property
    def assignees(self) -> list[str]:
        """The logins of the assignees."""
        return [account.login for account in self.assigned]


@dataclass(eq=False, kw_only=True, repr=False)
class ReviewComment:
    """A comment on a line of a pull request's diff."""

    id: int
    pull: Pull
    review_id: int | None
    user: Account
    body: str
    path: str
    line: int | None
    side: str
    diff_hunk: str
    commit_id: str
    created_at: datetime
    updated_at: datetime
    start_line: int | None = None
    in_reply_to: int | None = None
    was_read: bool = False
    reactions: list[Reaction] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<ReviewComment by {self.author} on {self.path}:{self.line}: {self.body[:60]!r}>"

    @property
    def author(self) -> str:
        """The login of the author."""
        return self.user.login

    def read(self) -> str:
        """The body, now asserted on by a test."""
        self.was_read = True
        return self.body


@dataclass(eq=False, kw_only=True)
class Review:
    """A submitted review; `state` is APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED."""

    id: int
    user: Account
    state: str
    body: str
    commit_id: str
    submitted_at: datetime

    @property
    def author(self) -> str:
        """The login of the reviewer."""
        return self.user.login


@dataclass(eq=False, kw_only=True, repr=False)
class Pull(Issue):
    """A pull request; `head` and `base` are branch names."""

    head: str
    base: str
    last_head_sha: str
    last_base_sha: str
    draft: bool = False
    maintainer_can_modify: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    requested: list[Account] = field(default_factory=list)
    requested_teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)

    @property
    def merged(self) -> bool:
        """It was merged."""
        return self.merged_at is not None

    @property
    def head_sha(self) -> str:
        """The head commit: that of the branch while open, the last known one afterwards."""
        if self.state == "open":
            self.last_head_sha = self.repository.tip(self.head) or self.last_head_sha
        return self.last_head_sha

    @property
    def base_sha(self) -> str:
        """The tip of the base branch while open, its last known one afterwards."""
        if self.state == "open":
            self.last_base_sha = self.repository.tip(self.base) or self.last_base_sha
        return self.last_base_sha

    @property
    def requested_reviewers(self) -> list[str]:
        """The logins of the people asked for a review."""
        return [account.login for account in self.requested]

    @property
    def files(self) -> list[ChangedFile]:
        """What the head changes against the merge base."""
        base = git_history.merge_base(self.repository.git, self.base_sha, self.head_sha) or self.base_sha
        return list(git_history.diff(self.repository.git, base, self.head_sha))

    @property
    def commits(self) -> list[Commit]:
        """The commits it adds, oldest first."""
        shas = git_history.commits_between(self.repository.git, self.base_sha, self.head_sha)
        return [self.repository.commit(sha) for sha in shas]


@dataclass(eq=False, kw_only=True, repr=False)
class Repository:
    """A repository: everything about it, and its bare git repository."""

    id: int
    owner: Account
    name: str
    git: GitStore
    default_branch: str
    created_at: datetime
    private: bool = False
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    has_issues: bool = True
    description: str | None = None
    pushed_at: datetime | None = None
    next_number: int = 1
    size_kib: int = 0
    labels: dict[str, Label] = field(default_factory=dict)  # by lower-case name
    threads: dict[int, Issue] = field(default_factory=dict)  # issues and pull requests by number
    roles: dict[str, str] = field(default_factory=dict)  # by login, where it differs from the person's own
    protection: dict[str, Protection] = field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # active ruleset rules by branch
    app_may_bypass: str = "never"  # its ruleset's rules: always, pull_requests_only, never, exempt; empty: not said
    verified: set[str] = field(default_factory=set)
    suites: list[CheckSuite] = field(default_factory=list)
    runs: list[CheckRun] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Repository {self.full_name}>"

    @property
    def full_name(self) -> str:
        """owner/name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def git_dir(self) -> Path:
        """The bare repository."""
        return self.git.path

    @property
    def branches(self) -> dict[str, str]:
        """Branch name to commit."""
        return {name[11:]: sha for name, sha in git_refs.read_refs(self.git, "refs/heads/").items()}

    def tip(self, branch: str) -> str | None:
        """The commit of one branch; asked so often that reading all of them would be felt."""
        return git_refs.read_ref(self.git, f"refs/heads/{branch}")

    @property
    def issues(self) -> list[Issue]:
        """The issues that are not pull requests."""
        return [thread for thread in self.threads.values() if not isinstance(thread, Pull)]

    @property
    def pulls(self) -> list[Pull]:
        """The pull requests, oldest first."""
        return [thread for thread in self.threads.values() if isinstance(thread, Pull)]

    def file(self, ref: str, path: str) -> bytes | None:
        """The content of a file at a ref, None when either is missing."""
        commit = git_refs.resolve(self.git, ref)
        stored = self.git.commit(commit) if commit else None
        entry = self.git.entry(stored.tree, path) if stored else None
        return self.git.blob(entry.sha) if entry is not None else None

    def tree(self, ref: str) -> Mapping[str, bytes]:
        """Every file at a ref."""
        listed = self.git.run("ls-tree", "-r", "-z", "--name-only", ref).decode(errors="surrogateescape")
        return {path: self.file(ref, path) or b"" for path in listed.split("\0") if path}

    def check_runs(self, sha: str) -> list[CheckRun]:
        """The check runs on a commit."""
        return [run for run in self.runs if run.head_sha == sha]

    def commit(self, sha: str) -> Commit:
        """A commit by its SHA."""
        stored = self.git.commit(sha)
        if stored is None:
            raise KeyError(sha)
        return Commit(
            sha=sha,
            author=stored.author.name,
            committer=stored.committer.name,
            verified=sha in self.verified,
            message=stored.message,
            parents=stored.parents,
        )
