"""What it costs to ask a pass what it reaches: the run with the change broken, as a share of all of the verification.

A generated suite of Python tests that take a while each, in a plain folder: what is compared is how often tests are
run, which no sandbox changes. Of the change, every test calls the function, or none does, or a new test shows it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from app.projects import Plan
from tests.bench.measure import Row, Scale
from tests.rooms.verify.room import Room

TITLE = "Reach (the run with the change broken, of all of the verification's time at head)"
_TEST_SECONDS = 0.01
CALC, OTHER = "def f(a):\n    return a\n", "def g(a):\n    return a\n"
CHANGED = "def f(a):\n    return a + 0 if a else None\n"
SHOWS = "import unittest\nfrom calc import f\n\nclass T(unittest.TestCase):\n"
SHOWS += "    def test_none(self):\n        self.assertIsNone(f(0))\n"


def rows(place: Path, scale: Scale) -> list[Row]:
    cases: list[tuple[str, str, Mapping[str, str | None]]] = [
        ("no test reaches it: all of the suite once more", "other", {}),
        ("tests reach it: up to the first failure", "calc", {}),
        ("a new test shows it: not run", "calc", {"test_none.py": SHOWS}),
    ]
    return [_row(place / str(number), scale, *case) for number, case in enumerate(cases)]


def _row(tree: Path, scale: Scale, what: str, imports: str, more: Mapping[str, str | None]) -> Row:
    name = "g" if imports == "other" else "f"
    tests = "".join(
        f"    def test_{number}(self):\n        time.sleep({_TEST_SECONDS})\n        self.assertEqual({name}(1), 1)\n"
        for number in range(scale.suite_tests)
    )
    suite = f"import time\nimport unittest\nfrom {imports} import {name}\n\nclass T(unittest.TestCase):\n{tests}"
    files = {"calc.py": CALC, "other.py": OTHER, "test_all.py": suite}
    room = Room(tree, files, Plan(verify=(f"{sys.executable} -m unittest discover",)))
    room.write({"calc.py": CHANGED, **more})
    started = time.monotonic()
    found = room.verify()
    whole = time.monotonic() - started
    reach = sum(item.seconds for item in room.ledger.ran() if item.purpose == "reach")
    said = ", ".join(reach.ending for reach in found.claims.reach) if found.claims else ""
    return Row(
        what=what, ours=f"{reach:.2f} s", floor=f"{whole - reach:.2f} s", ratio=reach / whole, note=said or "not run"
    )
