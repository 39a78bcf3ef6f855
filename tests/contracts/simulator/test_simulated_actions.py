"""GitHub Actions, other Apps' checks and commit statuses: read, fetched from elsewhere, run again."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from app.simulator import Pull, Repository, Simulator


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    github.contributor.push(repo, "topic", {"calc.py": "def divide(a, b):\n    return a // b\n"})
    made = github.contributor.open_pull(repo, "topic", "Whole numbers")
    github.pending.clear()
    return made


def told(github: Simulator) -> list[str]:
    names = [f"{found.event}.{found.action}" if found.action else found.event for found in github.pending]
    github.pending.clear()
    return names


def fetch(bot: Any, path: str) -> str:
    """Where a log lies."""
    answer = bot("GET", path)
    assert (answer.status_code, answer.content) == (302, b"")
    return str(answer.headers["location"])


def test_run_with_two_jobs_is_read_while_it_goes_on(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    run = github.ci.start(repo, pull.head_sha, jobs=["test (3.11)", "test (3.12)"], event="pull_request")
    assert told(github) == [
        "workflow_run.requested",
        *["workflow_job.queued", "check_run.created", "workflow_job.in_progress"] * 2,
        "workflow_run.in_progress",
    ]
    note = {"path": "calc.py", "start_line": 2, "message": "2 != 2.5"}
    job = github.ci.finish(repo, run, "failure", job="test (3.12)", log="FAILED test_calc.py", annotations=[note])
    assert told(github) == ["workflow_job.completed", "check_run.completed"]
    [shown] = bot("GET", f"/actions/runs?head_sha={pull.head_sha}").json()["workflow_runs"]
    assert (shown["status"], shown["conclusion"], shown["head_branch"]) == ("in_progress", None, "topic")
    assert shown["pull_requests"][0]["number"] == pull.number
    github.ci.finish(repo, run, "success", job="test (3.11)")
    names = ["workflow_job.completed", "check_run.completed", "check_suite.completed", "workflow_run.completed"]
    assert told(github) == names
    assert bot("GET", f"/actions/runs/{run.id}").json()["conclusion"] == "failure"
    jobs = bot("GET", f"/actions/runs/{run.id}/jobs").json()["jobs"]
    assert [(found["name"], found["conclusion"]) for found in jobs] == [
        ("test (3.11)", "success"),
        ("test (3.12)", "failure"),
    ]
    steps = [(step["number"], step["name"], step["conclusion"]) for step in jobs[1]["steps"]]
    assert steps[2] == (3, "Run tests", "failure")
    assert bot("GET", f"/check-runs/{job.id}").json()["conclusion"] == "failure"
    assert bot("GET", f"/check-runs/{job.id}/annotations").json()[0]["message"] == "2 != 2.5"
    [suite] = bot("GET", f"/commits/{pull.head_sha}/check-suites?app_id={jobs_app(github)}").json()["check_suites"]
    assert (suite["id"], suite["conclusion"]) == (run.suite_id, "failure")
    assert bot("GET", "/actions/runs?status=success").json()["total_count"] == 0


def jobs_app(github: Simulator) -> int:
    return github.world.apps["github-actions"].id


def test_log_lies_elsewhere_and_our_credential_must_not_follow(
    github: Simulator, repo: Repository, pull: Pull, bot: Any, clock: Any
) -> None:
    run = github.ci.fail(repo, pull.head_sha, log="one\ntwo\nthree")
    log = f"/actions/jobs/{run.job().id}/logs"
    address = fetch(bot, log)
    with httpx.Client(transport=github.transport()) as anybody:
        whole = anybody.get(address)
        assert (whole.status_code, whole.text.splitlines()[1]) == (200, "2026-11-02T09:00:00.0000000Z two")
        refused = anybody.get(address, headers={"Authorization": f"token {bot.token}"})
        assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "InvalidAuthenticationInfo")
        part = anybody.get(address, headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.text) == (206, "2026-11-02")
        assert part.headers["content-range"] == f"bytes 0-9/{len(whole.content)}"
        assert anybody.get(address, headers={"Range": "bytes=-10"}).content == whole.content
        assert anybody.get(address, headers={"Range": "bytes=9999-"}).status_code == 416
        assert anybody.head(address).headers["content-length"] == str(len(whole.content))
        assert anybody.get(address.replace("sig=", "sig=x")).status_code == 403
        clock.advance(minutes=1)
        assert anybody.get(address).status_code == 403
        archive = anybody.get(fetch(bot, f"/actions/runs/{run.id}/logs")).content
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        assert packed.read("0_test.txt") == whole.content
    assert fetch(bot, f"/actions/runs/{run.id}/attempts/1/logs") != address
    github.ci.lose_log(run.job())
    assert [bot("GET", path).status_code for path in (log, f"/actions/runs/{run.id}/logs")] == [410, 410]
    on = github.ci.start(repo, pull.head_sha, workflow="Lint")
    assert bot("GET", f"/actions/jobs/{on.job().id}/logs").status_code == 404


def test_running_again_takes_a_permission_of_its_own(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    run = github.ci.fail(repo, pull.head_sha)
    refused = bot("POST", f"/actions/runs/{run.id}/rerun-failed-jobs")
    assert (refused.status_code, refused.headers["x-accepted-github-permissions"]) == (403, "actions=write")
    assert run.attempt == 1


@pytest.fixture
def writer(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> Any:
    github.world.installation_of(repo).permissions["actions"] = "write"
    bot.token = bot.api.token(repo)
    return bot


def test_new_attempt_runs_what_failed(github: Simulator, repo: Repository, pull: Pull, writer: Any) -> None:
    run = github.ci.start(repo, pull.head_sha, jobs=["lint", "test"])
    assert writer("POST", f"/actions/runs/{run.id}/rerun-failed-jobs").json()["message"] == (
        "This workflow is already running"
    )
    github.ci.finish(repo, run, "success", job="lint")
    github.ci.finish(repo, run, "failure", job="test", log="flaky")
    github.pending.clear()
    assert writer("POST", f"/actions/runs/{run.id}/rerun-failed-jobs").status_code == 201
    assert "workflow_run.requested" not in (names := told(github))
    assert names == ["workflow_job.queued", "check_run.created", "workflow_job.in_progress", "workflow_run.in_progress"]
    github.ci.finish(repo, run, "success", job="test")
    assert {found.payload["sender"]["login"] for found in github.pending} == {"lamplighter[bot]"}
    shown = writer("GET", f"/actions/runs/{run.id}").json()
    assert (shown["run_attempt"], shown["conclusion"], shown["actor"]["login"]) == (2, "success", "carl")
    assert shown["triggering_actor"]["login"] == "lamplighter[bot]"
    first, second = (writer("GET", f"/actions/runs/{run.id}/attempts/{number}").json() for number in (1, 2))
    assert (first["conclusion"], second["previous_attempt_url"]) == ("failure", first["url"] + "/attempts/1")
    assert writer("GET", f"/actions/runs/{run.id}/attempts/3").status_code == 404
    listed = writer("GET", f"/actions/runs/{run.id}/jobs?filter=all").json()["jobs"]
    assert [(job["name"], job["run_attempt"], job["conclusion"]) for job in listed] == [
        ("lint", 1, "success"),
        ("test", 1, "failure"),
        ("lint", 2, "success"),
        ("test", 2, "success"),
    ]
    assert len(writer("GET", f"/actions/runs/{run.id}/attempts/1/jobs").json()["jobs"]) == 2
    runs = writer("GET", f"/commits/{pull.head_sha}/check-runs").json()["check_runs"]
    assert sorted((found["name"], found["conclusion"]) for found in runs) == [("lint", "success"), ("test", "success")]
    assert writer("GET", f"/commits/{pull.head_sha}/check-runs?filter=all").json()["total_count"] == 4


def test_what_cannot_be_run_again(github: Simulator, repo: Repository, pull: Pull, writer: Any, clock: Any) -> None:
    run = github.ci.succeed(repo, pull.head_sha)
    assert writer("POST", f"/actions/runs/{run.id}/rerun-failed-jobs").status_code == 403
    assert writer("POST", f"/actions/jobs/{run.job().id}/rerun").status_code == 201
    github.ci.finish(repo, run)
    assert writer("POST", f"/actions/jobs/{run.jobs[0].id}/rerun").status_code == 403
    assert writer("POST", f"/actions/runs/{run.id}/rerun").status_code == 201
    github.ci.finish(repo, run, "failure")
    clock.advance(days=31)
    writer.token = writer.api.token(repo)
    late = writer("POST", f"/actions/runs/{run.id}/rerun-failed-jobs")
    assert (late.status_code, late.json()["message"][-21:]) == (403, "created over a month ago"[-21:])


def test_same_name_in_two_workflows_is_two_checks(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    github.ci.fail(repo, pull.head_sha, workflow="Unit")
    github.ci.succeed(repo, pull.head_sha, workflow="Integration")
    found = bot("GET", f"/commits/{pull.head_sha}/check-runs?check_name=test").json()["check_runs"]
    assert sorted(run["conclusion"] for run in found) == ["failure", "success"]


def test_run_without_a_runner_and_workflow_that_cannot_be_read(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    waiting = github.ci.start(repo, pull.head_sha, has_runner=False)
    assert told(github) == ["workflow_run.requested", "workflow_job.queued", "check_run.created"]
    [job] = bot("GET", f"/actions/runs/{waiting.id}/jobs").json()["jobs"]
    assert (job["status"], job["runner_name"]) == ("queued", None)
    github.ci.finish(repo, waiting, "cancelled")
    broken = github.ci.start(repo, pull.head_sha, workflow="Broken", jobs=())
    assert bot("GET", f"/actions/runs/{broken.id}").json()["conclusion"] == "startup_failure"
    assert bot("GET", f"/actions/runs/{broken.id}/jobs").json()["total_count"] == 0


def test_many_annotations_come_in_pages(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    notes = [{"path": "calc.py", "start_line": 1, "message": f"note {number}"} for number in range(120)]
    run = github.ci.check(repo, pull.head_sha, "style", "failure", app="stylist", annotations=notes)
    assert run.annotations[-1]["message"] == "note 119"
    first = bot("GET", f"/check-runs/{run.id}/annotations?per_page=100")
    assert (len(first.json()), first.links["next"]["url"][-6:]) == (100, "page=2")
    github.world.checks_know_pulls = False
    assert bot("GET", f"/check-runs/{run.id}").json()["pull_requests"] == []


def test_only_its_owner_hears_that_a_check_is_wanted_again(github: Simulator, repo: Repository, pull: Pull) -> None:
    theirs = github.ci.check(repo, pull.head_sha, "style", "failure", app="stylist")
    assert told(github) == ["check_run.created", "check_run.completed", "check_suite.completed"]
    github.maintainer.rerequest(repo, theirs)
    assert told(github) == []


def test_statuses_are_combined_by_their_last_word(github: Simulator, repo: Repository, pull: Pull, bot: Any) -> None:
    path = f"/commits/{pull.head_sha}"
    assert bot("GET", f"{path}/status").json()["state"] == "pending"
    github.ci.status(repo, pull.head_sha, "build", "pending", url="https://ci.acme.example/1")
    github.ci.status(repo, pull.head_sha, "build", "failure", description="Exit 2", url="https://ci.acme.example/1")
    github.ci.status(repo, pull.head_sha, "deploy", "success")
    payload = github.pending[1].payload
    assert (payload["context"], payload["state"], payload["branches"][0]["name"]) == ("build", "failure", "topic")
    combined = bot("GET", f"{path}/status").json()
    assert (combined["state"], combined["total_count"]) == ("failure", 2)
    assert [found["state"] for found in bot("GET", f"{path}/statuses").json()] == ["success", "failure", "pending"]
    assert bot("GET", f"{path}/statuses?per_page=1").links["last"]["url"].endswith("page=3")
    only = bot.api.token(repo, permissions={"checks": "read"})
    assert bot.api.call(only, "GET", f"/repos/{repo.full_name}{path}/status").status_code == 403


def test_log_is_fetched_over_a_socket_from_another_origin(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    run = github.ci.fail(repo, pull.head_sha, log="over there")
    base = github.serve()
    path = f"{github.api_url}/repos/{repo.full_name}/actions/jobs/{run.job().id}/logs"
    with httpx.Client(trust_env=False, headers={"Accept-Encoding": "identity"}) as client:
        answer = client.get(path, headers={"Authorization": f"token {bot.token}"}, follow_redirects=True)
    assert (answer.status_code, answer.text.rstrip().endswith("over there")) == (200, True)
    assert answer.url.host == "localhost" and "127.0.0.1" in base
