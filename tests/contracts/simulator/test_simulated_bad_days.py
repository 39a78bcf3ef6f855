"""Faults before and after the effect, stale lists, limits; deliveries lost, doubled, reordered and asked for again."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from app.simulator import Delivery, Repository, Simulator
from app.simulator.deliveries import signature


def test_fault_before_the_effect_leaves_nothing(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "One")
    fault = github.faults.add("POST /repos/*/issues/*/comments", status=502, when="before")
    assert bot("POST", "/issues/1/comments", {"body": "Hello"}).status_code == 502
    assert (issue.comments, fault.hits) == ([], 1)
    assert bot("POST", "/issues/1/comments", {"body": "Hello"}).status_code == 201


def test_fault_after_the_effect_loses_only_the_answer(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "One")
    github.faults.add("POST /repos/*/issues/*/comments", status=502, when="after")
    github.faults.add("PATCH *", drop=True, when="after")
    assert bot("POST", "/issues/1/comments", {"body": "Hello"}).status_code == 502
    assert [comment.body for comment in issue.comments] == ["Hello"]
    with pytest.raises(httpx.RemoteProtocolError):
        bot("PATCH", f"/issues/comments/{issue.comments[0].id}", {"body": "Changed"})
    assert issue.comments[0].body == "Changed"
    assert [(found.method, found.status) for found in github.requests[-2:]] == [("POST", 502), ("PATCH", 0)]
    assert github.requests[-1].json() == {"body": "Changed"}


def test_fault_can_wait_and_repeat(github: Simulator, repo: Repository, bot: Any) -> None:
    github.faults.add("GET /repos/acme/calc", status=503, times=2, skip=1)
    assert [bot("GET", "").status_code for _ in range(4)] == [200, 503, 503, 200]
    github.faults.add("GET /repos/acme/calc", times=None)
    github.faults.clear()
    assert bot("GET", "").status_code == 200


def test_rate_limits(github: Simulator, repo: Repository, bot: Any, clock: Any) -> None:
    github.faults.secondary_limit("POST *", retry_after=60)
    limited = bot("POST", "/issues", {"title": "x"})
    assert (limited.status_code, limited.headers["retry-after"]) == (403, "60")
    assert "secondary rate limit" in limited.json()["message"]
    github.faults.secondary_limit(status=429, retry_after=None)
    assert bot("GET", "").status_code == 429
    github.faults.primary_limit(reset_at=int(clock().timestamp()) + 60)
    limited = bot("GET", "")
    assert (limited.status_code, limited.headers["x-ratelimit-remaining"]) == (403, "0")


def test_new_things_are_missing_from_lists_until_time_has_passed(
    github: Simulator, repo: Repository, bot: Any, clock: Any
) -> None:
    issue = github.maintainer.open_issue(repo, "One")
    github.reader.comment(issue, "old")
    github.stale_lists(5)
    made = bot("POST", "/issues/1/comments", {"body": "new"}).json()
    sha = bot.branch("topic", {"a.txt": "a"})
    bot("POST", "/pulls", {"head": "topic", "base": "main", "title": "x"})
    bot("POST", "/check-runs", {"name": "lamplighter", "head_sha": sha})
    lists = ("/issues/1/comments", "/pulls", "/issues?state=all")
    assert [len(bot("GET", path).json()) for path in lists] == [1, 0, 1]
    assert bot("GET", f"/commits/{sha}/check-runs").json()["total_count"] == 0
    assert bot("GET", f"/issues/comments/{made['id']}").status_code == 200
    clock.advance(seconds=6)
    assert [len(bot("GET", path).json()) for path in lists] == [2, 1, 2]
    assert bot("GET", f"/commits/{sha}/check-runs").json()["total_count"] == 1


def test_what_lags_is_there_when_its_time_has_passed_since_somebody_looked(
    github: Simulator, repo: Repository, bot: Any, clock: Any
) -> None:
    github.maintainer.open_issue(repo, "One")
    fault = github.faults.lag("GET /repos/*/*/issues/1", seconds=20)
    clock.advance(seconds=60)
    assert bot("GET", "/issues/1").status_code == 404
    clock.advance(seconds=19)
    assert bot("GET", "/issues/1").status_code == 404
    assert bot("GET", "/issues/1/comments").status_code == 200
    clock.advance(seconds=2)
    assert bot("GET", "/issues/1").status_code == 200
    assert fault.hits == 2


# --- deliveries


class Door:
    """Takes deliveries and answers as told."""

    def __init__(self, status: int = 202) -> None:
        self.status, self.got = status, list[Delivery]()

    def __call__(self, delivery: Delivery) -> tuple[int, str]:
        self.got.append(delivery)
        return self.status, '{"decision": "ignore"}'

    def events(self) -> list[str]:
        return [f"{found.event}.{found.action}" if found.action else found.event for found in self.got]


@pytest.fixture
def door(github: Simulator, repo: Repository) -> Door:
    door = Door()
    github.deliver = door
    github.deliver_pending()
    door.got.clear()
    return door


def test_delivery_is_signed_and_says_what_github_says(github: Simulator, repo: Repository, door: Door) -> None:
    github.maintainer.open_issue(repo, "Ünïcode")
    assert github.deliver_pending() == 1
    [delivery] = door.got
    assert delivery.headers["X-Hub-Signature-256"] == signature(github.app.webhook_secret, delivery.body)
    assert delivery.headers["X-GitHub-Event"] == "issues"
    assert delivery.headers["X-GitHub-Delivery"] == delivery.guid
    assert delivery.headers["User-Agent"].startswith("GitHub-Hookshot/")
    payload = json.loads(delivery.body)
    assert payload == delivery.payload
    assert (payload["sender"]["login"], payload["organization"]["login"]) == ("maya", "acme")
    assert payload["installation"]["id"] == next(iter(github.world.installations))


def test_payload_is_what_the_api_answers(github: Simulator, repo: Repository, door: Door, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "One", labels=["bug"])
    comment = github.reader.comment(issue, "Hello")
    github.deliver_pending()
    payload = door.got[-1].payload
    assert payload["issue"] == bot("GET", f"/issues/{issue.number}").json()
    assert payload["comment"] == bot("GET", f"/issues/comments/{comment.id}").json()


def test_deeds_of_people_and_bot_are_told(github: Simulator, repo: Repository, door: Door, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "One", labels=["bug"])
    bot("POST", f"/issues/{issue.number}/comments", {"body": "Hello"})
    github.maintainer.unlabel(issue, "bug")
    github.maintainer.close(issue)
    github.maintainer.reopen(issue)
    bot.branch("topic", {"a.txt": "a"})
    bot("POST", "/pulls", {"head": "topic", "base": "main", "title": "x", "draft": True})
    [pull] = repo.pulls
    github.contributor.push(repo, "topic", {"b.txt": "b"})
    github.maintainer.ready_for_review(pull)
    github.maintainer.review(pull, "approved", comments=[("a.txt", 1, "Nice")])
    github.maintainer.merge(pull)
    github.deliver_pending()
    assert door.events() == [
        *("issues.opened", "issues.labeled", "issue_comment.created", "issues.unlabeled"),
        *("issues.closed", "issues.reopened", "create", "push", "check_suite.requested", "pull_request.opened"),
        *("push", "check_suite.requested", "pull_request.synchronize", "pull_request.ready_for_review"),
        *("pull_request_review.submitted", "pull_request_review_comment.created"),
        *("push", "check_suite.requested", "pull_request.closed"),
    ]
    assert door.got[2].payload["sender"]["type"] == "Bot"
    pushed = next(found.payload for found in door.got if found.event == "push" and found.payload["commits"])
    assert pushed["head_commit"]["added"] == ["a.txt"]


def test_installation_events(github: Simulator, repo: Repository, door: Door) -> None:
    other = github.repository("acme/other", files={"a": "b"}, announce=True)
    github.owner.remove_from_installation(other)
    github.owner.suspend(repo)
    github.maintainer.open_issue(repo, "Not heard")
    github.owner.unsuspend(repo)
    github.owner.rename_repository(repo, "sums")
    github.ping()
    github.owner.uninstall(repo)
    github.deliver_pending()
    assert door.events() == [
        *("installation_repositories.added", "installation_repositories.removed", "installation.suspend"),
        *("installation.unsuspend", "repository.renamed", "ping", "installation.deleted"),
    ]


def test_button_of_a_check_run_is_told(github: Simulator, repo: Repository, door: Door, bot: Any) -> None:
    button = {"label": "Stop", "description": "Stop the run", "identifier": "stop"}
    bot("POST", "/check-runs", {"name": "lamplighter", "head_sha": repo.branches["main"], "actions": [button]})
    github.maintainer.press(repo, repo.runs[0], "stop")
    github.report_check(repo, repo.branches["main"], "test", "failure")
    github.deliver_pending()
    events = [*("check_run.created", "check_run.requested_action"), *("check_run.created", "check_run.completed")]
    assert door.events() == [*events, "check_suite.completed"]
    assert door.got[1].payload["requested_action"] == {"identifier": "stop"}
    assert door.got[4].payload["check_suite"]["conclusion"] == "failure"


def test_redelivery_keeps_the_guid(github: Simulator, repo: Repository, door: Door, api: Any) -> None:
    door.status = 503
    github.maintainer.open_issue(repo, "One")
    github.deliver_pending()
    [failed] = api.app("GET", "/app/hook/deliveries?status=failure").json()
    assert (failed["status_code"], failed["event"], failed["redelivery"]) == (503, "issues", False)
    whole = api.app("GET", f"/app/hook/deliveries/{failed['id']}").json()
    assert whole["request"]["payload"]["issue"]["title"] == "One"
    assert whole["request"]["headers"]["X-GitHub-Event"] == "issues"
    door.status = 202
    assert api.app("POST", f"/app/hook/deliveries/{failed['id']}/attempts").status_code == 202
    github.deliver_pending()
    again = door.got[-1]
    assert (again.guid, again.redelivery, again.body) == (failed["guid"], True, door.got[0].body)
    assert api.app("GET", "/app/hook/deliveries").json()[0]["status"] == "Accepted"


def test_delivery_log_is_paged_by_cursor(github: Simulator, repo: Repository, door: Door, api: Any) -> None:
    for number in range(4):
        github.maintainer.open_issue(repo, f"Issue {number}")
    github.deliver_pending()
    first = api.app("GET", "/app/hook/deliveries?per_page=3")
    assert len(first.json()) == 3
    second = api.app("GET", first.links["next"]["url"])
    assert len(second.json()) == 2  # the last and the installation
    assert "next" not in second.links
    assert api.app("GET", "/app/hook/config").json()["content_type"] == "json"


def test_redelivery_mode_lost_and_reordered(github: Simulator, repo: Repository, door: Door) -> None:
    github.redelivery_mode = True
    github.maintainer.open_issue(repo, "One", labels=["bug"])
    assert github.deliver_pending() == 4
    assert door.events() == [*["issues.opened"] * 2, *["issues.labeled"] * 2]
    assert len({found.guid for found in door.got}) == 2
    github.redelivery_mode = False
    door.got.clear()
    github.lose_next(event="issues")
    github.maintainer.open_issue(repo, "Two")
    github.deliver_pending()
    assert door.got == []
    assert (github.deliveries[-1].is_lost, github.deliveries[-1].status) == (True, 0)
    issue = github.maintainer.open_issue(repo, "Three")
    github.reader.comment(issue, "Hello")
    github.reorder_pending()
    github.deliver_pending()
    assert door.events() == ["issue_comment.created", "issues.opened"]


def test_error_in_the_door_reaches_the_test(github: Simulator, repo: Repository) -> None:
    def broken(_: Delivery) -> tuple[int, str]:
        raise ZeroDivisionError

    github.deliver = broken
    with pytest.raises(ZeroDivisionError):
        github.deliver_pending()
