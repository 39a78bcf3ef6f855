"""Pull requests with real diffs, reviews, merges and checks."""

from __future__ import annotations

from typing import Any

import pytest

from app.simulator import Pull, Repository, Simulator
from app.simulator.http import ApiError

FIXED = "def divide(a, b):\n    if b == 0:\n        return None\n    return a / b\n"


@pytest.fixture
def pull(repo: Repository, bot: Any) -> Pull:
    bot.branch("agent/1-fix", {"calc.py": FIXED, "tests/test_zero.py": "pass\n"})
    body = {"head": "agent/1-fix", "base": "main", "title": "Fix it", "body": "Fixes #1", "draft": True}
    assert bot("POST", "/pulls", body).status_code == 201
    return repo.pulls[0]


def looked(bot: Any, pull: Pull) -> Any:
    """The pull request after GitHub had time to try the merge: who looks first is told that it does not know."""
    first = bot("GET", f"/pulls/{pull.number}").json()
    assert (first["mergeable"], first["mergeable_state"], first["merge_commit_sha"]) == (None, "unknown", None)
    bot.api.clock.advance(seconds=2)
    return bot("GET", f"/pulls/{pull.number}").json()


def test_pull_request_shows_what_git_says(pull: Pull, bot: Any) -> None:
    shown = looked(bot, pull)
    assert (shown["draft"], shown["additions"], shown["changed_files"], shown["mergeable"]) == (True, 3, 2, True)
    files = {found["filename"]: found for found in bot("GET", f"/pulls/{pull.number}/files").json()}
    assert files["calc.py"]["patch"].splitlines()[0] == "@@ -1,2 +1,4 @@"
    assert files["tests/test_zero.py"]["status"] == "added"
    [commit] = bot("GET", f"/pulls/{pull.number}/commits").json()
    assert commit["commit"]["verification"]["verified"] is True
    assert [(c.author, c.verified) for c in pull.commits] == [("lamplighter[bot]", True)]
    assert [f.filename for f in pull.files] == ["calc.py", "tests/test_zero.py"]
    diff = bot("GET", f"/pulls/{pull.number}", Accept="application/vnd.github.diff").text
    assert diff.startswith("diff --git a/calc.py b/calc.py")


def test_pull_request_is_found_by_its_branch_and_is_an_issue_too(pull: Pull, bot: Any) -> None:
    assert [found["number"] for found in bot("GET", "/pulls?head=acme:agent/1-fix").json()] == [pull.number]
    assert bot("GET", "/pulls?head=acme:other").json() == []
    assert bot("GET", f"/issues/{pull.number}").json()["pull_request"]["merged_at"] is None
    bot("POST", f"/issues/{pull.number}/labels", {"labels": ["agent:done"]})
    assert pull.labels == ["agent:done"]
    assert [found["number"] for found in bot("GET", f"/commits/{pull.head_sha}/pulls").json()] == [pull.number]


def test_second_pull_request_for_the_branch_is_a_422(pull: Pull, bot: Any) -> None:
    again = bot("POST", "/pulls", {"head": "agent/1-fix", "base": "main", "title": "Again"})
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for acme:agent/1-fix."


def test_pull_request_that_makes_no_sense_is_a_422(repo: Repository, bot: Any) -> None:
    bot("POST", "/git/refs", {"ref": "refs/heads/same", "sha": repo.branches["main"]})
    for head, words in (("same", "No commits between main and same"), ("nothing", "Validation Failed")):
        answer = bot("POST", "/pulls", {"head": head, "base": "main", "title": "x"})
        assert answer.status_code == 422
        assert words in answer.text


def test_draft_ends_and_returns_by_graphql(pull: Pull, bot: Any) -> None:
    node = bot("GET", f"/pulls/{pull.number}").json()["node_id"]
    for mutation, draft in (("markPullRequestReadyForReview", False), ("convertPullRequestToDraft", True)):
        query = f"mutation($id: ID!) {{ {mutation}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft }} }} }}"
        body = {"query": query, "variables": {"id": node}}
        answer = bot.api.call(bot.token, "POST", "/graphql", body).json()
        assert answer["data"][mutation]["pullRequest"]["isDraft"] is draft
        assert pull.draft is draft


