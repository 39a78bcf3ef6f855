"""What every source of events answers in the same way. Pure."""

from __future__ import annotations

from collections.abc import Callable

from app.jobs.job import Decision, Person
from app.webhooks.events import CommentEvent, ThreadEvent

OFF_LABEL = "agent:off"

# (action, reason, trigger, commands, what it is gathered with) of a job on the event's thread.
MakeJob = Callable[..., Decision]


def ignore(reason: str) -> Decision:
    return Decision(decision="ignore", reason=reason)


def is_own(person: Person, slug: str) -> bool:
    """Whether it is the account of the App itself."""
    return person.login.lower() == f"{slug}[bot]".lower()


def is_bot(person: Person) -> bool:
    """Whether GitHub calls the account a bot. Bots never command."""
    return person.type == "Bot" or person.login.endswith("[bot]")


def not_a_person(sender: Person) -> Decision | None:
    if is_bot(sender):
        return ignore(f"{sender.login} is a bot, and bots never command.")
    if not sender.id:
        return ignore("The payload does not say who did this, so nobody's permission can be checked.")
    return None


def obstacle(event: ThreadEvent | CommentEvent) -> str:
    """Why nothing can start on this thread, as far as the payload knows; empty when something can."""
    if not event.is_open:
        return "the pull request is closed" if event.thread.is_pull_request else "the issue is closed"
    if event.is_locked:
        return "the conversation is locked"
    return f"the label {OFF_LABEL} is on" if OFF_LABEL in map(str.lower, event.labels) else ""
