"""Nouns for the agent's stories: a ledger over memory, a tree with a real shell, a clock that can be held."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from app.agent import Agent, Budget, Options, Stop, Task
from app.agent.models.scripted_model import ScriptedModel
from app.errors import Conflict, UserError
from app.ledger import Event
from app.log import Redactor
from app.ports.platform import RunSummary
from app.ports.sandbox import Execution
from app.runs.run_ledger import RunLedger
from tests.said import said


class Clock:
    """Time that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class MemoryStore:
    """The part of the Store port a ledger uses, in memory."""

    def __init__(self) -> None:
        self.ledgers: dict[str, list[Event]] = {}
        self.blobs: dict[str, bytes] = {}

    def append(self, run_id: str, expected_seq: int, events: list[Event], summary: RunSummary) -> None:
        ledger = self.ledgers.setdefault(run_id, [])
        if len(ledger) != expected_seq:
            raise Conflict
        ledger.extend(events)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        return self.ledgers.get(run_id, [])[after:]

    def put_blob(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def get_blob(self, digest: str) -> bytes:
        return self.blobs[digest]


class Tree:
    """A directory with a real bash, for tests of what is around it. It confines nothing."""

    name = "tree"

    def __init__(self, base: Path) -> None:
        self.base = base / "work"
        self.home = base / "home"
        self.base.mkdir()
        self.home.mkdir()
        self.root = str(self.base)
        self.commands: list[str] = []
        self.keeps_output = True

    def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        network: bool = False,
        withheld: tuple[str, ...] = (),
    ) -> Execution:
        started = time.perf_counter()
        env = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        if not self.keeps_output and "outputs/" in command:
            return Execution(command=command, exit_code=1, seconds=0, output=b"", output_bytes=0)
        try:
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=self.base,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Execution(
                command=command,
                exit_code=None,
                seconds=timeout_seconds or 0,
                output=b"",
                output_bytes=0,
                killed_by="time",
            )
        seconds = time.perf_counter() - started
        return Execution(
            command=command, exit_code=ran.returncode, seconds=seconds, output=ran.stdout, output_bytes=len(ran.stdout)
        )

    def shell(self, command: str, *, timeout_seconds: float | None = None) -> Execution:
        self.commands.append(command)
        return self.run(command, timeout_seconds=timeout_seconds)

    def restart_shell(self) -> None:
        self.commands.append("(restart)")

    def read_file(self, path: str) -> bytes:
        place = self.base / path
        if not place.is_file() or place.is_symlink():
            raise UserError(f"{path} is not a file")
        return place.read_bytes()

    def write_file(self, path: str, content: bytes, *, mode: str | None = None) -> None:
        (self.base / path).parent.mkdir(parents=True, exist_ok=True)
        (self.base / path).write_bytes(content)


class Bench:
    """A run under way: `work()` is one worker picking it up from the ledger, as after any crash."""

    run_id = "run-7f3a"

    def __init__(self, store: MemoryStore, tree: Tree, model: ScriptedModel, clock: Clock) -> None:
        self.store, self.tree, self.model, self.clock = store, tree, model, clock
        self.budget = Budget(usd=5, turns=100, minutes=60)
        self.options = Options()
        self.task = Task()
        self.model_name = "claude-sonnet-5-5"
        self.on_step: Callable[[], bool] = lambda: False
        self.attempt = 0
        self.redactor = Redactor()
        task = {"title": "Divide by zero", "body": "`calc.py` crashes.", "author": "alice"}
        self.ledger().append(said("run.created", task=task, thread={"repository_id": 1, "number": 2}))

    def ledger(self) -> RunLedger:
        return RunLedger(self.store, self.run_id, clock=self.clock, redactor=self.redactor)  # type: ignore[arg-type]

    def agent(self, **changes: object) -> Agent:
        fields = {
            "ledger": self.ledger(),
            "sandbox": self.tree,
            "model": self.model,
            "model_name": self.model_name,
            "task": self.task,
            "budget": self.budget,
            "clock": self.clock,
            "on_step": self.on_step,
            "options": self.options,
        }
        return Agent(**{**fields, **changes})  # type: ignore[arg-type]

    def work(self) -> Stop:
        self.attempt += 1
        self.ledger().append(said("attempt.started", attempt=self.attempt, worker="w", sandbox="tree"))
        return self.agent().run()

    def append(self, kind: str, **data: object) -> None:
        self.ledger().append(said(kind, **data))

    def events(self, kind: str) -> list[dict]:
        return [dict(event.data) for event in self.ledger().events if event.kind == kind]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.ledger().events]

    def set(self, **options: object) -> None:
        self.options = replace(self.options, **options)  # type: ignore[arg-type]


def conversation(request) -> list:
    """Everything a request says, block by block, without the cache marks; neighbours of one role are one message."""
    parts = [("system", block) for block in request.system] + [("tool", tool) for tool in request.tools]
    parts += [(message["role"], block) for message in request.messages for block in message["content"]]
    return [json.dumps([role, {k: v for k, v in block.items() if k != "cache_control"}]) for role, block in parts]


def grows(requests) -> bool:
    """Whether every request begins with all of the one before it, byte for byte."""
    said = [conversation(request) for request in requests]
    return all(later[: len(earlier)] == earlier for earlier, later in pairwise(said))


def last_user(bench) -> list:
    return bench.model.requests[-1].messages[-1]["content"]


def texts(blocks) -> str:
    parts = []
    for block in blocks:
        content = block.get("content", block.get("text", ""))
        parts.append(content if isinstance(content, str) else texts(content))
    return "\n".join(parts)
