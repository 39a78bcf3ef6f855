"""What the input of a run costs: ours and mini-swe-agent's on the same script, in plain tokens (read 0.1, write 1.25).

Ours is what the ledger says the simulated cache would bill, with the vendor's rules (marks, 20 blocks of looking
back, nothing under 1,024 tokens). The peer gets the best case: everything it sent before is read from the cache.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.agent import Agent, Budget, Task
from app.agent.models.scripted import Script, bash, finish, say
from app.agent.models.scripted_model import ScriptedModel
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.ports.sandbox import Egress, Limits
from app.runs.run_ledger import RunLedger
from app.sandbox.bubblewrap import BubblewrapHost
from tests.bench import processes, story
from tests.bench.measure import Row, Scale, kilo
from tests.said import said

TITLE = (
    "Input cost in cache-weighted tokens (floor: mini-swe-agent on the same script, everything it sent before cached)"
)
READ, WRITE = 0.1, 1.25
PEER = "mini-swe-agent==2.4.6"
VENV = processes.ROOT / ".venv-bench"
AIMS: Mapping[int, float] = {50: 0.5, 200: 0.25}
TITLE_OF_TASK = "Guard every step"
BODY = "Every `step` is computed without its guard. Add it, module by module, and keep the tests green."


def ours(place: Path, moves: Sequence[story.Move]) -> tuple[dict[str, float], dict[str, str]]:
    """The bill, and the files at the end."""
    clock = SystemClock()
    home, tree = place / "home", place / "work" / "tree"
    tree.mkdir(parents=True)
    story.plant(tree)
    script = Script([[say(move.said), bash(move.command)] for move in moves])
    script.will(finish("Guard every step", "Every module has its guard.", outcome="done"))
    ledger = RunLedger(SqliteStore(home, clock), "bench", clock=clock, redactor=Redactor())
    ledger.append(said("run.created", task={"title": TITLE_OF_TASK, "body": BODY, "author": "bench"}, thread={}))
    ledger.append(said("attempt.started", attempt=1, worker="bench", sandbox="bubblewrap"))
    options = {"limits": Limits(), "egress": Egress(), "on_request": lambda _request: None}
    with BubblewrapHost(home).open("bench", tree, **options) as sandbox:
        agent = Agent(
            ledger=ledger,
            sandbox=sandbox,
            model=ScriptedModel(script),
            model_name="claude-sonnet-5-5",
            task=Task(repository="bench/project"),
            budget=Budget(usd=1000, turns=1000, minutes=60),
            clock=clock,
        )
        stop = agent.run()
        files = {path: entry.digest for path, entry in sandbox.manifest().items()}
    if stop.kind != "finished":
        raise RuntimeError(f"it stopped as {stop.kind}: {stop.detail}")
    return _bill(ledger), files


def _bill(ledger: RunLedger) -> dict[str, float]:
    usages = [event.data["usage"] for event in ledger.events if event.kind == "model.replied"]
    read = sum(usage["cache_read_input_tokens"] for usage in usages)
    written = sum(usage["cache_creation_input_tokens"] for usage in usages)
    plain = sum(usage["input_tokens"] for usage in usages)
    cuts = len({event.data["cleared"] for event in ledger.events if event.kind == "model.called"} - {0})
    sent = read + written + plain
    return {"cost": plain + READ * read + WRITE * written, "sent": sent, "calls": len(usages), "cuts": cuts}


def peer(place: Path, moves: Sequence[story.Move]) -> tuple[dict[str, float], dict[str, str]]:
    tree = place / "tree"
    tree.mkdir(parents=True)
    story.plant(tree)
    asked = {"moves": [[m.said, m.command] for m in moves], "tree": str(tree), "task": f"{TITLE_OF_TASK}\n\n{BODY}"}
    done = subprocess.run(
        [str(VENV / "bin" / "python"), str(processes.SUBJECTS / "mini_driver.py")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=processes.LONGEST_SECONDS,
        env=processes.environment(MSWEA_GLOBAL_CONFIG_DIR=str(place)),
    )
    if done.returncode:
        raise RuntimeError(f"the peer failed: {done.stderr[-1500:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found["ended"] != "Submitted":
        raise RuntimeError(f"the peer ended as {found['ended']}")
    prompts = [0, *found["prompts"]]
    pairs = list(itertools.pairwise(prompts))
    cost = sum(READ * before + WRITE * (now - before) for before, now in pairs)
    return {"cost": cost, "sent": sum(prompts), "calls": len(pairs)}, digests(tree)


def digests(tree: Path) -> dict[str, str]:
    return {
        path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.rglob("*")
        if path.is_file()
    }


def install() -> None:
    """The peer in a virtual environment of its own, made by uv from the registry; kept between runs."""
    stamp = VENV / "peer"
    if stamp.exists() and stamp.read_text() == PEER:
        return
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "--quiet", "venv", "--clear", "--python", sys.executable, str(VENV)], check=True)
    subprocess.run([uv, "--quiet", "pip", "install", "--python", str(VENV / "bin" / "python"), PEER], check=True)
    stamp.write_text(PEER)


def rows(place: Path, scale: Scale) -> list[Row]:
    if scale.peer:
        install()
    return [_row(place, scale, steps) for steps in scale.token_steps]


def _row(place: Path, scale: Scale, steps: int) -> Row:
    moves = list(story.moves(steps))
    mine, files = ours(place / f"ours{steps}", moves)
    about = f"ours sent {kilo(mine['sent'])} in {mine['calls']:.0f} calls, {mine['cuts']:.0f} cuts"
    if not scale.peer:
        return Row(what=f"{steps} steps", ours=kilo(mine["cost"]), note=about)
    theirs, expected = peer(place / f"peer{steps}", moves)
    same = _sources(files) == _sources(expected)
    return Row(
        what=f"{steps} steps",
        ours=kilo(mine["cost"]),
        floor=kilo(theirs["cost"]),
        ratio=mine["cost"] / theirs["cost"],
        aim=AIMS.get(steps),
        note=f"{about}; the peer {kilo(theirs['sent'])} in {theirs['calls']:.0f}; "
        f"final files {'the same' if same else 'DIFFERENT'}",
    )


def _sources(files: Mapping[str, str]) -> dict[str, str]:
    return {path: digest for path, digest in files.items() if path.endswith(".py")}
