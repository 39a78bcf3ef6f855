"""The two ways from an issue to a result: `lamplighter run` in a local repository, a label on a simulated GitHub."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.cli.homes import LOCAL_FOLDER
from app.ledger import Event
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.sandbox.egress_policy import is_public
from app.settings import MODEL_DEFAULT
from app.simulator import Pull, Simulator
from app.simulator.state import Issue
from tests.ports import free_port
from tests.rehearsal.cases import Case

ROOT = Path(__file__).parents[2]
LAMPLIGHTER = (sys.executable, "-P", "-m", "app.cli")
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LAMPLIGHTER_SANDBOX")
LONGEST_SECONDS = 1500.0  # beside other work, where a suite of minutes (traitlets) takes twice as long
LOOK_SECONDS = 0.2


@dataclass(kw_only=True)
class Outcome:
    """What one case came to on one route. `git_dir` is where the branch should be, `home` where the ledger is."""

    case: Case
    route: str
    git_dir: Path
    base: str
    refs_before: str
    home: Path
    run_id: str = ""
    events: list[Event] = field(default_factory=list)
    title: str = ""
    body: str = ""
    seconds: float = 0.0
    failure: str = ""  # it did not come to an end
    issue: Issue | None = None
    pulls: list[Pull] = field(default_factory=list)

    @property
    def state(self) -> RunState:
        return fold(self.run_id, self.events)

    def read_ledger(self, folder: Path) -> None:
        store = SqliteStore(folder, SystemClock())
        self.events = store.events(self.run_id)
        store.close()


REGISTRIES = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
NOT_HERE = ("proxy.golang.org", "sum.golang.org")  # registries as well; no rehearsal counts on them


def elsewhere() -> str:
    """The folder of the Lamplighter that workers import, where that is not this tree's; empty otherwise."""
    asked = [sys.executable, "-P", "-c", "import app; print(app.__path__[0])"]
    plain = {name: os.environ[name] for name in PASSED if name in os.environ}
    found = Path(subprocess.run(asked, env=plain, cwd="/", capture_output=True, text=True, check=True).stdout.strip())
    return "" if found == ROOT / "app" else str(found.parent)


def own_mirrors() -> str:
    """The networks to name when the registries are mirrors in a network of the machine's own; empty otherwise."""
    addresses = {str(item[4][0]) for host in REGISTRIES for item in socket.getaddrinfo(host, 443)}
    return " ".join(sorted(address for address in addresses if not is_public(address)))


def environment(home: Path, script: Path) -> dict[str, str]:
    """Nothing of the person's own Lamplighter."""
    return {name: os.environ[name] for name in PASSED if name in os.environ} | {
        "PYTHONPATH": str(ROOT),  # of this tree; the workers import what the environment has, see `elsewhere`
        "LAMPLIGHTER_HOME": str(home),
        "LAMPLIGHTER_MODEL_PROVIDER": "scripted",
        "LAMPLIGHTER_MODEL_SCRIPT": str(script),
        "LAMPLIGHTER_MODEL_DEFAULT": f"{MODEL_DEFAULT}@scripted",
        "LAMPLIGHTER_SANDBOX_NETWORKS": own_mirrors(),
        "LAMPLIGHTER_QUIET_SECONDS": "5 5",
    }


def local(outcome: Outcome, folder: Path) -> None:
    """`lamplighter run`, as a person would say it."""
    case, script, issue = outcome.case, folder / "replies.json", folder / "issue.md"
    case.script().save(script)
    issue.write_text(f"# {case.issue_title}\n\n{case.issue_body}\n", "utf-8")
    started = time.monotonic()
    command = [*LAMPLIGHTER, "run", "--repo", str(outcome.git_dir), "--issue", str(issue), "--json"]
    try:
        done = subprocess.run(
            command,
            env=environment(outcome.home, script),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        outcome.failure = f"not at an end after {LONGEST_SECONDS:.0f} s"
        return
    outcome.seconds = time.monotonic() - started
    try:
        said = json.loads(done.stdout)
    except ValueError:
        outcome.failure = f"exit code {done.returncode}: {done.stderr.strip()[-1500:]}"
        return
    outcome.run_id = said["run"]
    outcome.title, outcome.body = said.get("title", ""), said.get("body", "")
    outcome.read_ledger(outcome.home / LOCAL_FOLDER)


class Stage:
    """A simulated GitHub in this process, `lamplighter serve` in another, workers it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.github = Simulator(folder / "github", webhook_secret=os.urandom(16).hex())
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, script: Path) -> None:
        """Raises TimeoutError when the server does not come up."""
        port = free_port()
        self.github.serve(webhook_url=f"http://127.0.0.1:{port}/webhooks/github")
        with (self.folder / "server.log").open("ab") as output:
            self._server = subprocess.Popen(
                [*LAMPLIGHTER, "serve", "--port", str(port)],
                env={**environment(self.home, script), **self._registration()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1.0, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"the server did not start: {self.log()}")

    def _registration(self) -> Mapping[str, str]:
        app = self.github.app
        return {
            "LAMPLIGHTER_GITHUB_URL": self.github.html_url,
            "LAMPLIGHTER_GITHUB_API_URL": self.github.api_url,
            "LAMPLIGHTER_APP_ID": str(app.id),
            "LAMPLIGHTER_PRIVATE_KEY": app.private_key,
            "LAMPLIGHTER_WEBHOOK_SECRET": app.webhook_secret,
        }

    def log(self) -> str:
        path = self.folder / "server.log"
        return path.read_text("utf-8", "replace")[-1500:] if path.exists() else ""

    def close(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self.github.close()


def webhook(outcome: Outcome, stage: Stage, source: Path) -> None:
    """A person opens an issue and labels it; the rest is Lamplighter's doing."""
    github, case = stage.github, outcome.case
    repo = github.repository(f"rehearsal/{case.name}", directory=source)
    outcome.git_dir = github.git_dir(repo.full_name)
    issue = github.maintainer.open_issue(repo, case.issue_title, body=case.issue_body)
    started = time.monotonic()
    github.maintainer.label(issue, "agent-fix")
    outcome.issue = issue
    store = SqliteStore(stage.home, SystemClock())
    try:
        deadline = started + LONGEST_SECONDS
        while time.monotonic() < deadline:
            summary = next((run for run in store.runs() if run.repository == repo.full_name), None)
            if summary is not None and summary.phase == "ended" and not summary.unpublished:
                break
            time.sleep(LOOK_SECONDS)
        else:
            outcome.failure = f"not at an end after {LONGEST_SECONDS:.0f} s: {stage.log()}"
            return
    finally:
        store.close()
    outcome.seconds = time.monotonic() - started
    outcome.run_id = summary.run_id
    outcome.read_ledger(stage.home)
    with github.world.lock:
        outcome.pulls = list(repo.pulls)
    if outcome.pulls:
        outcome.title, outcome.body = outcome.pulls[0].title, outcome.pulls[0].body or ""
