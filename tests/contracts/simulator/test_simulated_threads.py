"""Issues, comments, labels and reactions through the API and by hand are the same thing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.simulator import Repository, Simulator


def test_issue_opened_by_a_person_is_seen_by_the_bot(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.", labels=["bug"])
    seen = bot("GET", f"/issues/{issue.number}").json()
    assert (seen["title"], seen["user"]["login"]) == ("Divide by zero", "maya")
    assert [label["name"] for label in seen["labels"]] == ["bug"]
    assert [found["number"] for found in bot("GET", "/issues?labels=bug").json()] == [issue.number]
    assert bot("GET", "/issues?labels=other").json() == []


def test_comment_of_the_bot_is_unread_until_a_test_reads_it(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "Divide by zero")
    made = bot("POST", f"/issues/{issue.number}/comments", {"body": "On it."}).json()
    [comment] = issue.comments
    assert (comment.id, comment.author, comment.body) == (made["id"], "lamplighter[bot]", "On it.")
    assert github.unread_bot_comments() == [comment]
    assert comment.read() == "On it."
    assert github.unread_bot_comments() == []
    assert made["performed_via_github_app"]["slug"] == "lamplighter"
    changed = bot("PATCH", f"/issues/comments/{made['id']}", {"body": "Done."}).json()
    assert changed["body"] == comment.body == "Done."
    assert comment.edits == ["On it."]
    assert bot("GET", f"/issues/comments/{made['id']}").json()["body"] == "Done."
    assert bot("DELETE", f"/issues/comments/{made['id']}").status_code == 204
    assert issue.comments == []


def test_comments_are_paged_with_links_and_filtered_by_time(
    github: Simulator, repo: Repository, bot: Any, clock: Any
) -> None:
    issue = github.maintainer.open_issue(repo, "Long talk")
    for number in range(5):
        clock.advance(minutes=1)
        github.reader.comment(issue, f"comment {number}")
    first = bot("GET", f"/issues/{issue.number}/comments?per_page=2")
    assert [found["body"] for found in first.json()] == ["comment 0", "comment 1"]
    second = bot.api.http.get(first.links["next"]["url"], headers={"Authorization": f"token {bot.token}"})
    assert [found["body"] for found in second.json()] == ["comment 2", "comment 3"]
    assert first.links["last"]["url"].endswith("page=3")
    since = clock().isoformat().replace("+00:00", "Z")
    assert len(bot("GET", f"/issues/{issue.number}/comments?since={since}").json()) == 1
    assert len(bot("GET", "/issues/comments").json()) == 5
    assert datetime.fromisoformat(since) == clock()


def test_labels_on_an_issue(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "Divide by zero", labels=["agent-fix"])
    bot("POST", f"/issues/{issue.number}/labels", {"labels": ["agent:working", "agent-fix"]})
    assert issue.labels == ["agent-fix", "agent:working"]
    assert bot("DELETE", f"/issues/{issue.number}/labels/agent:working").status_code == 200
    assert bot("DELETE", f"/issues/{issue.number}/labels/agent:working").status_code == 404
    bot("PUT", f"/issues/{issue.number}/labels", {"labels": ["agent:done"]})
    assert issue.labels == ["agent:done"]
    assert [found["name"] for found in bot("GET", f"/issues/{issue.number}/labels").json()] == ["agent:done"]


def test_labels_of_the_repository(repo: Repository, bot: Any) -> None:
    made = bot("POST", "/labels", {"name": "agent-fix", "color": "f29513", "description": "Start a fix"})
    assert (made.status_code, made.json()["color"]) == (201, "f29513")
    again = bot("POST", "/labels", {"name": "Agent-Fix"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "already_exists")
    assert bot("PATCH", "/labels/agent-fix", {"new_name": "agent-mend"}).json()["name"] == "agent-mend"
    assert [found["name"] for found in bot("GET", "/labels").json()] == ["agent-mend"]
    assert bot("POST", "/labels", {"name": "x" * 51}).status_code == 422
    assert bot("GET", "/labels/agent-mend").status_code == 200
    assert bot("DELETE", "/labels/agent-mend").status_code == 204


def test_reacting_twice_answers_200_and_one_reaction(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "Divide by zero")
    comment = github.contributor.comment(issue, "/agent fix")
    for target in (f"/issues/{issue.number}", f"/issues/comments/{comment.id}"):
        first = bot("POST", f"{target}/reactions", {"content": "eyes"})
        assert first.status_code == 201
        assert bot("POST", f"{target}/reactions", {"content": "eyes"}).status_code == 200
        assert len(bot("GET", f"{target}/reactions").json()) == 1
    assert [(r.content, r.author) for r in issue.reactions] == [("eyes", "lamplighter[bot]")]
    assert bot("DELETE", f"/issues/{issue.number}/reactions/{issue.reactions[0].id}").status_code == 204
    assert issue.reactions == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/issues/1/comments", {"body": "x" * 65_537}),
        ("/issues/1/comments", {"body": " "}),
        ("/issues", {"title": "x" * 257}),
        ("/issues", {}),
    ],
)
def test_what_is_too_long_or_blank_is_a_422(
    github: Simulator, repo: Repository, bot: Any, path: str, body: Any
) -> None:
    github.maintainer.open_issue(repo, "One")
    assert bot("POST", path, body).status_code == 422


def test_state_assignees_and_events_of_an_issue(github: Simulator, repo: Repository, bot: Any) -> None:
    made = bot("POST", "/issues", {"title": "Nightly", "labels": ["report"], "body": "All well."}).json()
    number = made["number"]
    answer = bot("POST", f"/issues/{number}/assignees", {"assignees": ["maya", "otto", "nobody"]})
    assert [found["login"] for found in answer.json()["assignees"]] == ["maya"]
    closed = bot("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "not_planned", "title": "Night"})
    assert (closed.json()["state"], closed.json()["title"]) == ("closed", "Night")
    assert bot("PATCH", f"/issues/{number}", {"state": "open"}).json()["state_reason"] == "reopened"
    github.reader.comment(repo.issues[0], "Good morning")
    happened = [event["event"] for event in bot("GET", f"/issues/{number}/events").json()]
    assert happened == ["labeled", "assigned", "renamed", "closed", "reopened"]
    assert bot("GET", f"/issues/{number}/timeline").json()[-1]["body"] == "Good morning"
    assert bot("DELETE", f"/issues/{number}/assignees", {"assignees": ["maya"]}).json()["assignees"] == []


def test_locked_issue_takes_no_comment_of_a_reader(github: Simulator, repo: Repository) -> None:
    issue = github.maintainer.open_issue(repo, "Hot")
    github.maintainer.lock(issue)
    with pytest.raises(Exception, match="locked"):
        github.reader.comment(issue, "!")
