"""What the simulated GitHub knows: plain records, which tests read as views."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.simulator import git_history
from app.simulator.ci_records import WorkflowRun
from app.simulator.git_history import ChangedFile
from app.simulator.git_repository import GitRepository
from app.simulator.records import (
    Account,
    CheckRun,
    CheckSuite,
    Commit,
    CommitStatus,
    IssueEvent,
    Label,
    MergeGroup,
    Place,
    Protection,
    Reaction,
    Review,
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
    """A comment on a line of a pull request's diff; `commit_id` and `from_sha` are the two ends it was made on."""

    id: int
    pull: Pull
    review: Review
    user: Account
    body: str
    place: Place
    diff_hunk: str
    position: int | None
    commit_id: str
    from_sha: str
    created_at: datetime
    updated_at: datetime
    in_reply_to: ReviewComment | None = None
    was_read: bool = False
    reactions: list[Reaction] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<ReviewComment by {self.author} on {self.path}:{self.line}: {self.body[:60]!r}>"

    @property
    def author(self) -> str:
        """The login of the author."""
        return self.user.login

    @property
    def path(self) -> str:
        """The file."""
        return self.place.path

    @property
    def line(self) -> int | None:
        """The line as it was when the comment was made."""
        return self.place.line

    @property
    def thread(self) -> ReviewThread:
        """The discussion it belongs to."""
        return next(thread for thread in self.pull.review_threads if self in thread.comments)

    def read(self) -> str:
        """The body, now asserted on by a test."""
        self.was_read = True
        return self.body


@dataclass(eq=False, kw_only=True, repr=False)
class ReviewThread:
    """A comment on a line and the answers to it; `resolved_by` is None while it is open."""

    id: int
    pull: Pull
    comments: list[ReviewComment]
    resolved_by: Account | None = None

    def __repr__(self) -> str:
        return f"<ReviewThread {self.id} on {self.first.path}:{self.first.line}, {len(self.comments)} comments>"

    @property
    def first(self) -> ReviewComment:
        """The comment it began with."""
        return self.comments[0]

    @property
    def is_resolved(self) -> bool:
        """Somebody said that it is done."""
        return self.resolved_by is not None


@dataclass(eq=False, kw_only=True, repr=False)
class Pull(Issue):
    """A pull request; `head` and `base` are branch names, the head's perhaps in a fork (None: the fork is gone)."""

    head: str
    base: str
    head_repository: Repository | None
    last_head_sha: str
    last_base_sha: str
    draft: bool = False
    maintainer_can_modify: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    looked_at: tuple[str, str, datetime] | None = None  # head, base and when somebody first asked whether they merge
    requested: list[Account] = field(default_factory=list)
    requested_teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_threads: list[ReviewThread] = field(default_factory=list)

    @property
    def merged(self) -> bool:
        """It was merged."""
        return self.merged_at is not None

    @property
    def is_from_fork(self) -> bool:
        """Its branch is in another repository."""
        return self.head_repository is not self.repository

    @property
    def head_owner(self) -> Account:
        """Whose branch it is; of a fork that is gone, who opened it."""
        return self.head_repository.owner if self.head_repository is not None else self.user

    @property
    def review_comments(self) -> list[ReviewComment]:
        """The comments on lines that everybody sees, oldest first."""
        found = [comment for thread in self.review_threads for comment in thread.comments]
        return sorted((comment for comment in found if not comment.review.is_pending), key=lambda comment: comment.id)

    @property
    def head_sha(self) -> str:
        """The head commit: that of the branch while open, the last known one afterwards."""
        if self.state == "open" and self.head_repository is not None:
            self.last_head_sha = self.head_repository.tip(self.head) or self.last_head_sha
        return self.last_head_sha

    @property
    def base_sha(self) -> str:
        """The tip of the base branch while open, its last known one afterwards."""
        if self.state == "open":
            self.last_base_sha = self.repository.tip(self.base) or self.last_base_sha
        return self.last_base_sha

    @property
    def from_sha(self) -> str:
        """What the head was made from: the merge base."""
        return git_history.merge_base(self.repository.git, self.base_sha, self.head_sha) or self.base_sha

    @property
    def requested_reviewers(self) -> list[str]:
        """The logins of the people asked for a review."""
        return [account.login for account in self.requested]

    @property
    def files(self) -> list[ChangedFile]:
        """What the head changes against the merge base."""
        return list(git_history.diff(self.repository.git, self.from_sha, self.head_sha))

    @property
    def commits(self) -> list[Commit]:
        """The commits it adds, oldest first."""
        shas = git_history.commits_between(self.repository.git, self.base_sha, self.head_sha)
        return [self.repository.commit(sha) for sha in shas]


@dataclass(eq=False, kw_only=True, repr=False)
class Repository(GitRepository):
    """A repository: everything about it, and its bare git repository."""

    private: bool = False
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    parent: Repository | None = None  # what this one is a fork of
    renamed: dict[str, str] = field(default_factory=dict)  # old branch names, and what they are called now
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
    suites: list[CheckSuite] = field(default_factory=list)
    runs: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    merge_groups: list[MergeGroup] = field(default_factory=list)
    moved: dict[int, Issue] = field(default_factory=dict)  # issues transferred away, by their old number
    deleted: set[int] = field(default_factory=set)  # numbers of issues that were deleted
    workflow_runs: list[WorkflowRun] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Repository {self.full_name}>"

    @property
    def issues(self) -> list[Issue]:
        """The issues that are not pull requests."""
        return [thread for thread in self.threads.values() if not isinstance(thread, Pull)]

    @property
    def pulls(self) -> list[Pull]:
        """The pull requests, oldest first."""
        return [thread for thread in self.threads.values() if isinstance(thread, Pull)]

    def check_runs(self, sha: str) -> list[CheckRun]:
        """The check runs on a commit."""
        return [run for run in self.runs if run.head_sha == sha]
