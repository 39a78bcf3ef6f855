"""From a label to the first reply of the model: webhook, dispatch, worker, checkout, sandbox; mirror cold and warm.

The floor is one process that knows everything already: `git worktree add` with a worker per core from a bare clone,
the SDK's import beside it, one call. Both end with the first reply, which the stand-in gives after a second: a real
first token takes about that long.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from pathlib import Path

from app.agent.models.scripted import finish
from app.runs.state.run_state import RunState
from tests.bench import histories, processes
from tests.bench.measure import Row, Scale, compared, in_turns, mb, ratio, secs
from tests.bench.site import Site, at
from tests.bench.vendor import Vendor

TITLE = (
    "From the label to the model's first reply (a second of it the model's; floor: parallel worktree add + the call)"
)
MODEL_SECONDS = 1.0
_ENDING = {"content": [finish("Nothing", "Measured.", outcome="not_reproduced")], "delay_seconds": MODEL_SECONDS}


class Race:
    """Both sides on one history."""

    def __init__(self, place: Path, site: Site, vendor: Vendor, history: histories.History) -> None:
        self.place, self.site, self.vendor, self.history = place, site, vendor, history
        self.repo = site.github.repository(f"bench/{history.path.stem}", directory=history.path, labels=["agent-fix"])
        self.phases: list[dict[str, float]] = []
        self._trees = 0

    def ours(self, *, cold: bool = False) -> float:
        if cold:
            shutil.rmtree(self.site.home / "mirrors", ignore_errors=True)
        issue = self.site.github.maintainer.open_issue(self.repo, "Do the work", body="All of it.")
        self.vendor.will([_ENDING])
        started, on_the_wall = time.monotonic(), time.time()
        self.site.github.maintainer.label(issue, "agent-fix")
        state = self.site.wait_ended(issue)
        if state.outcome != "not_reproduced":
            raise RuntimeError(f"it ended as {state.outcome}: {state.reason}")
        if not cold:
            self.phases.append(_phases(self.site, state, on_the_wall))
        self.site.wait_gone(state)
        return self.vendor.log()[0]["ended"] - started

    def floor(self, *, cold: bool = False) -> float:
        self._trees += 1
        tree, bare = self.place / f"tree{self._trees}", self.place / f"{self.history.path.stem}-floor.git"
        self.vendor.will([_ENDING])
        if cold:
            shutil.rmtree(bare, ignore_errors=True)
        started = time.monotonic()
        if not bare.exists():
            subprocess.run(["git", "clone", "--quiet", "--bare", f"file://{self.history.path}", str(bare)], check=True)
        processes.output_of(processes.python("first_call_floor.py", self.vendor.url, bare, self.history.sha, tree))
        seconds = self.vendor.log()[0]["ended"] - started
        subprocess.run(["git", f"--git-dir={bare}", "worktree", "remove", "--force", str(tree)], check=True)
        return seconds


def _phases(site: Site, state: RunState, started: float) -> dict[str, float]:
    """Seconds of each part of the way, from the ledger."""
    marks = {"webhook, dispatch": "run.admitted", "worker starts": "attempt.started", "checkout, sandbox": "clone"}
    marks |= {"setup, seal": "setup", "tests before": "baseline", "prompt": "model.called", "model": "model.replied"}
    found, before = {}, started
    for name, mark in marks.items():
        for event in site.store.events(state.run_id):
            is_it = event.kind == mark or (event.kind == "stage.ended" and event.data["stage"] == mark)
            if is_it:
                found[name], before = at(event.at) - before, at(event.at)
                break
    return found


def rows(place: Path, scale: Scale) -> list[Row]:
    found: list[Row] = []
    with Vendor.start() as vendor:
        env = {"ANTHROPIC_API_KEY": "sk-none", "ANTHROPIC_BASE_URL": vendor.url}
        with Site(place, env) as site:
            for name, shape in (("small", scale.small_repository), ("big", scale.big_repository)):
                files, commits, megabytes = shape
                if files:
                    history = histories.make(place / f"{name}.git", files=files, commits=commits, megabytes=megabytes)
                    found += _raced(Race(place, site, vendor, history), scale)
    return found


def _raced(race: Race, scale: Scale) -> list[Row]:
    history = race.history
    about = f"{mb(history.size_bytes)}, {history.files} files, {history.commits} commits"
    found = []
    if scale.cold_mirrors:
        sides = {"ours": lambda: race.ours(cold=True), "floor": lambda: race.floor(cold=True)}
        cold = in_turns(scale.cold_mirrors, sides)
        found.append(compared(f"{about}: first time", cold["ours"], cold["floor"], secs))
    else:
        race.ours()
        race.floor()
    race.phases.clear()
    warm = in_turns(scale.first_calls, {"ours": race.ours, "floor": race.floor})
    parts = {name: statistics.median(phase[name] for phase in race.phases) for name in race.phases[0]}
    way = ", ".join(f"{name} {secs(value)}" for name, value in parts.items())
    without = [[value - MODEL_SECONDS for value in warm[side]] for side in ("ours", "floor")]
    note = f"{way}; without the model's second {ratio(*without):.2f} ×"
    return [*found, compared(f"{about}: warm mirror", warm["ours"], warm["floor"], secs, aim=1.1, note=note)]
