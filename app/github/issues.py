"""Issues and the conversation on pull requests: comments, labels, reactions, assignees."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from githubkit.utils import UNSET

from app.github.client import PAGE_SIZE, GitHub, place, segment
from app.github.errors import Invalid, NotFound
from app.github.records import BODY_LIMIT, TITLE_LIMIT, cut, number, part, text, time

_MOST = 1_000  # issues and pull requests of ours in one repository that are looked through; the oldest come first

_MOST_MARKED = 500  # the newest are looked through for one marker

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


@dataclass(frozen=True, kw_only=True)
class Comment:
    id: int
    body: str
    author: str
    author_type: str  # User, Bot, …
    created_at: datetime
    updated_at: datetime
    url: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue, or a pull request seen as one."""

    number: int
    id: int
    title: str
    body: str
    author: str
    is_open: bool
    is_locked: bool
    is_pull_request: bool
    is_declined: bool  # closed as not planned
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    url: str

    def has_label(self, name: str) -> bool:
        """In any case, as GitHub compares them."""
        return name.lower() in (label.lower() for label in self.labels)


def issue(github: GitHub, repo: str, issue_number: int) -> Issue:
    """Raises NotFound, also for a deleted one."""
    return _issue(github.rest.issues.get(*place(repo), issue_number).json())


def labelled(github: GitHub, repo: str, label: str) -> list[Issue]:
    """Open issues and pull requests with `label`, the longest unchanged first."""
    first = github.rest.issues.list_for_repo(
        *place(repo), labels=label, state="open", sort="updated", direction="asc", per_page=PAGE_SIZE
    )
    return [_issue(row) for row in github.items(first)]


def by(github: GitHub, repo: str, author: str, *, label: str = "") -> list[Issue]:
    """Issues that `author` opened, open or not, oldest first; with `label` only those that carry it."""
    first = github.rest.issues.list_for_repo(
        *place(repo),
        creator=author,
        labels=label or UNSET,
        state="all",
        sort="created",
        direction="asc",
        per_page=PAGE_SIZE,
    )
    found = [_issue(row) for row in github.items(first, limit=_MOST)]
    return [issue for issue in found if issue.author == author and not issue.is_pull_request]


def marked(github: GitHub, repo: str, author: str, marker: str) -> Issue | None:
    """The newest issue of `author` whose body contains `marker`, one that is open before all others."""
    first = github.rest.issues.list_for_repo(*place(repo), creator=author, state="all", per_page=PAGE_SIZE)
    rows = (row for row in github.items(first, limit=_MOST_MARKED) if "pull_request" not in row)
    found = [issue for issue in map(_issue, rows) if issue.author == author and marker in issue.body]
    return next((issue for issue in found if issue.is_open), next(iter(found), None))


def update_issue(
    github: GitHub, repo: str, issue_number: int, *, body: str | None = None, is_open: bool | None = None
) -> Issue:
    """Change what is given, leave the rest. Idempotent."""
    changed = github.rest.issues.update(
        *place(repo),
        issue_number,
        body=cut(body, BODY_LIMIT) if body is not None else UNSET,
        state=UNSET if is_open is None else "open" if is_open else "closed",
    )
    return _issue(changed.json())


def open_issue(github: GitHub, repo: str, *, title: str, body: str) -> Issue:
    """Not idempotent: search with `by` before repeating it."""
    made = github.rest.issues.create(*place(repo), title=cut(title, TITLE_LIMIT), body=cut(body, BODY_LIMIT))
    return _issue(made.json())


# ---------------------------------------------------------------- comments


def comments(
    github: GitHub, repo: str, issue_number: int, *, until: datetime | None = None, since: datetime | None = None
) -> list[Comment]:
    """Oldest first; `since` counts changes as well.

    With `until` the conversation as it stood then: later comments are left out, and so are those edited since, because
    what they said then is no longer known.
    """
    first = github.rest.issues.list_comments(*place(repo), issue_number, since=since or UNSET, per_page=PAGE_SIZE)
    found = [_comment(row) for row in github.items(first)]
    return [comment for comment in found if until is None or max(comment.created_at, comment.updated_at) <= until]


def find_comment(
    github: GitHub, repo: str, issue_number: int, *, marker: str, author: str, since: datetime | None = None
) -> Comment | None:
    """The oldest comment of `author` that contains `marker`; anybody else's copy of the marker is ignored."""
    for comment in comments(github, repo, issue_number, since=since):
        if marker in comment.body and comment.author == author:
            return comment
    return None


