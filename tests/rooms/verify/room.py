"""A sealed folder with a project in it, its tests before, and a change to be verified."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.events.parts import Blob
from app.events.record import Record
from app.events.working import CommandRan
from app.projects import Plan
from app.verify import Verification, run_commands, verify_head
from app.workspace import Ignore, changes, collect
from tests.rooms.workspace.folders import FolderSandbox

PYTEST = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -m pytest -q -p no:cacheprovider"
UNITTEST = f"{sys.executable} -m unittest discover"  # starts in a tenth of pytest's time
PLAN = Plan(setup=("true",), verify=(UNITTEST,), language="Python")
HEAD = "import unittest\nfrom calc import div\n\nclass T(unittest.TestCase):\n"
BASE = {
    "calc.py": "def div(a, b):\n    return a / b\n",
    "test_calc.py": HEAD
    + "    def test_div(self):\n        self.assertEqual(div(4, 2), 2)\n        self.assertEqual(div(9, 3), 3)\n",
}
FIXED = "def div(a, b):\n    return a / b if b else 0\n"
REGRESSION = HEAD + "    def test_zero(self):\n        self.assertEqual(div(1, 0), 0)\n"


class Ledger:
    """What the flow writes."""

    def __init__(self) -> None:
        self.events: list[Record] = []

    def append(self, said: Record) -> None:
        self.events.append(said)

    def blob(self, content: str) -> Blob:
        return Blob(blob=hashlib.sha256(content.encode()).hexdigest(), size=len(content))

    def ran(self) -> list[CommandRan]:
        return [said for said in self.events if isinstance(said, CommandRan)]


class Room:
    """A sealed folder after its baseline, ready to be changed."""

    def __init__(self, tree: Path, files: Mapping[str, str], plan: Plan = PLAN, *, seconds: float = 60) -> None:
        tree.mkdir()
        self.ledger = Ledger()
        self.plan = plan
        self.sandbox = FolderSandbox(tree, seconds=seconds)
        self.write(files)
        self.before = self.sandbox.manifest()
        self.baseline = run_commands(self.sandbox, plan.verify, purpose="verify", at="base", ledger=self.ledger)  # type: ignore[arg-type]
        self.sandbox.seal()
        self.old = {path: self.sandbox.read_file(path) for path in self.before}

    def write(self, files: Mapping[str, str | None]) -> None:
        """None removes a file."""
        for path, text in files.items():
            if text is None:
                self.sandbox.remove_file(path)
            else:
                self.sandbox.write_file(path, text.encode())

    def verify(self, **options: Any) -> Verification:
        found = changes(self.before, self.sandbox.manifest(), Ignore(tracked=self.before))
        contents = collect(self.sandbox, found)
        return verify_head(
            self.sandbox, found, contents, self.plan, self.baseline, self.ledger, original_tests=self.old, **options  # type: ignore[arg-type]
        )  # fmt: skip
