"""githubkit as we use it: its endpoints without its models, asked in GitHub's own format, never by a worker."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from app.github import app as apps
from app.github import issues
from app.github.client import GitHub, place
from app.github.errors import Invalid
from infra import build

ROOT = Path(__file__).parents[3]
WORKER = "import sys, app.cli.parser, app.worker, app.wiring; print(*sys.modules)"


def _called() -> set[str]:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))
    return set(re.findall(r"\brest\.([a-z_]+)\.[a-z_]+", sources))


def test_the_functions_archive_holds_the_endpoints_that_are_called():
    assert _called() == build.ENDPOINTS - {"__init__"}
    overrides = (ROOT / "pyproject.toml").read_text("utf-8")
    assert set(re.findall(r'"githubkit_schemas\.v2022_11_28\.rest\.(\w+)"', overrides)) == _called()


def test_no_model_of_githubkit_is_loaded(github, simulator, repo):
    issue = simulator.maintainer.open_issue(repo, "Divide by zero")
    issues.create_comment(github, "acme/calc", issue.number, "hello")
    assert [comment.body for comment in issues.comments(github, "acme/calc", issue.number)] == ["hello"]
    assert not [name for name in sys.modules if name.startswith("githubkit_schemas.v2022_11_28.models.")]


def test_a_worker_starts_without_githubkit():
    done = subprocess.run([sys.executable, "-c", WORKER], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"githubkit", "httpx", "hishel"} & set(done.stdout.split())


def test_times_are_asked_for_as_github_takes_them(settings, clock):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    github = GitHub("token", settings, clock, transport=httpx.MockTransport(answer))
    since = datetime(2026, 11, 29, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    issues.comments(github, "acme/calc", 1, since=since)
    assert seen[0].url.params["since"] == since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == "2026-11-29T12:30:00Z"


@pytest.mark.parametrize("headers", [{"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}])
def test_every_request_says_which_api_it_speaks(settings, clock, headers):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        more = {"link": f'<{settings.github_api_url}/page2>; rel="next"'} if len(seen) == 1 else {}
        return httpx.Response(200, json={"data": {}} if request.url.path.endswith("graphql") else [], headers=more)

    github = GitHub("token", settings, clock, transport=httpx.MockTransport(answer))
    issues.comments(github, "acme/calc", 1)
    github.graphql("mutation { x }")
    assert [{name: request.headers[name] for name in headers} for request in seen] == [headers] * 3


@pytest.mark.parametrize("repo", ["acme", "acme/", "acme/..", "../calc"])
def test_a_repository_is_an_owner_and_a_name(repo):
    with pytest.raises(Invalid):
        place(repo)


def test_deliveries_that_did_not_change_are_not_sent_again(auth, simulator, repo, clock):
    def asked() -> list[int]:
        return [request.status for request in simulator.requests if request.path == "/app/hook/deliveries"]

    simulator.deliver = lambda _delivery: (202, "{}")
    simulator.maintainer.open_issue(repo, "Mean of nothing")
    simulator.deliver_pending()
    first = list(apps.deliveries(auth.client))
    assert first
    assert list(apps.deliveries(auth.client)) == first
    assert asked() == [200, 304]
    simulator.maintainer.open_issue(repo, "Divide by zero")
    simulator.deliver_pending()
    later = list(apps.deliveries(auth.client))
    assert len(later) > len(first)
    assert list(apps.deliveries(auth.client)) == later
    clock.advance(20 * 60)  # another web token, to which GitHub gives another tag
    assert list(apps.deliveries(auth.client)) == later
    assert asked() == [200, 304, 200, 304, 200]
