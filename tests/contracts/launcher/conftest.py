"""The launchers that the suite is held against: processes of this machine, and tasks of an ECS that starts processes.

Workers are small Python programs.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.settings import Cloud
from tests.environment import environment

CLOUD = Cloud(
    cluster="lamplighter",
    worker_task="lamplighter-worker",
    worker_subnets=("subnet-1", "subnet-2"),
    worker_security_group="sg-worker",
    spot=False,
)

# Says who it is and what it may see, then works until somebody stops it.
WORKER = """
import json, os, sys, time
print(json.dumps({"arguments": sys.argv[1:], "pid": os.getpid(), "session": os.getsid(0),
                  "environment": dict(os.environ), "cwd": os.getcwd()}), flush=True)
time.sleep(60)
"""


class Local:
    """Makes launchers on one home and looks at what their workers wrote."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def launcher(self, code: str = WORKER, **options):
        from app.local.launcher import SubprocessLauncher

        options.setdefault("environment", {"PATH": os.environ["PATH"]})
        options.setdefault("command", [sys.executable, "-c", code])
        options.setdefault("grace_seconds", 1.0)
        return SubprocessLauncher(self.home, options.pop("environment"), **options)

    def log(self, run_id: str, attempt: int) -> str:
        path = self.launcher().log_path(run_id, attempt)
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        import json

        for record in (self.home / "workers").glob("*/*.json"):
            try:
                os.killpg(json.loads(record.read_text())["pid"], signal.SIGKILL)
            except (ValueError, ProcessLookupError):
                pass


class Fargate:
    """The same over ECS's own API, with what was started kept in DynamoDB."""

    def __init__(self, ecs: Any, account: Any) -> None:
        from app.aws.clients import Clients
        from app.aws.store import DynamoStore
        from app.local.clock import SystemClock

        self.ecs = ecs
        self.clients = Clients()
        self.clock = SystemClock()
        self.store = DynamoStore(account.clients, account.cloud.table, account.cloud.bucket, self.clock)

    def launcher(self, code: str = WORKER, *, grace_seconds: float = 1.0, **changes):
        from app.aws.launcher import FargateLauncher
        from tests.aws.tasks import Definition

        self.ecs.define(
            CLOUD.worker_task,
            Definition(
                command=[sys.executable, "-c", code],
                environment={"PATH": os.environ["PATH"]},
                grace_seconds=grace_seconds,
            ),
        )
        return FargateLauncher(CLOUD._replace(**changes), self.store, self.clock, self.clients)

    def log(self, run_id: str, attempt: int) -> str:
        tasks = [task for task in self.ecs.of(run_id) if task.command()[3:] == [str(attempt)]]
        return self.ecs.log(tasks[-1]) if tasks else ""


@pytest.fixture
def local(tmp_path):
    platform = Local(tmp_path / "home")
    yield platform
    platform.close()


@pytest.fixture
def fargate(tmp_path):
    from tests.aws import ecs
    from tests.aws.emulator import emulated

    with (
        emulated() as account,
        closing(ecs.Ecs(tmp_path / "ecs")) as stand_in,
        environment(**ecs.environment(stand_in)),
    ):
        yield Fargate(stand_in, account)


@pytest.fixture(params=["local", pytest.param("fargate", marks=pytest.mark.aws)])
def platform(request):
    return request.getfixturevalue(request.param)
