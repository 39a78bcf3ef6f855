"""What each event of the contract's trigger table becomes, row by row, and who is never heard."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.jobs.job import Job, Person, Source, Thread
from app.triggers.ends import CHANGES
from app.triggers.policy import NOT_BUILT, decide, dropped
from app.webhooks.events import (
    CheckRunEvent,
    CommentEvent,
    GroupEvent,
    IncompleteEvent,
    InstallationEvent,
    PlainEvent,
    RepositoryEvent,
    ThreadEvent,
)
from app.webhooks.parse import WANTED

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Person(login="ada", id=1)
HELPFUL = Person(login="helpful[bot]", id=2, type="Bot")
OURSELVES = Person(login="lamplighter[bot]", id=3, type="Bot")
NOBODY = Person(login="ghost", id=0, type="")


def thread(**change) -> Thread:
    return Thread(**{"installation_id": 9, "repository_id": 5, "repository": "o/r", "number": 7, **change})


def issue(action: str, **change) -> ThreadEvent:
    given = {"thread": thread(), "sender": ADA, "source": Source(title="T"), "labels": ("bug",)}
    return ThreadEvent(**{"name": "issues", "action": action, **given, **change})


def pull(action: str, **change) -> ThreadEvent:
    return issue(action, name="pull_request", thread=thread(is_pull_request=True), **change)


def comment(text: str, **change) -> CommentEvent:
    given = {"name": "issue_comment", "action": "created", "thread": thread(), "sender": ADA, "labels": ("bug",)}
    return CommentEvent(**{**given, "source": Source(comment=text, comment_id=11), **change})


def button(name: str, **change) -> CheckRunEvent:
    given = {"action": "requested_action", "thread": thread(number=0), "sender": ADA, "check": "lamplighter"}
    more = {"app_slug": "lamplighter", "external_id": "run1", "button": name, "url": "https://x"}
    return CheckRunEvent(**{**given, **more, **change})


def installation(action: str, **change) -> InstallationEvent:
    account = thread(repository_id=0, repository="o", number=0)
    given = {"name": "installation", "action": action, "thread": account, "sender": ADA, "repositories": (5, 6)}
    return InstallationEvent(**{**given, **change})


def merge_group(action: str) -> GroupEvent:
    return GroupEvent(action=action, thread=thread(number=0), sender=ADA, sha="a" * 40)


def repository(action: str) -> RepositoryEvent:
    return RepositoryEvent(action=action, thread=thread(number=0), sender=ADA)


def decided(event):
    return decide(event, delivery_id="guid", received_at=AT, slug="lamplighter")


IN_REVIEW = {"name": "pull_request_review", "action": "submitted", "thread": thread(is_pull_request=True)}
INLINE = {"name": "pull_request_review_comment", "thread": thread(is_pull_request=True)}
ASKED = {"labels": ("agent:needs-info",)}

TABLE = [
    # issues
    (issue("labeled", label="agent-fix"), "start", "issues.labeled:agent-fix"),
    (issue("labeled", label="Agent-Fix"), "start", "issues.labeled:Agent-Fix"),
    (issue("labeled", label="agent-anything"), "start", "issues.labeled:agent-anything"),
    (issue("labeled", label="agent:off"), "cancel", "issues.labeled:agent:off"),
    (issue("labeled", label="agent-fix", is_open=False), "steer", "issues.labeled:agent-fix"),
    (issue("labeled", label="agent-fix", is_locked=True), "steer", "issues.labeled:agent-fix"),
    (issue("labeled", label="agent-fix", labels=("Agent:Off",)), "steer", "issues.labeled:agent-fix"),
    (issue("labeled", label="agent:working"), "ignore", ""),
    (issue("labeled", label="agent"), "ignore", ""),
    (issue("labeled", label="my-agent-fix"), "ignore", ""),
    (issue("labeled", label=""), "ignore", ""),
    (issue("unlabeled", label="agent-fix"), "cancel", "issues.unlabeled:agent-fix"),
    (issue("unlabeled", label="agent:off"), "ignore", ""),
    (issue("unlabeled", label="agent:working"), "ignore", ""),
    (issue("closed", thread=thread(is_pull_request=True)), "ignore", ""),
    (issue("labeled", label="agent-fix", thread=thread(is_pull_request=True)), "ignore", ""),
    # pull requests
    (pull("closed"), "cancel", "pull_request.closed"),
    (pull("closed", merged=True), "cancel", "pull_request.closed"),
    *((issue(end), "cancel", f"issues.{end}") for end in ("closed", "transferred", "deleted", "locked")),
    *((pull(action), "ignore", "") for action in ("opened", "synchronize", "ready_for_review", "edited", "reopened")),
    *((pull(action), "ignore", "") for action in ("unlocked", "converted_to_draft")),
    *((issue(action), "ignore", "") for action in ("opened", "edited", "reopened", "unlocked", "")),
    (pull("locked"), "cancel", "pull_request.locked"),
    (pull("edited", base="release"), "cancel", "pull_request.edited:release"),
    (pull("labeled", label="agent-fix"), "steer", "pull_request.labeled:agent-fix"),
    (pull("labeled", label="bug"), "ignore", ""),
    (pull("unlabeled", label="agent-fix"), "ignore", ""),
    (pull("labeled", label="agent:off"), "cancel", "pull_request.labeled:agent:off"),
    # comments
    (comment("/agent fix"), "start", "issue_comment.created"),
    (comment("/agent retry"), "start", "issue_comment.created"),
    (comment("/agent do it"), "steer", "issue_comment.created"),
    (comment("/agent thanks, great work!"), "steer", "issue_comment.created"),
    (comment("/agent deps"), "steer", "issue_comment.created"),
    (comment("/agent fix --nonsense"), "steer", "issue_comment.created"),
    (comment("/agent fixx please"), "steer", "issue_comment.created"),
    (comment("/agent fix", is_open=False), "steer", "issue_comment.created"),
    (comment("/agent fix", is_locked=True), "steer", "issue_comment.created"),
    (comment("/agent retry", labels=("agent:off",)), "steer", "issue_comment.created"),
    (comment("/agent stop", is_open=False), "cancel", "issue_comment.created"),
    (comment("/agent stop"), "cancel", "issue_comment.created"),
    (comment("/agent answer 1b"), "answer", "issue_comment.created"),
    (comment("/agent status"), "steer", "issue_comment.created"),
    (comment("/agent help"), "steer", "issue_comment.created"),
    (comment("/agent status\n/agent stop"), "steer", "issue_comment.created"),
    (comment("/agent fix", thread=thread(is_pull_request=True)), "start", "issue_comment.created"),
    (comment("/agent fix", action="edited"), "ignore", ""),
    (comment("/agent fix", action="deleted"), "ignore", ""),
    (comment("/agent fix", via_app="lamplighter"), "ignore", ""),
    (comment("/agent fix", via_app="some-editor"), "start", "issue_comment.created"),
    (comment("nice weather"), "ignore", ""),
    (comment("nice weather", **ASKED), "answer", "issue_comment.created"),
    (comment("b", labels=("bot:Needs-Info",)), "answer", "issue_comment.created"),
    (comment("b", labels=("needs-info-later",)), "ignore", ""),
    (comment("  \n", **ASKED), "ignore", ""),
    (comment("b", action="edited", **ASKED), "ignore", ""),
    (comment("/agent stop", **ASKED), "cancel", "issue_comment.created"),
    # reviews
    (comment("/agent fix", **IN_REVIEW), "start", "pull_request_review.submitted"),
    (comment("nice", review_state="changes_requested", **IN_REVIEW), "ignore", ""),
    (comment("nice", labels=("agent:needs-info",), **IN_REVIEW), "ignore", ""),
    (comment("/agent fix", **{**IN_REVIEW, "action": "edited"}), "ignore", ""),
    (comment("/agent fix", **{**IN_REVIEW, "action": "dismissed"}), "ignore", ""),
    (comment("/agent stop", **INLINE), "cancel", "pull_request_review_comment.created"),
    (comment("/agent fix", **{**INLINE, "action": "edited"}), "ignore", ""),
    # merge queues
    (merge_group("checks_requested"), "start", f"merge_group.checks_requested:{'a' * 40}"),
    (merge_group("destroyed"), "ignore", ""),
    (merge_group(""), "ignore", ""),
    # buttons
    (button("stop"), "cancel", "check_run.requested_action:stop"),
    (button("retry"), "start", "check_run.requested_action:retry"),
    (button("stop", app_slug="Lamplighter"), "cancel", "check_run.requested_action:stop"),
    (button("approve:0123456789ab"), "answer", "check_run.requested_action:approve"),
    (button("", action="rerequested"), "start", "check_run.rerequested:retry"),
    (button("", action="rerequested", check="lamplighter/scan"), "ignore", ""),
    (button("", action="rerequested", external_id="group:run1:lamplighter"), "ignore", ""),
    (button("approve"), "ignore", ""),
    (button("approve:0123456789AB"), "ignore", ""),
    (button("stop:0123456789ab"), "ignore", ""),
    (button(""), "ignore", ""),
    (button("stop", check="ci"), "ignore", ""),
    (button("stop", app_slug="other"), "ignore", ""),
    (button("stop", action="completed"), "ignore", ""),
    # the rest
    (PlainEvent(name="ping", action=""), "ignore", ""),
    # the App on an account, and repositories as a whole
    (installation("created"), "start", "installation.created"),
    (installation("deleted"), "cancel", "installation.deleted"),
    (installation("suspend"), "cancel", "installation.suspend"),
    (installation("unsuspend"), "start", "installation.unsuspend"),
    (installation("new_permissions_accepted"), "start", "installation.new_permissions_accepted"),
    (
        installation(
            "",
        ),
        "ignore",
        "",
    ),
    (installation("added", name="installation_repositories"), "start", "installation_repositories.added"),
    (installation("removed", name="installation_repositories"), "cancel", "installation_repositories.removed"),
    (installation("renamed", name="installation_target"), "steer", "installation_target.renamed"),
    (
        installation("created", sender=HELPFUL),
        "start",
        "installation.created",
    ),  # a script may install: it commands nothing
    (repository("created"), "start", "repository.created"),
    (repository("unarchived"), "start", "repository.unarchived"),
    (repository("renamed"), "steer", "repository.renamed"),
    (repository("transferred"), "steer", "repository.transferred"),
    (repository("archived"), "cancel", "repository.archived"),
    (repository("deleted"), "cancel", "repository.deleted"),
    (repository("edited"), "ignore", ""),
    (repository("publicized"), "ignore", ""),
    (IncompleteEvent(name="issues", action="labeled", missing="issue"), "ignore", ""),
]


@pytest.mark.parametrize(("event", "decision", "trigger"), TABLE)
def test_row_of_the_table(event, decision, trigger):
    result = decided(event)
    assert result.decision == decision
    assert result.reason.endswith(".")
    assert "\n" not in result.reason
    if decision == "ignore":
        assert result.job is None
        return
    job = result.job
    assert (job.id, job.action, job.trigger, job.received_at) == ("guid", decision, trigger, AT)
    assert (job.thread, job.sender, job.reason) == (event.thread, event.sender, result.reason)
    assert Job.from_json(job.to_json()) == job


ASKING = [event for event, decision, _ in TABLE if decision != "ignore"]
FACTS = {change for change, found in CHANGES.items() if found.stops} | {
    "pull_request.edited:release",
    *(trigger for event, _, trigger in TABLE if isinstance(event, InstallationEvent | RepositoryEvent | GroupEvent)),
}


def by(event, sender: Person):
    return event._replace(sender=sender)


@pytest.mark.parametrize("event", ASKING)
def test_we_never_hear_ourselves(event):
    assert decided(by(event, OURSELVES)).decision == "ignore"
    assert decided(by(event, Person(login="Lamplighter[bot]", id=3, type="User"))).decision == "ignore"


@pytest.mark.parametrize("event", ASKING)
@pytest.mark.parametrize("sender", [HELPFUL, Person(login="helpful[bot]", id=2), Person(login="x", id=2, type="Bot")])
def test_bots_never_command_but_a_closed_thread_is_closed(event, sender):
    result = decided(by(event, sender))
    is_fact = result.job is not None and result.job.trigger in FACTS
    assert is_fact or (result.decision, "bots never command" in result.reason) == ("ignore", True)
    assert is_fact == (decided(event).job.trigger in FACTS)


@pytest.mark.parametrize("event", ASKING)
def test_nobody_commands_nothing(event):
    result = decided(by(event, NOBODY))
    assert (result.decision == "ignore") or result.job.trigger in FACTS


def test_start_is_said_only_where_something_can_start():
    for event, decision, _ in TABLE:
        if decision == "steer" and isinstance(event, ThreadEvent):
            assert "nothing starts" in decided(event).reason


@pytest.mark.parametrize("event", ASKING)
def test_without_an_installation_nothing_is_asked(event):
    result = decided(event._replace(thread=event.thread._replace(installation_id=0)))
    assert (result.decision, result.job) == ("ignore", None)
    assert "`installation.id`" in result.reason


def test_bot_that_talks_without_a_command_is_not_lectured():
    assert decided(comment("build passed", sender=HELPFUL)).reason == "The comment holds no command."


def test_all_commands_travel_in_order_with_their_mistakes():
    job = decided(comment("/agent status\n/agent fix --model deep\nnow\n/agent deps")).job
    assert [(command.verb, command.text, dict(command.flags)) for command in job.commands] == [
        ("status", "", {}),
        ("fix", "now", {"model": "deep"}),
        ("deps", "", {}),
    ]
    assert [command.error is None for command in job.commands] == [True, True, False]
    assert job.reason == "ada commanded: status, fix, deps."
    assert job.source.comment_id == 11


def test_button_names_its_run():
    job = decided(button("retry")).job
    assert [(command.verb, dict(command.flags)) for command in job.commands] == [("retry", {"run": "run1"})]


def test_text_and_labels_are_frozen_into_the_job():
    event = comment("/agent fix", source=Source(title="T", body="B", comment="/agent fix", author="grace"))
    assert decided(event).job.source == event.source
    assert decided(event).job.labels == ("bug",)


def test_what_is_not_built_says_so():
    assert decided(pull("synchronize")).reason.startswith("Not built yet: ")
    for name in NOT_BUILT:
        assert str(dropped(name)).startswith("Not built yet: ")


def test_job_of_an_installation_names_what_it_gained_and_is_ordered_by_installation():
    job = decided(installation("added", name="installation_repositories")).job
    assert job.repositories == (5, 6)
    assert job.thread.key == "installation-9"
    assert Job.from_json(job.to_json()) == job


def test_only_wanted_events_are_parsed():
    assert {name for name in [*WANTED, *NOT_BUILT, "star"] if dropped(name) is None} == set(WANTED)
