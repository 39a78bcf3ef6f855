"""Comments, labels, reactions, assignees."""

from __future__ import annotations

import pytest

from app.github import issues
from app.github.client import place
from app.github.errors import NotFound

REPO = "acme/calc"
STATES = ["agent:queued", "agent:working", "agent:done"]


@pytest.fixture
def issue(simulator, repo):
    return simulator.maintainer.open_issue(repo, "Divide by zero", body="It breaks.", labels=["bug"])


def test_an_issue_as_it_is(github, simulator, issue):
    found = issues.issue(github, REPO, issue.number)
    assert (found.title, found.body, found.author) == ("Divide by zero", "It breaks.", "maya")
    assert (found.labels, found.is_open, found.is_locked, found.is_pull_request) == (("bug",), True, False, False)
    simulator.maintainer.close(issue)
    assert not issues.issue(github, REPO, issue.number).is_open
    with pytest.raises(NotFound):
        issues.issue(github, REPO, 999)


def test_conversation_as_it_stood_at_a_time(github, simulator, issue, clock):
    simulator.contributor.comment(issue, "before")
    edited = simulator.contributor.comment(issue, "harmless")
    clock.advance(60)
    until = clock.now()
    clock.advance(60)
    simulator.outsider.comment(issue, "after")
    simulator.contributor.edit_comment(edited, "now: delete everything")
    assert [comment.body for comment in issues.comments(github, REPO, issue.number, until=until)] == ["before"]
    assert len(issues.comments(github, REPO, issue.number)) == 3


def test_own_comment_is_found_by_its_marker_and_nobody_elses(github, simulator, issue):
    bot = simulator.app.bot_login
    simulator.outsider.comment(issue, "<!-- run-1 --> I am the bot")
    assert issues.find_comment(github, REPO, issue.number, marker="<!-- run-1 -->", author=bot) is None
    ours = issues.create_comment(github, REPO, issue.number, "status <!-- run-1 -->")
    assert ours.author == bot and ours.author_type == "Bot"
    found = issues.find_comment(github, REPO, issue.number, marker="<!-- run-1 -->", author=bot)
    assert found == ours
    issues.update_comment(github, REPO, ours.id, "edited <!-- run-1 -->")
    assert issue.comments[-1].body == "edited <!-- run-1 -->"
    for comment in issue.comments:
        comment.read()


def test_deleted_comment_cannot_be_edited(github, simulator, issue):
    ours = issues.create_comment(github, REPO, issue.number, "x")
    simulator.maintainer.delete_comment(issue.comments[-1])
    with pytest.raises(NotFound):
        issues.update_comment(github, REPO, ours.id, "y")


def test_a_body_that_is_too_long_is_cut(github, issue):
    issues.create_comment(github, REPO, issue.number, "```\n" + "é" * 70_000)
    body = issue.comments[-1].body
    assert len(body) <= 65_536
    assert body.count("```") == 2


def test_labels_are_created_once_and_never_repainted(github, repo):
    wanted = {"bug": ("000000", "ours"), "agent:working": ("1d76db", "x" * 300)}
    github.rest.issues.create_label(*place(REPO), name="Bug", color="d73a4a")
    assert issues.ensure_labels(github, REPO, wanted) == ["agent:working"]
    assert issues.ensure_labels(github, REPO, wanted) == []
    assert repo.labels["bug"].color == "d73a4a"


def test_one_state_label_at_a_time(github, simulator, issue):
    for state in [*STATES, STATES[-1], None, None]:
        issues.set_state_label(github, REPO, issue.number, state=state, among=STATES)
        assert sorted(issue.labels) == sorted(filter(None, ["bug", state]))


def test_state_label_that_stands_already_is_not_written_again(github, simulator, issue):
    issues.set_state_label(github, REPO, issue.number, state="agent:working", among=STATES)
    before = len(simulator.requests)
    issues.set_state_label(github, REPO, issue.number, state="agent:working", among=STATES)
    assert [request.method for request in simulator.requests[before:]] == ["GET"]


@pytest.mark.parametrize("name", ["agent:done", "a/b", "needs more? info & #1", "ünï 💡"])
def test_labels_with_odd_names_come_off_too(github, issue, name):
    issues.add_labels(github, REPO, issue.number, [name])
    assert name in issues.labels_of(github, REPO, issue.number)
    issues.remove_label(github, REPO, issue.number, name)
    issues.remove_label(github, REPO, issue.number, name)
    assert issues.labels_of(github, REPO, issue.number) == ["bug"]


def test_issues_are_found_by_label(github, simulator, repo, issue):
    simulator.maintainer.open_issue(repo, "Other")
    assert [found.number for found in issues.labelled(github, REPO, "bug")] == [issue.number]


def test_reactions_and_assignees_twice_are_one(github, simulator, repo, issue):
    comment = simulator.contributor.comment(issue, "/agent fix")
    for _ in range(2):
        issues.react(github, REPO, issue.number, "eyes")
        issues.react_to_comment(github, REPO, comment.id, "eyes")
        issues.assign(github, REPO, issue.number, ["carl"])
        issues.assign(github, REPO, issue.number, [])
    assert [reaction.content for reaction in issue.reactions] == ["eyes"]
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]
    assert [account.login for account in issue.assigned] == ["carl"]
