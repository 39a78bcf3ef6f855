"""What checks ask for: one that failed, a button on ours. From the payload alone; pure."""

from __future__ import annotations

from collections.abc import Mapping

from app.jobs.job import Action, Command, Decision
from app.triggers.answers import MakeJob, ignore, not_a_person
from app.webhooks.events import CheckRunEvent, ChecksEvent

CHECK_RUN = "lamplighter"

CHECKS = "checks"  # what the failures of one commit are gathered under, followed by its SHA
FAILED = frozenset({"failure", "timed_out", "startup_failure"})


def decide(event: ChecksEvent, job: MakeJob, slug: str) -> Decision:
    """What the end of an App's checks asks for: a failure is read when all checks of the commit are through."""
    if event.action != "completed":
        return ignore(f"Lamplighter does nothing on check_suite.{event.action or 'unknown'}.")
    if event.conclusion not in FAILED:
        return ignore(f"Nothing failed: the conclusion is {event.conclusion or 'not known'}.")
    if event.app_slug.lower() == slug.lower():
        return ignore("These are Lamplighter's own checks.")
    if not event.thread.number:
        return ignore(
            "Not built yet: failed checks of a commit of which GitHub names no pull request (a fork, a branch)."
        )
    reason = f"Checks of {event.sha[:7]} failed: they are read when all have ended."
    return job("start", reason, "check_suite.completed", (), f"{CHECKS}:{event.sha}")


_BUTTONS: Mapping[str, Action] = {"stop": "cancel", "retry": "start"}


def button(event: CheckRunEvent, job: MakeJob, slug: str) -> Decision:
    """What a button on our check run asks for."""
    if event.action != "requested_action":
        return ignore(
            f"Lamplighter does nothing on check_run.{event.action or 'unknown'}: a suite of checks is read as a whole."
        )
    if event.check != CHECK_RUN or event.app_slug.lower() not in {"", slug.lower()}:
        return ignore("The button belongs to a check run that is not ours.")
    if event.button not in _BUTTONS:
        return ignore("Not built yet: this button.")
    if refused := not_a_person(event.sender):
        return refused
    pressed = Command(verb=event.button, flags={"run": event.external_id} if event.external_id else {})
    reason = f"{event.sender.login} pressed {event.button.capitalize()} on the check run."
    return job(_BUTTONS[event.button], reason, f"check_run.requested_action:{event.button}", (pressed,))
