"""The simulator standing alone: real HTTP, a stock git client, webhooks over the wire, pages for a person."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.simulator import Repository, Simulator, standalone
from app.simulator.deliveries import signature
from app.simulator.seed import SeedError, plant
from tests.waiting import until


@pytest.fixture
def served(github: Simulator, repo: Repository, api: Any) -> Any:
    base = github.serve()
    api.http = httpx.Client(base_url=github.api_url, trust_env=False)
    yield base
    api.http.close()


def git(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        environment.pop(name, None)
    return subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_git_clones_with_a_token_and_is_refused_otherwise(
    served: str, api: Any, repo: Repository, tmp_path: Path
) -> None:
    token = api.token(repo, permissions={"contents": "read"})
    address = served.replace("http://", f"http://x-access-token:{token}@") + "/acme/calc.git"
    done = git("clone", "--quiet", address, str(tmp_path / "with"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "with" / "calc.py").read_bytes() == repo.file("main", "calc.py")
    header = f"http.extraHeader=Authorization: Bearer {token}"
    done = git("-c", header, "clone", "--quiet", "--depth=1", f"{served}/acme/calc.git", str(tmp_path / "header"))
    assert done.returncode == 0, done.stderr
    wrong = served.replace("http://", "http://x-access-token:ghs_wrong@") + "/acme/calc.git"
    assert git("clone", wrong, str(tmp_path / "wrong")).returncode != 0
    assert git("clone", f"{served}/acme/calc.git", str(tmp_path / "none")).returncode != 0
    other = api.token(repo, permissions={"issues": "write"})
    without = served.replace("http://", f"http://x-access-token:{other}@") + "/acme/calc.git"
    assert "403" in git("clone", without, str(tmp_path / "without")).stderr


def test_push_is_refused_whatever_the_token_may(served: str, api: Any, repo: Repository, tmp_path: Path) -> None:
    token = api.token(repo)
    address = served.replace("http://", f"http://x-access-token:{token}@") + "/acme/calc.git"
    assert git("clone", "--quiet", address, str(tmp_path / "work")).returncode == 0
    (tmp_path / "work" / "new.txt").write_text("new")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git("add", ".", cwd=tmp_path / "work")
    git(*who, "commit", "-q", "-m", "new", cwd=tmp_path / "work")
    done = git("push", "origin", "HEAD:refs/heads/other", cwd=tmp_path / "work")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert list(repo.branches) == ["main"]


def test_api_below_the_enterprise_path(served: str, api: Any, repo: Repository) -> None:
    token = api.token(repo)
    shown = api.call(token, "GET", f"/repos/{repo.full_name}").json()
    assert shown["url"] == f"{served}/api/v3/repos/acme/calc"
    assert shown["clone_url"] == f"{served}/acme/calc.git"
    assert api.call(token, "GET", "/repos/acme/calc/nonsense").status_code == 404


def test_connection_breaks_when_a_fault_says_so(served: str, api: Any, github: Simulator, repo: Repository) -> None:
    issue = github.maintainer.open_issue(repo, "One")
    token = api.token(repo)
    github.faults.add("POST */comments", when="after", drop=True)
    with pytest.raises(httpx.RemoteProtocolError):
        api.call(token, "POST", "/repos/acme/calc/issues/1/comments", {"body": "Hello"})
    assert len(issue.comments) == 1
    assert api.call(token, "GET", "/repos/acme/calc/issues/1/comments").status_code == 200


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            self.send_response(202)
            self.end_headers()
            self.wfile.write(b'{"decision":"ignore"}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/github", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhooks_go_over_the_wire_signed(github: Simulator, repo: Repository, receiver: Any) -> None:
    url, got = receiver
    github.serve(webhook_url=url)
    github.maintainer.open_issue(repo, "One")
    until(lambda: len(github.deliveries) == 2)
    headers, body = got[-1]
    assert headers["X-GitHub-Event"] == "issues"
    assert headers["X-Hub-Signature-256"] == signature(github.app.webhook_secret, body)
    assert github.deliveries[-1].answer_json == {"decision": "ignore"}


def test_unreachable_receiver_is_logged(github: Simulator, repo: Repository) -> None:
    github.serve(webhook_url="http://127.0.0.1:1/webhooks/github")
    until(lambda: github.deliveries)
    assert (github.deliveries[0].status, github.deliveries[0].error) == (0, "failed to connect to host")


def test_a_person_plays_in_the_browser(served: str, github: Simulator, repo: Repository) -> None:
    github.outsider.open_issue(repo, "<script>alert(1)</script>", body="<b>bold</b>")
    with httpx.Client(base_url=served, trust_env=False, follow_redirects=True) as browser:
        assert "acme/calc" in browser.get("/").text
        page = browser.get("/acme/calc/issues/1")
        assert "&lt;script&gt;" in page.text
        assert "<script>" not in page.text
        form = {"person": "maya", "deed": "comment", "body": "Looking into it"}
        assert "Looking into it" in browser.post("/acme/calc/issues/1", data=form).text
        browser.post("/acme/calc/issues/1", data={"person": "maya", "deed": "label", "label": "agent-fix"})
        assert repo.issues[0].labels == ["agent-fix"]
        opened = browser.post("/acme/calc/issues", data={"person": "carl", "deed": "open", "title": "Two"})
        assert opened.url.path == "/acme/calc/issues/2"
        github.contributor.push(repo, "topic", {"calc.py": "x = 1\n"})
        github.contributor.open_pull(repo, "topic", "Change calc")
        assert "+x = 1" in browser.get("/acme/calc/pull/3").text
        browser.post("/acme/calc/pull/3", data={"person": "maya", "deed": "merge"})
        assert repo.pulls[0].merged
        elsewhere = browser.post("/acme/calc/issues/1", data=form, headers={"Origin": "https://evil.example"})
        assert elsewhere.status_code == 403
        assert browser.get("/acme/nothing").status_code == 404
        assert browser.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_seed_plants_a_world(github: Simulator, tmp_path: Path) -> None:
    (tmp_path / "plain" / "src").mkdir(parents=True)
    (tmp_path / "plain" / "src" / "a.py").write_text("a = 1\n")
    git("init", "-q", "-b", "trunk", str(tmp_path / "real"))
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(*who, "commit", "-q", "--allow-empty", "-m", "first", cwd=tmp_path / "real")
    seed = {
        "people": {"alice": "admin"},
        "repositories": [
            {
                "name": "acme/plain",
                "directory": "plain",
                "labels": ["agent-fix"],
                "protection": {"main": {"required_approvals": 2}},
                "issues": [{"title": "One", "author": "alice", "labels": ["bug"]}],
            },
            {"name": "acme/real", "directory": "real"},
        ],
    }
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    plain, real = plant(github, tmp_path / "seed.json")
    assert plain.file("main", "src/a.py") == b"a = 1\n"
    assert (plain.issues[0].author, plain.protection["main"].required_approvals) == ("alice", 2)
    assert (real.default_branch, real.commit(real.branches["trunk"]).message) == ("trunk", "first\n")
    (tmp_path / "bad.yml").write_text("repositories: [{name: acme/x, colour: red}]")
    with pytest.raises(SeedError, match="unknown colour"):
        plant(github, tmp_path / "bad.yml")


def test_simulate_says_how_to_reach_it(tmp_path: Path) -> None:
    said: list[str] = []
    stop = threading.Event()
    arguments = {"say": said.append, "port": 0, "directory": tmp_path, "until": stop}
    thread = threading.Thread(target=standalone.run, kwargs=arguments)
    thread.start()
    until(lambda: len(said) == 7)
    address = next(line.split("=")[1] for line in said if "GITHUB_URL" in line)
    assert "acme/calc" in httpx.get(address, trust_env=False).text
    stop.set()
    thread.join()
    assert (tmp_path / "app-private-key.pem").stat().st_mode & 0o777 == 0o600
