"""Launchers that the suite is held against (ECS joins as a second parameter); workers are small Python programs."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

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

    def kill_all(self) -> None:
        import json

        for record in (self.home / "workers").glob("*.json"):
            try:
                os.killpg(json.loads(record.read_text())["pid"], signal.SIGKILL)
            except (ValueError, ProcessLookupError):
                pass


@pytest.fixture(params=["subprocess"])
def platform(request, tmp_path):
    local = Local(tmp_path / "home")
    yield local
    local.kill_all()