def test_reviewers_are_asked_and_review(pull: Pull, bot: Any, github: Simulator) -> None:
    answer = bot("POST", f"/pulls/{pull.number}/requested_reviewers", {"reviewers": ["maya"]})
    assert answer.status_code == 201
    assert pull.requested_reviewers == ["maya"]
    assert bot("POST", f"/pulls/{pull.number}/requested_reviewers", {"reviewers": ["otto"]}).status_code == 422
    review = github.maintainer.review(pull, "changes_requested", "Not yet.", comments=[("calc.py", 2, "Why None?")])
    assert pull.requested_reviewers == []
    [shown] = bot("GET", f"/pulls/{pull.number}/reviews").json()
    assert (shown["state"], shown["user"]["login"], shown["body"]) == ("CHANGES_REQUESTED", "maya", "Not yet.")
    [inline] = bot("GET", f"/pulls/{pull.number}/reviews/{review.id}/comments").json()
    assert (inline["path"], inline["body"]) == ("calc.py", "Why None?")
    [whole] = bot("GET", f"/pulls/{pull.number}/comments").json()
    assert (whole["id"], whole["line"]) == (inline["id"], 2)
    reply = bot("POST", f"/pulls/{pull.number}/comments/{inline['id']}/replies", {"body": "Because."}).json()
    assert reply["in_reply_to_id"] == inline["id"]
    assert bot("GET", f"/pulls/comments/{inline['id']}").json()["body"] == "Why None?"
    assert bot("POST", f"/pulls/comments/{inline['id']}/reactions", {"content": "+1"}).status_code == 201
    asked = bot("POST", f"/pulls/{pull.number}/requested_reviewers", {"reviewers": ["carl"]}).json()
    assert [user["login"] for user in asked["requested_reviewers"]] == ["carl"]
    assert bot("GET", f"/pulls/{pull.number}/requested_reviewers").json()["users"][0]["login"] == "carl"
    bot("DELETE", f"/pulls/{pull.number}/requested_reviewers", {"reviewers": ["carl"]})
    assert pull.requested_reviewers == []


def test_bot_cannot_approve_its_own_pull_request(pull: Pull, bot: Any) -> None:
    assert bot("POST", f"/pulls/{pull.number}/reviews", {"event": "APPROVE"}).status_code == 422
    comment = bot("POST", f"/pulls/{pull.number}/reviews", {"event": "COMMENT", "body": "Look here."})
    assert (comment.status_code, comment.json()["state"]) == (200, "COMMENTED")


def test_merge_by_a_person_closes_the_named_issue(repo: Repository, bot: Any, github: Simulator) -> None:
    issue = github.maintainer.open_issue(repo, "Divide by zero")
    bot.branch("agent/1-fix", {"calc.py": FIXED})
    body = {"head": "agent/1-fix", "base": "main", "title": "Fix it", "body": f"Fixes #{issue.number}", "draft": True}
    number = bot("POST", "/pulls", body).json()["number"]
    [pull] = repo.pulls
    sha = github.maintainer.merge(pull)
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert repo.branches["main"] == sha
    assert repo.file("main", "calc.py") == FIXED.encode()
    shown = bot("GET", f"/pulls/{number}").json()
    assert (shown["merged"], shown["state"], shown["merged_by"]["login"]) == (True, "closed", "maya")
    assert shown["changed_files"] == 1
    assert bot("GET", f"/pulls/{number}/merge").status_code == 204


def test_conflict_is_seen_and_refused(pull: Pull, repo: Repository, bot: Any, github: Simulator) -> None:
    github.contributor.push(repo, "main", {"calc.py": "def divide():\n    raise NotImplementedError\n"})
    shown = looked(bot, pull)
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")
    with pytest.raises(ApiError, match="not mergeable"):
        github.maintainer.merge(pull)


