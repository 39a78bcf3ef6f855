"""Overhead per agent step: all that happens between the end of one reply and the arrival of the next request."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.agent.models.scripted import bash, create, finish, say
from tests.bench import histories, processes, runs
from tests.bench.measure import Row, Scale, ms, ratio
from tests.bench.vendor import Vendor

TITLE = "One agent step without the model's time (worker, real sandbox and ledger; floor: bare SDK loop, subprocess)"
SLICE = 10


def script(steps: int) -> list[dict[str, Any]]:
    """Trivial work, bash and edits in turns, then the end."""
    replies = []
    for number in range(steps):
        command = bash(f"echo step {number} >> notes; wc -l notes")
        call = command if number % 2 == 0 else create(f"step{number}.txt", f"step {number}\n")
        replies.append({"content": [say(f"Now step {number}."), call]})
    return [*replies, {"content": [finish("Nothing", "Measured.", outcome="not_reproduced")]}]


def overheads(log: Sequence[dict[str, float]]) -> list[float]:
    """Seconds of each step."""
    return [after["arrived"] - before["ended"] for before, after in itertools.pairwise(log)]


def ours(home: Path, vendor: Vendor, project: histories.History) -> list[float]:
    ledger = runs.create(home, project.path, project.sha)
    with processes.ending(runs.worker(home, ledger.run_id, vendor.url)) as child:
        child.wait(processes.LONGEST_SECONDS)
    ledger.refresh()
    if ledger.state.outcome != "not_reproduced":
        raise RuntimeError(f"it ended as {ledger.state.outcome}: {ledger.state.reason} {runs.log_of(home)}")
    return overheads(vendor.log())


def floor(tree: Path, vendor: Vendor) -> list[float]:
    tree.mkdir()
    processes.output_of(processes.python("loop_floor.py", vendor.url, tree))
    return overheads(vendor.log())


def rows(place: Path, scale: Scale) -> list[Row]:
    files, commits, megabytes = 20, 3, 0
    project = histories.make(place / "project.git", files=files, commits=commits, megabytes=megabytes)
    home, longest = place / "home", max(scale.steps)
    home.mkdir(mode=0o700)
    mine: list[list[float]] = []
    bare: list[list[float]] = []
    with Vendor.start() as vendor:
        for number in range(scale.step_rounds):
            vendor.will(script(longest))
            mine.append(ours(home, vendor, project))
            vendor.will(script(longest))
            bare.append(floor(place / f"tree{number}", vendor))
    return [*(_row(mine, bare, 0, steps, f"mean over {steps} steps") for steps in scale.steps), *_slices(mine, bare)]


def _slices(mine: list[list[float]], bare: list[list[float]]) -> list[Row]:
    """The end of the run against its beginning: a loop that slows down as the history grows would show here."""
    longest = len(mine[0])
    if longest < 5 * SLICE:
        return []
    last = _row(mine, bare, longest - SLICE, longest, f"steps {longest - SLICE + 1}-{longest} alone")
    early, late = _ends(mine)
    floor_grew = ratio(*reversed(_ends(bare)))
    flat = Row(
        what=f"steps {longest - SLICE + 1}-{longest} against steps {SLICE + 1}-{2 * SLICE}, both ours",
        ours=ms(statistics.median(late)),
        floor=ms(statistics.median(early)),
        ratio=ratio(late, early),
        note=f"the floor grows by {floor_grew:.2f} ×: the SDK writes the whole conversation anew at each step",
    )
    return [last, flat]


def _ends(sides: list[list[float]]) -> tuple[list[float], list[float]]:
    """Medians of an early slice and of the last one, a run each."""
    early = [statistics.median(run[SLICE : 2 * SLICE]) for run in sides]
    return early, [statistics.median(run[-SLICE:]) for run in sides]


def _row(mine: list[list[float]], bare: list[list[float]], first: int, last: int, what: str) -> Row:
    def means(runs_: list[list[float]]) -> list[float]:
        return [statistics.fmean(run[first:last]) for run in runs_]

    a, b = means(mine), means(bare)
    middles = ratio(
        [statistics.median(run[first:last]) for run in mine], [statistics.median(run[first:last]) for run in bare]
    )
    return Row(
        what=what,
        ours=ms(statistics.median(a)),
        floor=ms(statistics.median(b)),
        ratio=ratio(a, b),
        aim=2.0,
        note=f"of the medians: {middles:.2f} ×",
    )
