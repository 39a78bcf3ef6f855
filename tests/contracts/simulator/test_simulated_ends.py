"""How work ends on GitHub's side: merge queues; issues moved, deleted, locked; repositories made read-only."""

from __future__ import annotations

from typing import Any

import pytest

from app.simulator import Pull, Repository, Simulator
from app.simulator.http import ApiError
from app.simulator.records import Protection


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    github.world.installation_of(repo).permissions["merge_queues"] = "read"
    repo.protection["main"] = Protection(required_approvals=0, required_checks=("test",))
    github.contributor.push(repo, "topic", {"a.txt": "a"})
    made = github.contributor.open_pull(repo, "topic", "Add a")
    github.pending.clear()
    return made


def told(github: Simulator) -> list[str]:
    names = [f"{found.event}.{found.action}" if found.action else found.event for found in github.pending]
    github.pending.clear()
    return names


def test_group_is_checked_and_becomes_the_branch(github: Simulator, repo: Repository, pull: Pull) -> None:
    group = github.maintainer.enqueue(pull)
    asked = next(found.payload for found in github.pending if found.event == "merge_group")["merge_group"]
    assert asked["head_ref"] == f"refs/heads/gh-readonly-queue/main/pr-1-{repo.branches['main']}"
    assert (asked["head_sha"], asked["base_ref"]) == (group.head_sha, "refs/heads/main")
    names = ["pull_request.enqueued", "create", "push", "check_suite.requested", "merge_group.checks_requested"]
    assert told(github) == names
    github.ci.move_queue(repo)
    assert (group.is_waiting, told(github)) == (True, [])
    github.ci.check(repo, group.head_sha, "test", "success")
    github.pending.clear()
    github.ci.move_queue(repo)
    assert (pull.merged, repo.branches["main"], group.ended) == (True, group.head_sha, "merged")
    assert {"pull_request.dequeued", "pull_request.closed", "merge_group.destroyed"} <= set(told(github))
    assert not any(name.startswith("gh-readonly-queue") for name in repo.branches)


def test_second_group_stands_on_the_first_and_falls_with_it(github: Simulator, repo: Repository, pull: Pull) -> None:
    github.contributor.push(repo, "other", {"b.txt": "b"})
    second = github.contributor.open_pull(repo, "other", "Add b")
    one, two = github.maintainer.enqueue(pull), github.maintainer.enqueue(second)
    assert two.base_sha == one.head_sha
    github.ci.check(repo, one.head_sha, "test", "failure")
    github.pending.clear()
    github.ci.move_queue(repo)
    reasons = [found.payload["reason"] for found in github.pending if found.event == "merge_group"]
    assert reasons == ["dequeued", "invalidated"]
    assert (pull.state, second.state, one.ended, two.ended) == ("open", "open", "dequeued", "invalidated")


def test_group_that_nobody_checks_leaves_after_an_hour(
    github: Simulator, repo: Repository, pull: Pull, clock: Any
) -> None:
    group = github.maintainer.enqueue(pull)
    clock.advance(minutes=60)
    github.ci.move_queue(repo)
    assert group.ended == "dequeued"
    again = github.maintainer.enqueue(pull)
    github.maintainer.dequeue(repo, again)
    assert (again.ended, pull.state) == ("dequeued", "open")


def test_merge_groups_are_told_only_with_their_permission(github: Simulator, repo: Repository, pull: Pull) -> None:
    del github.world.installation_of(repo).permissions["merge_queues"]
    github.maintainer.enqueue(pull)
    assert "merge_group.checks_requested" not in told(github)


def test_moved_issue_takes_its_conversation_along(github: Simulator, repo: Repository, api: Any, bot: Any) -> None:
    target = github.repository("acme/other", files={"a": "b"}, labels=["bug"])
    issue = github.maintainer.open_issue(repo, "One", labels=["bug", "agent-fix"])
    said = github.reader.comment(issue, "Hello")
    github.pending.clear()
    new = github.maintainer.transfer(issue, target)
    opened, transferred = (found.payload for found in github.pending)
    assert (opened["action"], opened["changes"]["old_issue"]["number"]) == ("opened", issue.number)
    assert transferred["changes"]["new_repository"]["full_name"] == "acme/other"
    assert (new.labels, [comment.body for comment in new.comments]) == (["bug"], ["Hello"])
    narrow = api.token(repo, repositories=["calc"])
    assert api.call(narrow, "GET", f"/repos/acme/calc/issues/{issue.number}").status_code == 404
    wide = api.token(target)
    moved = api.call(wide, "GET", f"/repos/acme/calc/issues/{issue.number}")
    assert (moved.status_code, moved.headers["location"][-19:]) == (301, "acme/other/issues/1")
    for method, body in (("GET", None), ("POST", {"body": "x"})):
        assert api.call(wide, method, f"/repos/acme/calc/issues/{issue.number}/comments", body).status_code == 404
    assert bot("GET", f"/issues/comments/{said.id}").status_code == 404


def test_deleted_issue_is_gone(github: Simulator, repo: Repository, bot: Any) -> None:
    issue = github.maintainer.open_issue(repo, "One")
    github.maintainer.delete(issue)
    assert bot("GET", f"/issues/{issue.number}").status_code == 410
    assert bot("GET", "/issues/999").status_code == 404


def test_locked_pull_request_takes_no_review_of_the_bot(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    first = github.maintainer.comment_on_line(pull, "a.txt", 1, "Why?")
    github.maintainer.lock(pull)
    line = {"path": "a.txt", "line": 1, "body": "x"}
    assert bot("POST", f"/pulls/{pull.number}/comments/{first.id}/replies", {"body": "x"}).status_code == 403
    assert bot("POST", f"/pulls/{pull.number}/reviews", {"event": "COMMENT", "comments": [line]}).status_code == 403
    with pytest.raises(ApiError, match="locked"):
        github.reader.comment_on_line(pull, "a.txt", 1, "Me too")
    github.maintainer.unlock(pull)
    assert bot("POST", f"/pulls/{pull.number}/comments/{first.id}/replies", {"body": "x"}).status_code == 201
    pull.review_comments[-1].read()


def test_archived_repository_takes_nothing(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    first = github.maintainer.comment_on_line(pull, "a.txt", 1, "Why?")
    github.owner.archive(repo)
    for path, body in (
        (f"/pulls/{pull.number}/comments/{first.id}/replies", {"body": "x"}),
        ("/git/refs", {"ref": "refs/heads/x", "sha": pull.head_sha}),
        ("/check-runs", {"name": "lamplighter", "head_sha": pull.head_sha}),
    ):
        answer = bot("POST", path, body)
        assert (answer.status_code, answer.json()["message"]) == (403, "Repository was archived so is read-only.")
    assert bot("GET", f"/pulls/{pull.number}").json()["head"]["repo"]["archived"] is True
