"""Memory of a run that waits for a person, and of one that waits for the model."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.agent.models.scripted import ask
from tests.bench import histories, processes, runs
from tests.bench.measure import Row, Scale, in_turns, mb, ratio
from tests.bench.steps import script
from tests.bench.vendor import Vendor
from tests.waiting import until

TITLE = "Memory of one run (all its processes; PSS shares out what is mapped in common; floor: bare SDK process)"
STEPS = 4
WAIT_SECONDS = 6.0  # the model takes its time; both sides are looked at meanwhile
SETTLED_SECONDS = 1.0


class Waiting:
    """Both sides at their fifth call, which is answered late."""

    def __init__(self, place: Path, vendor: Vendor) -> None:
        self.place, self.vendor, self.home = place, vendor, place / "home"
        self.home.mkdir(mode=0o700)
        self.project = histories.make(place / "project.git", files=20, commits=3, megabytes=0)
        self.resident: dict[str, list[float]] = {"ours": [], "floor": []}
        self._trees = 0

    def ours(self) -> float:
        ledger = runs.create(self.home, self.project.path, self.project.sha)
        return self._look("ours", lambda: runs.worker(self.home, ledger.run_id, self.vendor.url))

    def floor(self) -> float:
        self._trees += 1
        tree = self.place / f"tree{self._trees}"
        tree.mkdir()
        return self._look("floor", lambda: processes.start(processes.python("loop_floor.py", self.vendor.url, tree)))

    def _look(self, side: str, start: Callable[[], subprocess.Popen[Any]]) -> float:
        replies = script(STEPS)
        self.vendor.will([*replies[:-1], {**replies[-1], "delay_seconds": WAIT_SECONDS}])
        with processes.ending(start()) as child:
            until(lambda: len(self.vendor.log()) > STEPS, "it did not get to the slow reply", seconds=60)
            time.sleep(SETTLED_SECONDS)
            resident, shared_out = processes.memory(processes.family(child.pid))
        self.resident[side].append(resident)
        return shared_out

    def parked(self) -> Row:
        """A run that asked somebody something: what of it is left."""
        ledger = runs.create(self.home, self.project.path, self.project.sha)
        self.vendor.will([{"content": [ask("Which one?")]}])
        with processes.ending(runs.worker(self.home, ledger.run_id, self.vendor.url)) as child:
            child.wait(processes.LONGEST_SECONDS)
            ledger.refresh()
            left = processes.family(child.pid)[1:] + processes.naming(ledger.run_id)
        size = sum(len(str(event.data)) for event in ledger.events)
        if ledger.state.phase != "parked":
            raise RuntimeError(f"the run is {ledger.state.phase}: {ledger.state.reason} {runs.log_of(self.home)}")
        return Row(
            what="run waiting for a person (parked)",
            ours=f"{mb(processes.memory(left)[1])} PSS",
            note=f"{len(left)} processes; {len(ledger.events)} events of {size / 1024:.0f} KB in all, on disk",
        )


def rows(place: Path, scale: Scale) -> list[Row]:
    with Vendor.start() as vendor:
        waiting = Waiting(place, vendor)
        parked = waiting.parked()
        pss = in_turns(min(scale.rounds, 3), {"ours": waiting.ours, "floor": waiting.floor})
    resident = {side: mb(statistics.median(found)) for side, found in waiting.resident.items()}
    return [
        parked,
        Row(
            what="worker waiting for the model",
            ours=f"{mb(statistics.median(pss['ours']))} PSS",
            floor=f"{mb(statistics.median(pss['floor']))} PSS",
            ratio=ratio(pss["ours"], pss["floor"]),
            note=f"RSS {resident['ours']} against {resident['floor']}; ours: worker, sandbox nursery, kept shell",
        ),
    ]