def create_comment(github: GitHub, repo: str, issue_number: int, body: str) -> Comment:
    """Not idempotent: search with `find_comment` before repeating it."""
    made = github.rest.issues.create_comment(*place(repo), issue_number, body=cut(body, BODY_LIMIT))
    return _comment(made.json())


def update_comment(github: GitHub, repo: str, comment_id: int, body: str) -> Comment:
    """Raises NotFound when somebody deleted it."""
    return _comment(github.rest.issues.update_comment(*place(repo), comment_id, body=cut(body, BODY_LIMIT)).json())


# ---------------------------------------------------------------- labels


def ensure_labels(github: GitHub, repo: str, labels: Mapping[str, tuple[str, str]]) -> list[str]:
    """Create what is missing of `{name: (color, description)}`, leave the rest alone; returns the new names.

    GitHub compares label names without regard to case; descriptions are cut to its 100 characters.
    """
    first = github.rest.issues.list_labels_for_repo(*place(repo), per_page=PAGE_SIZE)
    present = {text(row, "name").lower() for row in github.items(first)}
    created = []
    for name, (color, description) in labels.items():
        if name.lower() in present:
            continue
        try:
            github.rest.issues.create_label(*place(repo), name=name, color=color, description=description[:100])
        except Invalid as error:
            if not error.says("already_exists"):
                raise
        else:
            created.append(name)
    return created


def labels_of(github: GitHub, repo: str, issue_number: int) -> list[str]:
    first = github.rest.issues.list_labels_on_issue(*place(repo), issue_number, per_page=PAGE_SIZE)
    return [text(row, "name") for row in github.items(first)]


def add_labels(github: GitHub, repo: str, issue_number: int, names: Sequence[str]) -> None:
    """Idempotent. Labels the repository does not have are created by GitHub, in grey."""
    if names:
        github.rest.issues.add_labels(*place(repo), issue_number, labels=list(names))


def remove_label(github: GitHub, repo: str, issue_number: int, name: str) -> None:
    """Idempotent."""
    try:
        github.optional.rest.issues.remove_label(*place(repo), issue_number, segment(name))
    except NotFound:
        pass


def set_state_label(github: GitHub, repo: str, issue_number: int, *, state: str | None, among: Collection[str]) -> None:
    """Make `state` the only one of the labels `among` on the issue (None: no one of them). Writes only differences.

    The new label goes on first, so that a crash in between leaves two labels, never none.
    """
    present = labels_of(github, repo, issue_number)
    if state is not None and state not in present:
        add_labels(github, repo, issue_number, [state])
    for name in present:
        if name in among and name != state:
            remove_label(github, repo, issue_number, name)


# ---------------------------------------------------------------- reactions, assignees


def react(github: GitHub, repo: str, issue_number: int, content: Reaction) -> None:
    """Idempotent: GitHub keeps one reaction of a kind by account."""
    github.rest.reactions.create_for_issue(*place(repo), issue_number, content=content)


def react_to_comment(github: GitHub, repo: str, comment_id: int, content: Reaction) -> None:
    """Idempotent. A comment that was deleted meanwhile raises NotFound at once: nobody shall wait for its return."""
    github.optional.rest.reactions.create_for_issue_comment(*place(repo), comment_id, content=content)


def react_to_review_comment(github: GitHub, repo: str, comment_id: int, content: Reaction) -> None:
    """As `react_to_comment`."""
    github.optional.rest.reactions.create_for_pull_request_review_comment(*place(repo), comment_id, content=content)


def assign(github: GitHub, repo: str, issue_number: int, logins: Sequence[str]) -> None:
    """Idempotent. GitHub silently leaves out accounts without access, and takes ten at most."""
    if logins:
        github.rest.issues.add_assignees(*place(repo), issue_number, assignees=list(logins)[:10])


def _comment(data: Any) -> Comment:
    user = part(data, "user")
    return Comment(
        id=number(data, "id"),
        body=text(data, "body"),
        author=text(user, "login"),
        author_type=text(user, "type"),
        created_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        url=text(data, "html_url"),
    )


def _issue(data: Any) -> Issue:
    labels = [row if isinstance(row, str) else text(row, "name") for row in data.get("labels") or []]
    return Issue(
        number=number(data, "number"),
        id=number(data, "id"),
        title=text(data, "title"),
        body=text(data, "body"),
        author=text(part(data, "user"), "login"),
        is_open=data.get("state") == "open",
        is_locked=bool(data.get("locked")),
        is_pull_request="pull_request" in data,
        is_declined=data.get("state") == "closed" and data.get("state_reason") == "not_planned",
        labels=tuple(labels),
        assignees=tuple(text(row, "login") for row in data.get("assignees") or []),
        created_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        url=text(data, "html_url"),
    )
