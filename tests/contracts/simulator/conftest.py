"""A simulated GitHub, and a client whose every exchange is held against the official description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.simulator import Repository, Simulator
from tests.contracts.simulator.openapi import CheckedTransport


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **units: float) -> None:
        self.moment += timedelta(**units)


@cache
def loaded(pem: str) -> Any:
    """A private key, read once: checking one takes longer than everything else here."""
    return load_pem_private_key(pem.encode(), password=None)


class Api:
    """The App at the API: `app(...)` signs with its key, `token(...)` mints, then get/post/... call."""

    def __init__(self, github: Simulator, clock: Clock) -> None:
        self.github, self.clock = github, clock
        self.http = httpx.Client(transport=CheckedTransport(github.transport()), base_url=github.api_url)

    def jwt(self, *, key: str | None = None, **claims: Any) -> str:
        now = int(self.clock().timestamp())
        claims = {"iat": now - 30, "exp": now + 540, "iss": str(self.github.app.id), **claims}
        return jwt.encode(claims, loaded(key or self.github.app.private_key), algorithm="RS256")

    def app(self, method: str, path: str, token: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.jwt()}"}
        return self.http.request(method, path, headers=headers, **({"json": body} if body else {}))

    def token(self, repo: Repository, **body: Any) -> str:
        found = self.app("GET", f"/repos/{repo.full_name}/installation").json()
        made = self.app("POST", f"/app/installations/{found['id']}/access_tokens", **body)
        assert made.status_code == 201, made.text
        return str(made.json()["token"])

    def call(self, token: str, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        return self.http.request(method, path, json=json, headers={"Authorization": f"token {token}", **headers})


class Bot:
    """The App on one repository: short paths, one token."""

    def __init__(self, api: Api, repo: Repository, **narrowing: Any) -> None:
        self.api, self.repo, self.token = api, repo, api.token(repo, **narrowing)

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        return self.api.call(self.token, method, f"/repos/{self.repo.full_name}{path}", json, **headers)

    def commit(self, files: dict[str, str], *, parent: str, message: str = "Fix it", **extra: Any) -> Any:
        tree = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
        made = self("POST", "/git/trees", {"base_tree": parent, "tree": tree}).json()
        body = {"message": message, "tree": made["sha"], "parents": [parent], **extra}
        return self("POST", "/git/commits", body).json()

    def branch(self, name: str, files: dict[str, str]) -> str:
        made = self.commit(files, parent=self.repo.branches[self.repo.default_branch])
        answer = self("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": made["sha"]})
        assert answer.status_code == 201, answer.text
        return str(made["sha"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(tmp_path: Path, clock: Clock) -> Iterator[Simulator]:
    made = Simulator(tmp_path / "github", clock=clock)
    yield made
    made.close()


@pytest.fixture
def repo(github: Simulator) -> Repository:
    files = {
        "calc.py": "def divide(a, b):\n    return a / b\n",
        "README.md": "# Calc\n",
        "tests/test_calc.py": "pass\n",
    }
    return github.repository("acme/calc", files=files, announce=True)


@pytest.fixture
def api(github: Simulator, clock: Clock) -> Api:
    return Api(github, clock)


@pytest.fixture
def bot(api: Api, repo: Repository) -> Bot:
    return Bot(api, repo)
