"""Pull requests and the branches they stand on: forks, pushes by people, renaming, merging, what is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from app.simulator import Pull, Repository, Simulator
from app.simulator.http import ApiError
from app.simulator.records import Protection

FIXED = "def divide(a, b):\n    if b == 0:\n        return None\n    return a / b\n"


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    github.contributor.push(repo, "topic", {"calc.py": FIXED}, "Guard against zero")
    return github.contributor.open_pull(repo, "topic", "Guard against zero")


def told(github: Simulator) -> list[str]:
    """The waiting deliveries, which are taken away."""
    names = [f"{found.event}.{found.action}" if found.action else found.event for found in github.pending]
    github.pending.clear()
    return names


def state(bot: Any, pull: Pull) -> tuple[bool | None, str]:
    bot("GET", f"/pulls/{pull.number}")
    bot.api.clock.advance(seconds=2)
    shown = bot("GET", f"/pulls/{pull.number}").json()
    return shown["mergeable"], shown["mergeable_state"]


def test_pull_request_from_a_fork(github: Simulator, repo: Repository, bot: Any) -> None:
    fork = github.outsider.fork(repo)
    sha = github.outsider.push(fork, "main", {"calc.py": FIXED})
    assert repo.branches["main"] != sha
    github.pending.clear()
    pull = github.outsider.open_pull(repo, "main", "From outside", fork=fork)
    shown = bot("GET", f"/pulls/{pull.number}").json()
    head = shown["head"]
    assert (head["label"], head["repo"]["full_name"], head["repo"]["fork"]) == ("otto:main", "otto/calc", True)
    assert (shown["base"]["repo"]["full_name"], shown["maintainer_can_modify"]) == ("acme/calc", True)
    assert bot("GET", "/pulls?head=otto:main").json()[0]["number"] == pull.number
    assert bot("GET", f"/git/ref/pull/{pull.number}/head").json()["object"]["sha"] == sha
    assert bot("GET", f"/git/commits/{sha}").status_code == 200
    assert bot.api.call(bot.token, "GET", "/repos/otto/calc").status_code == 404
    assert bot("GET", f"/commits/{sha}/pulls").json() == []
    newer = github.outsider.push(fork, "main", {"a.txt": "a"})
    assert told(github) == ["pull_request.opened", "pull_request.synchronize"]
    assert pull.head_sha == newer == bot("GET", f"/git/ref/pull/{pull.number}/head").json()["object"]["sha"]
    suite = github.report_check(repo, newer, "test", "failure")
    assert bot("GET", f"/check-runs/{suite.id}").json()["pull_requests"] == []
    run = github.ci.fail(repo, newer, event="pull_request")
    shown = bot("GET", f"/actions/runs/{run.id}").json()
    assert (shown["head_repository"]["full_name"], shown["pull_requests"]) == ("otto/calc", [])
    github.outsider.delete_repository(fork)
    assert bot("GET", f"/pulls/{pull.number}").json()["head"]["repo"] is None


def test_people_push_onto_the_branch_and_over_it(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    github.pending.clear()
    before = pull.head_sha
    sha = github.maintainer.push(repo, "topic", {"b.txt": "b"})
    [push, synchronize] = [found.payload for found in github.pending if found.event in ("push", "pull_request")]
    assert (push["forced"], synchronize["before"], synchronize["after"]) == (False, before, sha)
    assert synchronize["sender"]["login"] == "maya"
    github.pending.clear()
    forced = github.contributor.force_push(repo, "topic", {"c.txt": "c"})
    [push, synchronize] = [found.payload for found in github.pending if found.event in ("push", "pull_request")]
    assert (push["forced"], push["before"], push["after"]) == (True, sha, forced)
    assert [file.filename for file in pull.files] == ["c.txt"]
    assert bot("GET", f"/issues/{pull.number}/events").json()[-1]["event"] == "head_ref_force_pushed"


def test_retarget_tells_where_it_went_before(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    base = pull.base_sha
    github.maintainer.push(repo, "stable", {"stable.txt": "s"})
    github.pending.clear()
    github.maintainer.retarget(pull, "stable")
    [edited] = [found.payload for found in github.pending]
    assert edited["changes"] == {"base": {"ref": {"from": "main"}, "sha": {"from": base}}}
    assert edited["pull_request"]["base"]["ref"] == "stable"
    assert bot("PATCH", f"/pulls/{pull.number}", {"base": "nowhere"}).status_code == 422
    assert bot("PATCH", f"/pulls/{pull.number}", {"base": "topic"}).status_code == 422
    assert bot("PATCH", f"/pulls/{pull.number}", {"base": "main"}).json()["base"]["ref"] == "main"


def test_renaming_a_branch_moves_what_goes_to_it_and_closes_what_comes_from_it(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    github.pending.clear()
    github.owner.rename_branch(repo, "main", "trunk")
    assert (repo.default_branch, pull.base, pull.state) == ("trunk", "trunk", "open")
    names = told(github)
    assert {"pull_request.edited", "create", "delete", "repository.edited"} <= set(names)
    moved = bot("GET", "/branches/main")
    assert (moved.status_code, moved.headers["location"][-7:]) == (301, "s/trunk")
    github.contributor.rename_branch(repo, "topic", "guard")
    assert (pull.state, pull.merged, sorted(repo.branches)) == ("closed", False, ["guard", "trunk"])
    assert "pull_request.closed" in told(github)


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_three_ways_to_merge(
    github: Simulator, repo: Repository, pull: Pull, bot: Any, method: str, parents: int
) -> None:
    github.maintainer.push(repo, "main", {"meanwhile.txt": "m"})
    github.contributor.push(repo, "topic", {"two.txt": "2"}, "Second")
    sha = github.maintainer.merge(pull, method=method, delete_branch=True)
    assert len(repo.commit(sha).parents) == parents
    assert {"meanwhile.txt", "two.txt"} <= set(repo.tree("main"))
    assert repo.file("main", "calc.py") == FIXED.encode()
    expected = {
        "merge": "Merge pull request #1 from acme/topic",
        "squash": "Guard against zero (#1)",
        "rebase": "Second",
    }
    assert repo.commit(sha).message.splitlines()[0] == expected[method]
    shown = bot("GET", f"/pulls/{pull.number}").json()
    assert (shown["merged"], shown["merge_commit_sha"], shown["mergeable_state"]) == (True, sha, "unknown")
    assert "topic" not in repo.branches


def test_what_is_stacked_on_a_merged_branch_goes_where_that_went(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    github.contributor.push(repo, "upper", {"upper.txt": "u"}, start="topic")
    upper = github.contributor.open_pull(repo, "upper", "On top", base="topic")
    github.maintainer.merge(pull)
    github.pending.clear()
    github.contributor.delete_branch(repo, "topic")
    assert (upper.state, upper.base) == ("open", "main")
    assert "pull_request.edited" in told(github)


def test_commits_pushed_to_the_base_count_as_merged(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    assert bot("PATCH", "/git/refs/heads/main", {"sha": pull.head_sha}).status_code == 200
    assert (pull.merged, pull.state) == (True, "closed")


def test_closed_branch_that_was_begun_anew_cannot_be_reopened(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    github.maintainer.close(pull)
    github.contributor.force_push(repo, "topic", {"c.txt": "c"})
    assert bot("PATCH", f"/pulls/{pull.number}", {"state": "open"}).status_code == 422


def test_what_stands_in_the_way_of_a_merge(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    assert state(bot, pull) == (True, "clean")
    github.report_check(repo, pull.head_sha, "lint", None)
    assert state(bot, pull) == (True, "unstable")
    repo.protection["main"] = Protection(required_approvals=1, required_checks=("test",))
    assert state(bot, pull) == (True, "blocked")
    github.maintainer.review(pull, "approved")
    assert state(bot, pull) == (True, "blocked")
    assert bot("PUT", f"/pulls/{pull.number}/merge", {}).status_code == 405
    github.report_check(repo, pull.head_sha, "test", "success")
    github.report_check(repo, pull.head_sha, "lint", "success")
    assert state(bot, pull) == (True, "clean")
    github.maintainer.review(pull, "changes_requested", "No.")
    assert state(bot, pull) == (True, "blocked")
    github.maintainer.dismiss_review(pull, pull.reviews[-1])
    github.maintainer.review(pull, "approved")
    github.maintainer.push(repo, "main", {"new.txt": "n"})
    assert state(bot, pull) == (True, "behind")
    github.contributor.convert_to_draft(pull)
    assert state(bot, pull) == (True, "draft")
    github.maintainer.push(repo, "main", {"calc.py": "def divide():\n    return 1\n"})
    assert state(bot, pull) == (False, "dirty")


def test_trial_merge_is_a_commit(github: Simulator, repo: Repository, pull: Pull, bot: Any, clock: Any) -> None:
    assert state(bot, pull)[0] is True
    sha = bot("GET", f"/pulls/{pull.number}").json()["merge_commit_sha"]
    assert repo.commit(sha).parents == (pull.base_sha, pull.head_sha)
    github.maintainer.push(repo, "main", {"new.txt": "n"})
    assert bot("GET", f"/pulls/{pull.number}").json()["mergeable"] is None


def test_update_branch_merges_the_base(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    github.maintainer.push(repo, "main", {"new.txt": "n"})
    wrong = bot("PUT", f"/pulls/{pull.number}/update-branch", {"expected_head_sha": "0" * 40})
    assert wrong.status_code == 422
    assert bot("PUT", f"/pulls/{pull.number}/update-branch", {"expected_head_sha": pull.head_sha}).status_code == 202
    assert "new.txt" in repo.tree("topic")
    github.maintainer.push(repo, "main", {"calc.py": "x = 1\n"})
    with pytest.raises(ApiError, match="conflict"):
        github.maintainer.update_branch(pull)


@pytest.mark.parametrize(("permissions", "count"), [({}, 1), ({"issues": "read", "metadata": "read"}, 0)])
def test_a_search_finds_the_pull_requests_of_an_app_for_a_token_that_may_read_them(
    github: Simulator, repo: Repository, api: Any, bot: Any, permissions: dict[str, str], count: int
) -> None:
    bot.branch("agent/1-fix", {"calc.py": FIXED})
    bot("POST", "/pulls", {"title": "Guard", "body": "It guards.", "head": "agent/1-fix", "base": "main"})
    github.contributor.push(repo, "topic", {"calc.py": FIXED}, "Guard against zero")
    github.contributor.open_pull(repo, "topic", "Guard against zero")
    token = api.token(repo, permissions=permissions) if permissions else bot.token
    asked = f"/search/issues?q=is:pr+is:open+author:app/{github.app.slug}+user:acme"
    found = api.call(token, "GET", asked).json()["items"]
    assert [row["user"]["login"] for row in found] == [f"{github.app.slug}[bot]"] * count
