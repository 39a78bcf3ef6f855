"""The closed union of deliveries we understand, in the words of `app.jobs.job`. Thin: only what a decision needs."""

from __future__ import annotations

from typing import NamedTuple

from app.jobs.job import Person, Source, Thread


class ThreadEvent(NamedTuple):
    """Something happened to an issue (`issues`) or a pull request (`pull_request`)."""

    name: str
    action: str
    thread: Thread
    sender: Person
    source: Source
    labels: tuple[str, ...]  # of the thread, after the event
    label: str = ""  # the one put on or taken off
    merged: bool = False
    base: str = ""  # the branch that a pull request goes to from now on, where that is what changed
    is_open: bool = True
    is_locked: bool = False


class CommentEvent(NamedTuple):
    """Somebody wrote something: `issue_comment`, `pull_request_review`, `pull_request_review_comment`."""

    name: str
    action: str
    thread: Thread
    sender: Person
    source: Source  # `source.comment` is what was written
    labels: tuple[str, ...]
    review_state: str = ""  # pull_request_review: approved, changes_requested, commented, dismissed
    via_app: str = ""  # slug of the App through which it was posted, when a person used one
    is_open: bool = True  # the thread
    is_locked: bool = False


class CheckRunEvent(NamedTuple):
    """A check run changed, or one of its buttons was pressed (`requested_action`)."""

    action: str
    thread: Thread  # number 0 when GitHub names no pull request (forks, some branches)
    sender: Person
    check: str  # its name
    app_slug: str  # whose check run it is
    external_id: str  # what the App wrote there: for our own, the run id
    button: str  # identifier of the button pressed
    url: str


class ChecksEvent(NamedTuple):
    """The checks of one App on a commit are through: `check_suite`; a run of GitHub Actions moved on: `workflow_run`;
    or a commit status was set: `status`, which names no pull request.
    """

    name: str
    action: str
    thread: Thread  # number 0 when GitHub names no pull request (forks, branches without one)
    sender: Person
    sha: str
    conclusion: str  # as GitHub calls it: success, failure, timed_out, …; of a status error, pending, …
    app_slug: str
    on_default: bool = False  # by its name the branch is the default one; a fork's may be called the same
    attempt: int = 0  # of a workflow run


class GroupEvent(NamedTuple):
    """The merge queue made a commit of pull requests that is to be checked, or gave it up: `merge_group`."""

    action: str
    thread: Thread  # number 0
    sender: Person
    sha: str  # of the commit


class InstallationEvent(NamedTuple):
    """The App's standing with an account changed: `installation`, `…_repositories`, `…_target`."""

    name: str
    action: str
    thread: Thread  # of the installation: repository id 0, `repository` is the account's login
    sender: Person
    repositories: tuple[int, ...]  # ids of those it gained; none also when they are too many to list


class RepositoryEvent(NamedTuple):
    """A repository as a whole changed: renamed, transferred, archived, deleted, …"""

    action: str
    thread: Thread  # number 0
    sender: Person


class PlainEvent(NamedTuple):
    """A delivery of which only name and action matter: `ping`."""

    name: str
    action: str


class IncompleteEvent(NamedTuple):
    """Valid JSON that lacks what its event always has; nothing can be done with it."""

    name: str
    action: str
    missing: str  # which part, as a path in the payload


Event = (
    ThreadEvent
    | CommentEvent
    | CheckRunEvent
    | ChecksEvent
    | GroupEvent
    | InstallationEvent
    | RepositoryEvent
    | PlainEvent
    | IncompleteEvent
)
