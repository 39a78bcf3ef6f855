"""The whole product on one machine: a simulated GitHub in this process, `serve` in its own, workers it starts."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType

from app.local.clock import SystemClock
from app.local.launcher import SubprocessLauncher
from app.local.store import SqliteStore
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.simulator import Simulator
from app.simulator.state import Issue
from tests.bench import processes
from tests.ports import free_port
from tests.waiting import until


class Site:
    """`env` is laid over the server's environment: which model, which limits."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.home = folder, folder / "home"
        self.github = Simulator(folder / "github", webhook_secret=os.urandom(16).hex())
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.github.serve(webhook_url=f"{self.url}/webhooks/github")
        key = folder / "key.pem"
        key.touch(mode=0o600)
        key.write_text(self.github.app.private_key)
        settings = {
            "LAMPLIGHTER_HOME": str(self.home),
            "LAMPLIGHTER_GITHUB_URL": self.github.html_url,
            "LAMPLIGHTER_GITHUB_API_URL": self.github.api_url,
            "LAMPLIGHTER_APP_ID": str(self.github.app.id),
            "LAMPLIGHTER_PRIVATE_KEY": str(key),
            "LAMPLIGHTER_WEBHOOK_SECRET": self.github.app.webhook_secret,
        }
        command = [sys.executable, "-P", "-m", "app.cli", "serve", "--port", str(port)]
        environment = processes.environment(**settings, **env)
        self._server = processes.start(command, env=environment, cwd=folder, log=folder / "server.log")

    def __enter__(self) -> Site:
        try:
            until(self._answers, "the server did not start", seconds=60)
        except BaseException:
            self.close()
            raise
        self.store = SqliteStore(self.home, SystemClock())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(self) -> bool:
        if self._server.poll() is not None:
            raise RuntimeError(f"the server ended: {(self.folder / 'server.log').read_text()[-1000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                return True
        except OSError:
            return False

    def state(self, issue: Issue) -> RunState | None:
        """The run of an issue, as the ledger has it."""
        wanted = (issue.repository.full_name, issue.number)
        runs = (run.run_id for run in self.store.runs() if (run.repository, run.number) == wanted)
        run_id = next(runs, None)
        return fold(run_id, self.store.events(run_id)) if run_id else None

    def wait_ended(self, issue: Issue, seconds: float = 120) -> RunState:
        """The run's state at its end; raises TimeoutError, with the server's last words."""

        def ended() -> RunState | None:
            state = self.state(issue)
            return state if state and not state.is_active else None

        try:
            return until(ended, "", seconds=seconds, pause=0.1)
        except TimeoutError:
            words = (self.folder / "server.log").read_text()[-1500:]
            raise TimeoutError(f"no end of #{issue.number}: {self.state(issue)} {words}") from None

    def wait_gone(self, state: RunState) -> None:
        """A worker that still sweeps up would disturb the next turn."""
        launcher = SubprocessLauncher(self.home, {})
        until(lambda: not launcher.running([state.run_id])[state.run_id], "the worker stays", seconds=60, pause=0.05)

    def close(self) -> None:
        processes.stop(self._server)
        if (self.home / "ledger.db").exists():
            store, launcher = SqliteStore(self.home, SystemClock()), SubprocessLauncher(self.home, {}, grace_seconds=3)
            active = [run.run_id for run in store.runs(active=True)]
            for run_id in active:
                launcher.stop(run_id)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and any(launcher.running(active).values()):
                time.sleep(0.05)
        self.github.close()


def at(stamp: str) -> float:
    """A ledger's time as seconds since the epoch."""
    return datetime.fromisoformat(stamp).timestamp()
