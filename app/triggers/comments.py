"""What words ask for: on an issue or a pull request, in a review, at a line. From the payload alone; pure."""

from __future__ import annotations

from app.commands import grammar
from app.commands.verbs import INSTRUCT, lookup
from app.jobs.job import Action, Command, Decision
from app.playbooks import BY_VERB
from app.triggers.answers import MakeJob, ignore, not_a_person, obstacle
from app.webhooks.events import CommentEvent

NEEDS_INFO_LABEL_END = "needs-info"
REVIEW = "review"  # what its comments are gathered under


def decide(event: CommentEvent, job: MakeJob, slug: str, prefix: str) -> Decision:
    """What a comment asks for."""
    if event.action != ("submitted" if event.name == "pull_request_review" else "created"):
        return ignore(f"Only new comments are read: {event.name}.{event.action or 'unknown'} never triggers.")
    if event.via_app.lower() == slug.lower():
        return ignore("Lamplighter wrote this itself, and its own comments never trigger it.")
    heard = grammar.parse(event.source.comment, slug=slug, prefix=prefix, on_pull_request=event.thread.is_pull_request)
    is_asked = event.name == "issue_comment" and any(_asks(label) for label in event.labels)
    if (heard or is_asked) and (refused := not_a_person(event.sender)):
        return refused
    trigger = f"{event.name}.{event.action}"
    review = REVIEW if event.name.startswith("pull_request_review") else ""
    if heard:
        said = ", ".join(dict.fromkeys(command.verb for command in heard))
        action, hindered = _action(event, heard[0])
        gathers = review if not hindered and any(_changes_branch(command) for command in heard) else ""
        return job(action, f"{event.sender.login} commanded: {said}{hindered}.", trigger, heard, gathers)
    if is_asked and event.source.comment.strip():
        return job("answer", f"{event.sender.login} replied while a question is open.", trigger)
    if event.review_state == "changes_requested":
        return _changes_requested(event, job, slug)
    return ignore("The comment holds no command.")


def _changes_requested(event: CommentEvent, job: MakeJob, slug: str) -> Decision:
    if event.source.author.lower() != f"{slug}[bot]".lower():
        return ignore("The changes are requested of somebody else; a command in the review would be for Lamplighter.")
    if refused := not_a_person(event.sender):
        return refused
    if hindered := obstacle(event):
        return ignore(f"Changes are requested, but {hindered}.")
    asked = (Command(verb=INSTRUCT.name, text=event.source.comment.strip()),)
    reason = f"{event.sender.login} requested changes."
    return job("start", reason, "pull_request_review.submitted:changes_requested", asked, REVIEW)


def _changes_branch(command: Command) -> bool:
    return not command.error and (command.verb == INSTRUCT.name or command.verb in BY_VERB)


def _action(event: CommentEvent, command: Command) -> tuple[Action, str]:
    """What a comment that begins with `command` does, and what to add to the reason for it."""
    action = lookup(command.verb).action
    if action != "start":
        return action, ""
    hindered = "it cannot be obeyed" if command.error else obstacle(event)
    return ("steer", f"; {hindered}, so it is only answered") if hindered else (action, "")


def _asks(label: str) -> bool:
    return label.lower().endswith(NEEDS_INFO_LABEL_END)
