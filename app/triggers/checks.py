"""What checks ask for: one that failed, a button on ours. From the payload alone; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.jobs.job import Action, Command, Decision
from app.triggers.answers import MakeJob, ignore, is_own, not_a_person
from app.webhooks.events import CheckRunEvent, ChecksEvent, GroupEvent

CHECK_RUN = "lamplighter"

RAN_AGAIN = "workflow_run"  # the event that tells of it
CHECKS = "checks"  # what the failures of one commit are gathered under, followed by its SHA
FAILED = frozenset({"failure", "timed_out", "startup_failure"})
FAILED_STATUS = frozenset({"failure", "error"})  # of a commit status


def decide(event: CheckRunEvent | ChecksEvent | GroupEvent, job: MakeJob, slug: str) -> Decision:
    """What any event about checks asks for."""
    if isinstance(event, CheckRunEvent):
        return button(event, job, slug)
    if isinstance(event, GroupEvent):
        return group(event, job)
    return again(event, job, slug) if event.name == RAN_AGAIN else suite(event, job, slug)


def suite(event: ChecksEvent, job: MakeJob, slug: str) -> Decision:
    """What the end of an App's checks, or a commit status, asks for: a failure is read when all checks of the commit
    are through. That some have passed is news on the default branch only, where an issue may wait for it.
    """
    is_suite = event.name == "check_suite"
    if is_suite and event.action != "completed":
        return ignore(f"Lamplighter does nothing on check_suite.{event.action or 'unknown'}.")
    is_failure = event.conclusion in (FAILED if is_suite else FAILED_STATUS)
    is_green = event.conclusion == "success" and event.on_default and not event.thread.number
    if not is_failure and not is_green:
        what = "conclusion" if is_suite else "state"
        return ignore(f"Nothing failed: the {what} is {event.conclusion or 'not known'}.")
    if event.app_slug.lower() == slug.lower() or (not is_suite and is_own(event.sender, slug)):
        return ignore("These are Lamplighter's own checks.")
    trigger = "check_suite.completed" if is_suite else "status"
    if is_green:
        trigger += ":success"
        reason = f"Checks of {event.sha[:7]} on the default branch passed: what was red there may be over."
    else:
        reason = f"Checks of {event.sha[:7]} failed: they are read when all have ended."
    return job("start", reason, trigger, (), f"{CHECKS}:{event.sha}")


def again(event: ChecksEvent, job: MakeJob, slug: str) -> Decision:
    """What a run of GitHub Actions asks for that passes when it runs again: what was said of its commit may be over. Of
    every other run its suite of checks tells; so it does on the default branch.
    """
    if event.action != "completed" or event.conclusion != "success" or event.attempt < 2:
        return ignore("Of workflow runs one that passes when it runs again is news: checks tell of the others.")
    if is_own(event.sender, slug):
        return ignore("Lamplighter had it run again, and waits for it.")
    if event.on_default:
        return ignore("On the default branch the suite of checks tells of it.")
    reason = f"What failed on {event.sha[:7]} may have passed: jobs ran again."
    return job("start", reason, f"{RAN_AGAIN}.completed:success", (), f"{CHECKS}:{event.sha}")


def group(event: GroupEvent, job: MakeJob) -> Decision:
    """What a merge queue asks for: whatever it requires of us is answered at once, or it would wait for an hour."""
    if event.action != "checks_requested":
        return ignore(f"Lamplighter does nothing on merge_group.{event.action or 'unknown'}.")
    return job(
        "start", f"A merge queue waits for checks of {event.sha[:7]}.", f"merge_group.checks_requested:{event.sha}"
    )


# The buttons on our check run by their identifiers; that of a plan is followed by so many digits of its digest, which
# is all that GitHub has room for.
STOP, RETRY, APPROVE = "stop", "retry", "approve"
PLAN_DIGITS = 12
_BUTTONS: Mapping[str, Action] = {STOP: "cancel", RETRY: "start", APPROVE: "answer"}
OF_GROUP = "group:"  # begins the external id of our check runs for a merge queue
_PLAN = re.compile(rf"[0-9a-f]{{{PLAN_DIGITS}}}")


def button(event: CheckRunEvent, job: MakeJob, slug: str) -> Decision:
    """What a button on our check run asks for. GitHub puts one there itself, *Re-run*, which is no other than Retry."""
    if event.action not in {"requested_action", "rerequested"}:
        return ignore(
            f"Lamplighter does nothing on check_run.{event.action or 'unknown'}: a suite of checks is read as a whole."
        )
    if event.check != CHECK_RUN or event.app_slug.lower() not in {"", slug.lower()}:
        return ignore("The button belongs to a check run that is not ours.")
    verb, _, plan = (RETRY if event.action == "rerequested" else event.button).partition(":")
    if event.external_id.startswith(OF_GROUP):
        return ignore("Nothing was run for this commit of a merge queue, so there is nothing to run again.")
    if verb not in _BUTTONS or (verb == APPROVE) != bool(_PLAN.fullmatch(plan)):
        return ignore("This is none of the buttons that I put there.")
    if refused := not_a_person(event.sender):
        return refused
    pressed = Command(verb=verb, text=plan, flags={"run": event.external_id} if event.external_id else {})
    reason = f"{event.sender.login} pressed {verb.capitalize()} on the check run."
    return job(_BUTTONS[verb], reason, f"check_run.{event.action}:{verb}", (pressed,))
