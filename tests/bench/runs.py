"""A run of ours as the launcher starts it: first events in a ledger, then a worker process."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

from app.admission.github_facts import Facts
from app.admission.request import created
from app.config.repo_config import RepoConfig
from app.dispatch import run_id_of
from app.events.asked import AdmissionFacts
from app.events.configured import BudgetWanted
from app.events.deciding import Protection
from app.jobs.job import Command, Job, Person, Source, Thread
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.playbooks import BY_LABEL
from app.runs.run_ledger import RunLedger
from app.settings import Settings
from tests.bench import histories, processes
from tests.said import said

BUDGET = {"run_usd": 1000.0, "day_usd": 1000.0, "turns": 1000, "minutes": 60}


def create(home: Path, repository: Path, sha: str) -> RunLedger:
    """A run on a bare repository of this machine, admitted and not yet started."""
    clock = SystemClock()
    job = Job(
        id=f"bench-{secrets.token_hex(8)}",
        action="start",
        reason="measured",
        trigger="bench",
        thread=Thread(installation_id=0, repository_id=1, repository="bench/project", number=0),
        sender=Person(login="bench", id=0),
        received_at=clock.now(),
        source=Source(title="Do the work", body="All of it.", author="bench"),
    )
    facts = Facts(
        book=BY_LABEL,
        base_ref="main",
        base_sha=sha,
        target=None,
        config=RepoConfig.model_validate({"setup": [], "verify": [histories.VERIFY]}),
        config_source={"path": None, "sha": sha},
        budget=BudgetWanted(**BUDGET),
        comments=[],
        admission=AdmissionFacts(),
        protection=Protection(),
    )
    run_id, settings = run_id_of(job, 0), Settings(home=home)
    first = created(job, Command(verb="fix"), facts, run_id, role="owner", clone_url=str(repository), settings=settings)
    ledger = RunLedger(SqliteStore(home, clock), run_id, clock=clock, redactor=Redactor())
    ledger.append(first)
    ledger.append(said("run.admitted", reason="measured"))
    return ledger


def worker(home: Path, run_id: str, vendor_url: str) -> subprocess.Popen:
    """The worker's process, as `SubprocessLauncher` would start it."""
    env = processes.environment(
        LAMPLIGHTER_HOME=str(home), ANTHROPIC_API_KEY="sk-none", ANTHROPIC_BASE_URL=vendor_url, PYTHONUNBUFFERED="1"
    )
    command = [sys.executable, "-P", "-m", "app.cli", "work", run_id, "--attempt", "1"]
    return processes.start(command, env=env, cwd=home, log=home / "worker.log")


def log_of(home: Path) -> str:
    return (home / "worker.log").read_text("utf-8", "replace")[-2000:]
