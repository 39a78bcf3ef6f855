"""What a delivery asks for, from its payload alone. Every answer carries its reason; permissions come later.

The door cannot know what a repository configured, so it goes by naming rules that `repo_config` enforces: a trigger
label begins with `agent-`, the label of an open question ends with `needs-info`. Dispatch checks the rest. `start` is
said only where something can start as far as the payload knows; a request that cannot is passed on to be answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.commands import grammar
from app.jobs.job import Action, Command, Decision, Job, Source
from app.triggers import checks, comments
from app.triggers.answers import OFF_LABEL, MakeJob, ignore, is_own, not_a_person, obstacle
from app.triggers.ends import CHANGES
from app.webhooks.events import (
    CheckRunEvent,
    ChecksEvent,
    CommentEvent,
    Event,
    GroupEvent,
    IncompleteEvent,
    InstallationEvent,
    PlainEvent,
    RepositoryEvent,
    ThreadEvent,
)
from app.webhooks.parse import WANTED

TRIGGER_LABEL_START = "agent-"

# Events that will mean something one day: what to say about them until then. Anything else says nothing to us.
NOT_BUILT: Mapping[str, str] = {
    "push": "tests and documentation after a merge",
    "dependabot_alert": "patching dependencies",
    "repository_dispatch": "playbooks started by a dispatch",
    "repository_vulnerability_alert": "patching dependencies",
    "code_scanning_alert": "fixing code scanning alerts",
}


def dropped(event_name: str) -> str | None:
    """Why a delivery of this event needs no reading, or None when it must be read."""
    if event_name in WANTED:
        return None
    if event_name in NOT_BUILT:
        return f"Not built yet: {NOT_BUILT[event_name]}."
    return "Lamplighter does nothing on this event."


def decide(
    event: Event, *, delivery_id: str, received_at: datetime, slug: str, prefix: str = grammar.PREFIX
) -> Decision:
    """The decision about one delivery.

    `slug` is the App's, `prefix` the word that begins a command. The job's id is `delivery_id`.
    """
    if isinstance(event, PlainEvent):
        return ignore("Pong: the webhook reaches Lamplighter and its signature is right.")
    if isinstance(event, IncompleteEvent):
        return ignore(f"The payload of this {event.name} event has no usable `{event.missing}`.")
    # the sender of checks is whoever pushed the commit
    if is_own(event.sender, slug) and not isinstance(event, ChecksEvent):
        return ignore("Lamplighter did this itself, and its own events never trigger it.")

    def job(action: Action, reason: str, trigger: str, heard: tuple[Command, ...] = (), gathers: str = "") -> Decision:
        made = Job(
            id=delivery_id,
            action=action,
            reason=reason,
            trigger=trigger,
            thread=event.thread,
            sender=event.sender,
            received_at=received_at,
            commands=heard,
            gathers=gathers,
        )
        return _asked(made, event)

    if isinstance(event, CommentEvent):
        return comments.decide(event, job, slug, prefix)
    if isinstance(event, CheckRunEvent | ChecksEvent | GroupEvent):
        return checks.decide(event, job, slug)
    if isinstance(event, InstallationEvent):
        return _installation(event, job)
    if isinstance(event, RepositoryEvent):
        return _repository(event, job)
    return _issue(event, job) if event.name == "issues" else _pull_request(event, job)


def _asked(job: Job, event: Event) -> Decision:
    """The job with what it needs to know of `event`; without an installation nothing could be read or answered."""
    if not job.thread.installation_id:
        return ignore(
            "The payload names no usable installation of the App (`installation.id`), so nothing can be read or said."
        )
    if isinstance(event, ThreadEvent | CommentEvent):
        job = job._replace(source=event.source, labels=event.labels)
    elif isinstance(event, InstallationEvent):
        job = job._replace(repositories=event.repositories)
    elif isinstance(event, CheckRunEvent):
        job = job._replace(source=Source(url=event.url))
    return Decision(decision=job.action, reason=job.reason, job=job)


# ---------------------------------------------------------------- rows of the table


# What happens to an installation or to a repository as a whole, and what is done about it. Who did it does not matter:
# GitHub let them, and nothing here is a command.
_INSTALLATION: Mapping[str, tuple[Action, str]] = {
    "installation.created": ("start", "the App was installed: repositories are set up, one after another"),
    "installation.deleted": ("cancel", "the App was removed: work there stops"),
    "installation.suspend": ("cancel", "the App was suspended: work there stops"),
    "installation.unsuspend": ("start", "the suspension ended: what was left unsaid is said"),
    "installation.new_permissions_accepted": ("start", "new permissions were granted: what lacked them is done"),
    "installation_repositories.added": ("start", "repositories were added: they are set up"),
    "installation_repositories.removed": ("cancel", "repositories were removed: work there stops"),
    "installation_target.renamed": ("steer", "the account was renamed: runs follow it"),
}
_REPOSITORY: Mapping[str, tuple[Action, str]] = {
    "created": ("start", "it is new: it is set up"),
    "unarchived": ("start", "it can be written again: it is set up"),
    "renamed": ("steer", "it was renamed: runs follow it"),
    "transferred": ("steer", "it has a new owner: runs follow it"),
    "archived": ("cancel", "it was archived: work there stops"),
    "deleted": ("cancel", "it was deleted: work there stops"),
}


def _installation(event: InstallationEvent, job: MakeJob) -> Decision:
    trigger = f"{event.name}.{event.action or 'unknown'}"
    if trigger not in _INSTALLATION:
        return ignore(f"Lamplighter does nothing on {trigger}.")
    action, what = _INSTALLATION[trigger]
    return job(action, f"{event.thread.repository}: {what}.", trigger)


def _repository(event: RepositoryEvent, job: MakeJob) -> Decision:
    trigger = f"repository.{event.action or 'unknown'}"
    if event.action not in _REPOSITORY:
        return ignore(f"Lamplighter does nothing on {trigger}.")
    action, what = _REPOSITORY[event.action]
    return job(action, f"{event.thread.repository}: {what}.", trigger)


def _issue(event: ThreadEvent, job: MakeJob) -> Decision:
    if event.thread.is_pull_request:
        return ignore("This issues event is about a pull request, whose own events are read instead.")
    if event.action in {"labeled", "unlabeled"}:
        return _label(event, job)
    return _changed(f"issues.{event.action}", f"issues.{event.action or 'unknown'}", job)


def _changed(change: str, trigger: str, job: MakeJob) -> Decision:
    """What became of the thread itself. Who did it does not matter: GitHub let them."""
    if change not in CHANGES:
        return ignore(f"Lamplighter does nothing on {trigger}.")
    found = CHANGES[change]
    return job("cancel", found.said, trigger) if found.stops else ignore(found.said)


def _label(event: ThreadEvent, job: MakeJob) -> Decision:
    trigger = f"{event.name}.{event.action}:{event.label}"
    is_off = event.label.lower() == OFF_LABEL
    is_trigger = event.label.lower().startswith(TRIGGER_LABEL_START)
    if not (is_trigger or (is_off and event.action == "labeled")):
        return ignore("This label is not one that starts or stops anything.")
    if refused := not_a_person(event.sender):
        return refused
    if is_off:
        return job("cancel", f"{event.sender.login} put the label {OFF_LABEL} on: work here stops.", trigger)
    if event.action == "labeled":
        put_on = f"{event.sender.login} put the label {event.label} on"
        hindered = "labels start work on issues only" if event.thread.is_pull_request else obstacle(event)
        if hindered:
            return job("steer", f"{put_on}, but {hindered}: nothing starts, and the label is answered.", trigger)
        return job("start", f"{put_on}.", trigger)
    return job("cancel", f"{event.sender.login} took the label {event.label} off: work on it stops.", trigger)


def _pull_request(event: ThreadEvent, job: MakeJob) -> Decision:
    if event.action == "labeled":
        return _label(event, job)
    trigger = f"pull_request.{event.action or 'unknown'}"
    if event.action == "edited" and event.base:
        return _changed("pull_request.retargeted", f"{trigger}:{event.base}", job)
    return _changed("pull_request.merged" if event.action == "closed" and event.merged else trigger, trigger, job)
