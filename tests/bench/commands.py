"""What a wall costs: one command and one test suite, in both sandboxes and in a plain subprocess."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from app.ports.sandbox import Egress, Limits
from app.sandbox.bubblewrap import BubblewrapHost
from app.sandbox.host import LocalHost
from app.sandbox.jail import JailHost
from app.sandbox.local import LocalSandbox
from app.sandbox.probe import probe
from tests.bench.measure import Row, Scale, compared, in_turns, ms, secs

TITLE = "A command in the sandbox (`true`; floor: subprocess.run of bash) and a test suite (floor: outside)"
KINDS: dict[str, Callable[[Path], LocalHost]] = {"bubblewrap": BubblewrapHost, "jail": JailHost}
SUITE = ["/bin/bash", "-c", "python3 -m unittest -q test_all"]
_CASE = """
    def test_{number:04d}(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "numbers")
            path.write_text(" ".join(map(str, range(2000))))
            self.assertEqual(sum(map(int, path.read_text().split())), 1999000)
        if {number} % 10 == 0:
            subprocess.run(["/bin/true"], check=True)
"""


def rows(place: Path, scale: Scale) -> list[Row]:
    with ExitStack() as stack:
        rooms: dict[str, LocalSandbox] = {}
        found: list[Row] = []
        for name, make in KINDS.items():
            host = make(place / name)
            why = probe(host, place / name)
            if why:
                found.append(Row(what=f"{name}: not on this machine", ours="", note=why))
            else:
                rooms[name] = stack.enter_context(_open(host, place / f"{name}-tree", scale))
        outside = place / "outside"
        _plant(outside, scale.suite_tests)
        return [*found, *_commands(rooms, outside, scale), *_suite(rooms, outside, scale)]


def _open(host: LocalHost, tree: Path, scale: Scale) -> LocalSandbox:
    _plant(tree, scale.suite_tests)
    return host.open("bench", tree, limits=Limits(), egress=Egress(), on_request=lambda _request: None)


def _plant(tree: Path, tests: int) -> None:
    tree.mkdir(parents=True)
    head = "import pathlib\nimport subprocess\nimport tempfile\nimport unittest\n\n\nclass All(unittest.TestCase):"
    (tree / "test_all.py").write_text(head + "".join(_CASE.format(number=number) for number in range(tests)))


def _commands(rooms: dict[str, LocalSandbox], outside: Path, scale: Scale) -> list[Row]:
    def plain() -> None:
        subprocess.run(["/bin/bash", "-c", "true"], cwd=outside, capture_output=True, check=True)

    doers: dict[str, Callable[[], object]] = {"plain": plain}
    for name, room in rooms.items():
        doers[f"{name}: kept shell"] = lambda room=room: room.shell("true")
        doers[f"{name}: fresh start"] = lambda room=room: room.run("true")
    for do in doers.values():
        do()
    sides = {name: lambda do=do: _typical(do, max(2, scale.commands // 5)) for name, do in doers.items()}
    times = in_turns(scale.rounds, sides)
    return [compared(f"{name}", times[name], times["plain"], ms) for name in times if name != "plain"]


def _typical(do: Callable[[], object], count: int) -> float:
    found = []
    for _ in range(count):
        started = time.perf_counter()
        do()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def _suite(rooms: dict[str, LocalSandbox], outside: Path, scale: Scale) -> list[Row]:
    def plain() -> float:
        started = time.perf_counter()
        subprocess.run(SUITE, cwd=outside, capture_output=True, check=True)
        return time.perf_counter() - started

    def inside(room: LocalSandbox) -> float:
        started = time.perf_counter()
        done = room.run(SUITE[-1])
        if not done.ok:
            raise RuntimeError(f"the suite failed in {room.name}: {done.text[-500:]}")
        return time.perf_counter() - started

    sides: dict[str, Callable[[], float]] = {"plain": plain}
    sides |= {name: lambda room=room: inside(room) for name, room in rooms.items()}
    times = in_turns(scale.rounds, sides)
    what = f"test suite of {scale.suite_tests} tests with files and processes"
    return [compared(f"{name}: {what}", times[name], times["plain"], secs) for name in rooms]
