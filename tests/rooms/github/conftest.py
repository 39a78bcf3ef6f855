"""One simulated GitHub with a repository, a clock that stands still, and clients over the in-process transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.github.auth import AppAuth
from app.github.client import GitHub
from app.github.pacer import Pacer
from app.log import Redactor
from app.settings import Settings
from app.simulator import Simulator
from tests.clock import HeldClock

ALL = {"metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write", "checks": "write"}


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def simulator(tmp_path: Path, clock: HeldClock) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "github", clock=clock.now)
    yield simulator
    simulator.close()


@pytest.fixture
def repo(simulator: Simulator):
    files = {"calc.py": "def divide(a, b):\n    return a / b\n", "docs/a b.md": "# Hallo\n", "logo.bin": b"\0\xff"}
    return simulator.repository("acme/calc", files=files)


@pytest.fixture
def settings(simulator: Simulator, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        github_api_url=simulator.api_url,
        app_id=str(simulator.app.id),
        private_key=simulator.app.private_key,
    )


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def auth(settings: Settings, clock: HeldClock, simulator: Simulator, redactor: Redactor) -> AppAuth:
    return AppAuth(settings, clock, transport=simulator.transport(), redactor=redactor)


@pytest.fixture
def installation_id(auth: AppAuth, repo) -> int:
    return next(iter(auth.client.items(auth.client.rest.apps.list_installations())))["id"]


Open = Callable[..., GitHub]


@pytest.fixture
def open_client(
    auth: AppAuth, settings: Settings, clock: HeldClock, simulator: Simulator, repo, installation_id: int
) -> Open:
    """Make a client whose token has these permissions on the one repository."""

    def open_client(permissions: dict[str, str] = ALL, *, pacer: Pacer | None = None) -> GitHub:
        credential = auth.installation(installation_id, repositories=[repo.id], permissions=permissions)
        return GitHub(
            credential, settings, clock, transport=simulator.transport(), pacer=pacer, installation_id=installation_id
        )

    return open_client


@pytest.fixture
def github(open_client: Open) -> GitHub:
    return open_client()
