"""Runs of workflows that are held, approved and cancelled, suites that are wanted again, the roll-up, former names."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from app.simulator import Pull, Repository, Simulator
from app.simulator.http import ApiError
from tests.contracts.simulator.test_simulated_actions import fetch, told

ROLLUP = """
query R($n: Int!) { repository(owner: "acme", name: "calc") { pullRequest(number: $n) { statusCheckRollup {
  state
  contexts(first: 10) { totalCount nodes {
    __typename ... on CheckRun { name conclusion status } ... on StatusContext { context state }
  } }
} } } }
"""


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    fork = github.outsider.fork(repo)
    github.outsider.push(fork, "topic", {"calc.py": "def divide(a, b):\n    return a // b\n"})
    made = github.outsider.open_pull(repo, "topic", "Whole numbers", fork=fork)
    github.pending.clear()
    return made


@pytest.fixture
def writer(github: Simulator, repo: Repository, bot: Any) -> Any:
    permissions = github.world.installation_of(repo).permissions
    permissions |= {"actions": "write", "statuses": "read"}
    bot.token = bot.api.token(repo)
    return bot


def test_a_run_of_a_fork_waits_until_somebody_approves_it(
    github: Simulator, repo: Repository, pull: Pull, writer: Any
) -> None:
    run = github.ci.start(repo, pull.head_sha, jobs=["lint", "test"], event="pull_request", is_held=True)
    assert told(github) == ["workflow_run.requested", "check_suite.completed", "workflow_run.completed"]
    shown = writer("GET", f"/actions/runs/{run.id}").json()
    assert (shown["status"], shown["conclusion"]) == ("completed", "action_required")
    assert writer("GET", f"/actions/runs/{run.id}/jobs").json()["total_count"] == 0
    assert writer("GET", f"/check-suites/{run.suite_id}").json()["conclusion"] == "action_required"
    assert writer("POST", f"/actions/runs/{run.id}/rerun").status_code == 403
    with pytest.raises(ApiError):
        github.ci.approve(repo, run, github.outsider.account)
    assert writer("POST", f"/actions/runs/{run.id}/approve").status_code == 201
    assert told(github)[:3] == ["workflow_run.requested", "workflow_job.queued", "check_run.created"]
    assert writer("GET", f"/actions/runs/{run.id}").json()["status"] == "in_progress"
    assert writer("POST", f"/actions/runs/{run.id}/approve").status_code == 403
    for job in ("lint", "test"):
        github.ci.finish(repo, run, job=job)
    assert writer("GET", f"/check-suites/{run.suite_id}").json()["conclusion"] == "success"


def test_a_run_is_cancelled_once(github: Simulator, repo: Repository, pull: Pull, writer: Any) -> None:
    run = github.ci.start(repo, pull.head_sha, jobs=["lint", "test"])
    github.ci.finish(repo, run, job="lint")
    github.pending.clear()
    assert writer("POST", f"/actions/runs/{run.id}/cancel").status_code == 202
    assert told(github)[-2:] == ["check_suite.completed", "workflow_run.completed"]
    jobs = writer("GET", f"/actions/runs/{run.id}/jobs").json()["jobs"]
    assert [job["conclusion"] for job in jobs] == ["success", "cancelled"]
    refused = writer("POST", f"/actions/runs/{run.id}/cancel")
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "Cannot cancel a workflow run that is completed.",
    )


def test_only_its_app_hears_that_a_suite_is_wanted_again(github: Simulator, repo: Repository, bot: Any) -> None:
    sha = repo.tip("main")
    with pytest.raises(LookupError):
        github.maintainer.rerequest_suite(repo, sha)
    theirs = github.ci.check(repo, sha, "scan", "failure", app="scanner")
    run = bot("POST", "/check-runs", {"name": "lamplighter", "head_sha": sha, "conclusion": "success"}).json()
    suite = run["check_suite"]["id"]
    github.pending.clear()
    github.maintainer.rerequest_suite(repo, sha)
    [sent] = github.pending
    assert (sent.event, sent.action, sent.payload["check_suite"]["status"]) == ("check_suite", "rerequested", "queued")
    shown = bot("GET", f"/check-suites/{suite}").json()
    assert (shown["status"], shown["conclusion"]) == ("queued", None)
    bot("PATCH", f"/check-runs/{run['id']}", {"conclusion": "neutral"})
    assert bot("GET", f"/check-suites/{suite}").json()["conclusion"] == "neutral"
    assert bot("POST", f"/check-suites/{suite}/rerequest").status_code == 201
    assert bot("POST", f"/check-suites/{theirs.suite_id}/rerequest").status_code == 403


def test_a_fork_is_told_to_who_asked_to_hear_of_it(github: Simulator, repo: Repository) -> None:
    github.pending.clear()
    github.outsider.fork(repo)
    assert told(github) == []
    installation = github.world.installation_of(repo)
    installation.events = [*installation.events, "fork"]
    made = github.contributor.fork(repo)
    [sent] = github.pending
    assert (sent.event, sent.payload["forkee"]["full_name"]) == ("fork", made.full_name)
    assert sent.payload["repository"]["full_name"] == "acme/calc"


def test_all_that_checks_a_commit_is_rolled_up_to_the_worst(
    github: Simulator, repo: Repository, pull: Pull, writer: Any
) -> None:
    def rolled() -> Any:
        sent = {"query": ROLLUP, "variables": {"n": pull.number}}
        found = writer.api.call(writer.token, "POST", "/graphql", sent).json()
        return found["data"]["repository"]["pullRequest"]["statusCheckRollup"]

    assert rolled() is None
    github.ci.status(repo, pull.head_sha, "coverage", "success")
    assert rolled()["state"] == "SUCCESS"
    run = github.ci.start(repo, pull.head_sha, jobs=["test"])
    assert rolled()["state"] == "PENDING"
    github.ci.finish(repo, run, "failure")
    found = rolled()
    assert (found["state"], found["contexts"]["totalCount"]) == ("FAILURE", 2)
    assert found["contexts"]["nodes"] == [
        {"__typename": "CheckRun", "name": "test", "conclusion": "FAILURE", "status": "COMPLETED"},
        {"__typename": "StatusContext", "context": "coverage", "state": "SUCCESS"},
    ]
    github.ci.status(repo, pull.head_sha, "coverage", "error")
    assert rolled()["state"] == "ERROR"
    narrow = writer.api.token(repo, permissions={"pull_requests": "read", "checks": "read"})
    refused = writer.api.call(narrow, "POST", "/graphql", {"query": ROLLUP, "variables": {"n": pull.number}}).json()
    assert refused["errors"][0]["type"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "", None, 301),
        ("GET", "/issues?state=all", None, 301),
        ("GET", "/contents/calc.py", None, 301),
        ("POST", "/issues", {"title": "Moved"}, 307),
    ],
)
def test_a_former_name_leads_to_the_repository(
    github: Simulator, repo: Repository, bot: Any, method: str, path: str, body: Any, status: int
) -> None:
    github.owner.rename_repository(repo, "sums")
    answer = bot.api.call(bot.token, method, f"/repos/acme/calc{path}", body)
    assert answer.status_code == status
    address = answer.headers["location"]
    assert f"/repositories/{repo.id}" in address
    with httpx.Client(transport=github.transport()) as client:
        followed = client.request(method, address, json=body, headers={"Authorization": f"token {bot.token}"})
        assert followed.status_code in (200, 201)
    another = github.repository("acme/another", files={"README.md": "# Another\n"}, install=False)
    github.owner.rename_repository(another, "calc")
    assert bot.api.call(bot.token, method, f"/repos/acme/calc{path}", body).status_code == 404


def test_the_archive_has_each_step_by_itself(github: Simulator, repo: Repository, pull: Pull, writer: Any) -> None:
    run = github.ci.fail(repo, pull.head_sha, log="one\ntwo")
    with httpx.Client(transport=github.transport()) as anybody:
        archive = anybody.get(fetch(writer, f"/actions/runs/{run.id}/logs")).content
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        assert packed.read("test/3_Run tests.txt") == packed.read("0_test.txt")
        assert packed.read("test/1_Set up job.txt") == b""
