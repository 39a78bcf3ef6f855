"""What travels between the door and dispatch: a `Job`, and the words it is made of. Pure.

Named tuples, not dataclasses, here and wherever the door reaches: importing `dataclasses` and making fifteen of them
takes as long as all the rest of a cold start (docs/decisions/0010).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

Action = Literal["start", "steer", "cancel", "answer"]
Decided = Literal["start", "steer", "cancel", "answer", "ignore", "duplicate"]


# How long a delivery is remembered: GitHub keeps deliveries, and offers to redeliver them, for less than 30 days.
REMEMBERED_SECONDS = 30 * 24 * 3600.0


# How often a message is received before it is a dead letter; template.yaml says the same. With growing pauses up to a
# quarter of an hour this survives an outage of two hours.
MOST_ATTEMPTS = 12


def are_checks(gathers: str) -> bool:
    """Whether what is gathered so are failed checks, for which nobody has asked."""
    return gathers.startswith("checks:")


CONFLICT = "base:conflict"  # what a merge of the base is gathered with that nobody has asked for
CONFLICT_TRIGGER = "conflict_with_base"


ONBOARDING_TRIGGER = "onboarding"  # of what begins by itself, once, when the App comes


_RED = "red:"  # what a fix of the default branch is gathered with that nobody has asked for, before its cause
RED_TRIGGER = "red_default_branch"


def red_fix(signature: str) -> str:
    """What the fix of a cause of red on the default branch is gathered with, where nobody has asked for it."""
    return f"{_RED}{signature}"


def is_red_fix(gathers: str) -> bool:
    """Whether a fix of the default branch is gathered so."""
    return gathers.startswith(_RED)


def cause_of(gathers: str) -> str:
    """The signature of the cause whose fix is gathered so."""
    return gathers.removeprefix(_RED)


def is_unasked(gathers: str) -> bool:
    """Whether nobody has asked for what is gathered so: checks that failed did, or a conflict with the base."""
    return are_checks(gathers) or gathers == CONFLICT or is_red_fix(gathers)


def commit_of(gathers: str) -> str:
    """The commit whose checks are gathered so."""
    return gathers.partition(":")[2]


def taken_key(name: str) -> str:
    """The claim that says that dispatch has done the job of this id, or with this digest."""
    return f"taken:{name}"


def label_put_on(trigger: str) -> str:
    """The label whose putting on a job's `trigger` is; empty for every other trigger."""
    event, _, label = trigger.partition(":")
    return label if event in {"issues.labeled", "pull_request.labeled"} else ""


def group_commit(trigger: str) -> str:
    """The commit of a merge queue whose checks a job's `trigger` asks for; empty for every other trigger."""
    event, _, sha = trigger.partition(":")
    return sha if event == "merge_group.checks_requested" else ""


class Person(NamedTuple):
    """Who did it. `type` is GitHub's account type: `User`, `Bot`, `Organization`, `Mannequin`."""

    login: str
    id: int
    type: str = "User"


class Thread(NamedTuple):
    """Where it happened: one issue or pull request of one repository, followed by id so that renames do not lose it.

    Number 0 is the repository as a whole; repository id 0 is the installation, and `repository` then its account.
    """

    installation_id: int
    repository_id: int
    repository: str  # "owner/name" when the event was sent
    number: int
    is_pull_request: bool = False

    @property
    def key(self) -> str:
        """Ordering group of everything about this thread: `repository_id#number`, or that of the installation."""
        return f"{self.repository_id}#{self.number}" if self.repository_id else f"installation-{self.installation_id}"


class Command(NamedTuple):
    """`/agent VERB [text] [--flag value]`. An instruction without a verb is `verb="instruct"`."""

    verb: str
    text: str = ""
    flags: Mapping[str, str] = {}  # never changed
    error: str | None = None  # why it cannot be obeyed (unknown flag, …), in one line fit for a comment


class Source(NamedTuple):
    """Text frozen at trigger time: what people later edit does not change the run. All of it is untrusted."""

    title: str = ""
    body: str = ""
    comment: str = ""
    comment_id: int | None = None
    url: str = ""
    author: str = ""


class Job(NamedTuple):
    """One unit of work for dispatch, made from one delivery; `id` is its GUID, so doing it twice finds itself."""

    id: str
    action: Action
    reason: str
    trigger: str  # "issues.labeled:agent-fix", "issue_comment.created", …
    thread: Thread
    sender: Person
    received_at: datetime
    commands: tuple[Command, ...] = ()
    source: Source = Source()
    labels: tuple[str, ...] = ()  # of the thread, at trigger time
    repositories: tuple[int, ...] = ()  # ids that an installation gained; none: look at all of them
    digest: str = ""  # of the delivery's body
    gathers: str = ""  # what it is gathered with on its thread into one run: "review", "checks:SHA"; empty: it is not

    @property
    def is_by_checks(self) -> bool:
        """Failed checks ask, and nobody: what may be done is for the configuration to say."""
        return are_checks(self.gathers)

    @property
    def commit(self) -> str:
        """The commit whose checks are gathered; empty for anything else."""
        return commit_of(self.gathers)

    @property
    def is_green(self) -> bool:
        """Some checks have passed, which is news where others had failed before."""
        return self.is_by_checks and self.trigger.endswith(":success")

    @property
    def has_run_again(self) -> bool:
        """Somebody had checks run again, and they pass."""
        return self.is_green and self.trigger.startswith("workflow_run")

    @property
    def is_unasked(self) -> bool:
        """Nobody asks: what may be done is for the configuration to say, and nobody waits for a word."""
        return is_unasked(self.gathers)

    @property
    def line_comment_id(self) -> int | None:
        """The comment at a line of a diff that it is about; their ids are a series of their own."""
        return self.source.comment_id if self.trigger.startswith("pull_request_review_comment") else None

    def to_json(self) -> str:
        data = self._asdict() | {
            "thread": self.thread._asdict(),
            "sender": self.sender._asdict(),
            "received_at": self.received_at.isoformat(),
            "commands": [command._asdict() for command in self.commands],
            "source": self.source._asdict(),
        }
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Job:
        """Raises ValueError, KeyError or TypeError when `text` is not a job."""
        data: dict[str, Any] = json.loads(text)
        return cls(
            **{
                **data,
                "thread": Thread(**data["thread"]),
                "sender": Person(**data["sender"]),
                "received_at": datetime.fromisoformat(data["received_at"]),
                "commands": tuple(Command(**command) for command in data["commands"]),
                "source": Source(**data["source"]),
                "labels": tuple(data["labels"]),
                "repositories": tuple(data.get("repositories", ())),
            }
        )


class Decision(NamedTuple):
    """What the door decided about a delivery; the maintainer reads `reason` under *Recent deliveries*."""

    decision: Decided
    reason: str
    job: Job | None = None
