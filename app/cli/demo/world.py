"""The demo's processes: a simulated GitHub on 127.0.0.1, a server in a process of its own, workers it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from app.cli.homes import Home
from app.local.clock import SystemClock
from app.local.launcher import SubprocessLauncher
from app.local.store import SqliteStore
from app.settings import MODEL_DEFAULT
from app.simulator import Simulator
from app.simulator.seed import plant

START_SECONDS = 30.0
STOP_SECONDS = 10.0
QUIET_SECONDS = "1 1"  # one review, one check: there is nothing more to wait for, and somebody watches
_PASSED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LAMPLIGHTER_SANDBOX"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy"),  # the way to the model
)
_LOOPBACK = "127.0.0.1,localhost"  # where the simulated GitHub is: no proxy has a way there


class World:
    """Everything below one folder. `close` ends every process it started and those they started.

    `model` is the environment of a model to ask (`demo.model_environment`); empty, replies are scripted.
    """

    def __init__(self, folder: Path, *, model: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.home_path = folder / "home"
        self.is_scripted = not model
        self._model = dict(model or {})
        self.github = Simulator(folder / "github", webhook_secret=os.urandom(16).hex())
        self.server_url = ""
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Plant the repository, then serve GitHub and Lamplighter. Raises TimeoutError when the server does not."""
        with as_file(files("app.demo") / "seed.yml") as seed:
            (self.repo,) = plant(self.github, seed)
        self.title, _, self.body = (files("app.demo") / "issue.md").read_text("utf-8").partition("\n")
        self.maya, self.olga = self.github.maintainer, self.github.owner
        self.github_url = self.github.serve(webhook_url="http://127.0.0.1:9/not-started-yet")
        self.serve()

    @property
    def home(self) -> Home:
        """The server's ledger, as any other process reads it."""
        return Home(path=self.home_path, store=SqliteStore(self.home_path, SystemClock()), is_local=False)

    def environment(self) -> Mapping[str, str]:
        """What the server is started with: nothing of the person's own Lamplighter."""
        env = {name: os.environ[name] for name in _PASSED if name in os.environ}
        with as_file(files("app.demo") / "replies.json") as replies:
            script = self.folder / "replies.json"
            script.write_bytes(replies.read_bytes())
        model = self._model
        if self.is_scripted:  # and says so wherever the model is named; the price stays that of the real one
            name = f"{MODEL_DEFAULT}@scripted"
            model = {
                "LAMPLIGHTER_MODEL_PROVIDER": "scripted",
                "LAMPLIGHTER_MODEL_SCRIPT": str(script),
                "LAMPLIGHTER_MODEL_DEFAULT": name,
            }
        direct = ",".join(filter(None, (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), _LOOPBACK)))
        return env | model | {
            "LAMPLIGHTER_ATTENDED": "on",
            "LAMPLIGHTER_QUIET_SECONDS": QUIET_SECONDS,
            "NO_PROXY": direct,
            "no_proxy": direct,
            "LAMPLIGHTER_HOME": str(self.home_path),
            "LAMPLIGHTER_GITHUB_URL": self.github.html_url,
            "LAMPLIGHTER_GITHUB_API_URL": self.github.api_url,
            "LAMPLIGHTER_APP_ID": str(self.github.app.id),
            "LAMPLIGHTER_PRIVATE_KEY": self.github.app.private_key,
            "LAMPLIGHTER_WEBHOOK_SECRET": self.github.app.webhook_secret,
        }  # fmt: skip

    def serve(self) -> None:
        """Start the server (again) on a port that the system chooses, and have GitHub deliver there."""
        said = self.folder / "address"
        with said.open("wb") as address, open(self.folder / "server.log", "ab") as output:
            self._server = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.cli", "serve", "--port", "0"],
                env=dict(self.environment()),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=address,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends the server in order
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._server.poll() is None:
            if (line := said.read_text("ascii")).endswith("\n"):
                self.server_url = line.strip()
                self.github.app.webhook_url = f"{self.server_url}/webhooks/github"
                return
            time.sleep(0.05)
        raise TimeoutError("the server did not start")

    def last_words(self) -> str:
        """Where to look when something went wrong, as far as it will still be there."""
        log = self.folder / "server.log"
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        return f"The server's last words: {lines[-1][:500]}" if lines else ""

    def close(self) -> None:
        """End the server, then the workers it left running, then GitHub."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        if (self.home_path / "ledger.db").exists():
            self._stop_workers()
        self.github.close()

    def _stop_workers(self) -> None:
        launcher = SubprocessLauncher(self.home_path, {}, grace_seconds=3.0)
        active = [run.run_id for run in self.home.runs(active=True)]
        for run_id in active:
            launcher.stop(run_id)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(launcher.running(active).values()):
            time.sleep(0.05)