def test_title_body_and_state_change(pull: Pull, bot: Any, repo: Repository, github: Simulator) -> None:
    bot("PATCH", f"/pulls/{pull.number}", {"title": "Better", "body": "Words"})
    assert (pull.title, pull.body) == ("Better", "Words")
    assert bot("PATCH", f"/pulls/{pull.number}", {"state": "closed"}).json()["state"] == "closed"
    assert bot("PATCH", f"/pulls/{pull.number}", {"state": "open"}).json()["state"] == "open"
    github.contributor.delete_branch(repo, "agent/1-fix")
    assert pull.state == "closed"
    assert bot("GET", f"/pulls/{pull.number}").status_code == 200
    assert bot("PATCH", f"/pulls/{pull.number}", {"state": "open"}).status_code == 422


# --- checks


NOTE = {"path": "calc.py", "start_line": 1, "end_line": 2, "annotation_level": "warning", "message": "Look"}


def test_check_run_lives(repo: Repository, bot: Any) -> None:
    sha = repo.branches["main"]
    body = {"name": "lamplighter", "head_sha": sha, "status": "in_progress", "external_id": "run-1"}
    run = bot("POST", "/check-runs", body).json()
    assert (run["status"], run["conclusion"], run["app"]["slug"]) == ("in_progress", None, "lamplighter")
    output = {"title": "Done", "summary": "All well", "annotations": [NOTE]}
    buttons = [{"label": "Retry", "description": "Run it again", "identifier": "retry"}]
    body = {"status": "completed", "conclusion": "success", "output": output, "actions": buttons}
    done = bot("PATCH", f"/check-runs/{run['id']}", body).json()
    assert (done["conclusion"], done["output"]["annotations_count"]) == ("success", 1)
    assert bot("GET", f"/check-runs/{run['id']}/annotations").json()[0]["message"] == "Look"
    listed = bot("GET", f"/commits/{sha}/check-runs?check_name=lamplighter").json()
    assert [(found["external_id"], found["id"]) for found in listed["check_runs"]] == [("run-1", run["id"])]
    assert bot("GET", f"/commits/{sha}/check-runs?check_name=other").json()["total_count"] == 0
    [suite] = bot("GET", f"/commits/{sha}/check-suites").json()["check_suites"]
    assert (suite["conclusion"], suite["head_branch"]) == ("success", "main")
    assert bot("GET", f"/check-suites/{suite['id']}").json() == suite
    assert bot("GET", f"/check-suites/{suite['id']}/check-runs").json()["total_count"] == 1
    assert bot("GET", f"/check-runs/{run['id']}").json() == done
    assert [(r.name, r.conclusion) for r in repo.check_runs(sha)] == [("lamplighter", "success")]
    assert bot("GET", f"/commits/{sha}/status").json()["state"] == "pending"


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": {"title": "t", "summary": "x" * 65_536}},
        {"output": {"title": "t", "summary": "s", "text": "x" * 65_536}},
        {"output": {"title": "t", "summary": "s", "annotations": [{}] * 51}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"message": "x" * 65_537}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"title": "x" * 256}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"message": ""}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"start_line": 0}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"start_line": 3}]}},
        {"conclusion": "splendid"},
        {"status": "completed"},
        {"head_sha": "0" * 40},
        {"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]},
        {"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4},
    ],
)
def test_check_run_over_a_limit_is_a_422(repo: Repository, bot: Any, wrong: dict[str, Any]) -> None:
    body = {"name": "lamplighter", "head_sha": repo.branches["main"], **wrong}
    assert bot("POST", "/check-runs", body).status_code == 422


def test_check_run_of_another_app_is_seen_but_not_changed(repo: Repository, bot: Any, github: Simulator) -> None:
    sha = repo.branches["main"]
    run = github.report_check(repo, sha, "test", None)
    github.report_check(repo, sha, "test", "failure", text="boom")
    [shown] = bot("GET", f"/commits/{sha}/check-runs").json()["check_runs"]
    assert (shown["app"]["slug"], shown["conclusion"]) == ("github-actions", "failure")
    assert bot("PATCH", f"/check-runs/{run.id}", {"status": "queued"}).status_code == 403
