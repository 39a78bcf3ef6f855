"""The way of a run through a real sandbox: checkout, history, setup, change, verification, snapshot, restore."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import UserError
from app.events.parts import Blob
from app.events.record import Record
from app.events.working import CommandRan
from app.ports.sandbox import Egress, Limits
from app.projects import Plan
from app.sandbox.bubblewrap import BubblewrapHost
from app.verify import run_commands, verify_head
from app.workspace import (
    Mirror,
    base_ignore,
    changes,
    checkout,
    collect,
    read_files,
    restore_snapshot,
    take_snapshot,
    throwaway,
)
from tests.rooms.workspace.folders import MemoryStore, Project

TEST = "import unittest\nfrom calc import div\n\nclass T(unittest.TestCase):\n    def test_{0}(self):\n        {1}\n"
FILES: dict[str, bytes | str] = {
    "calc.py": "def div(a, b):\n    return a / b\n",
    "test_calc.py": TEST.format("div", "self.assertEqual(div(4, 2), 2)"),
    "docs/old.txt": "old",
    ".gitignore": "*.log\n",
}
PLAN = Plan(setup=("touch ~/ready; echo '{}' > made.lock",), verify=("test -e ~/ready && python3 -m unittest",))


class Ledger:
    def __init__(self) -> None:
        self.ran: list[CommandRan] = []

    def append(self, said: Record) -> None:
        assert isinstance(said, CommandRan)
        self.ran.append(said)

    def blob(self, content: str) -> Blob:
        return Blob(blob=hashlib.sha256(content.encode()).hexdigest(), size=len(content))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BubblewrapHost]:
    host = BubblewrapHost(tmp_path / "home")
    try:
        host.require()
    except UserError as error:
        pytest.skip(str(error))
    yield host


def test_a_run_from_checkout_to_verified_change_and_back(
    host: BubblewrapHost, project: Project, tmp_path: Path
) -> None:
    sha = project.commit(FILES, "first")
    mirror, tree, ledger, store = Mirror(tmp_path / "m.git"), tmp_path / "tree", Ledger(), MemoryStore()
    mirror.fetch(project.url, sha)
    throwaway(mirror, checkout(mirror, sha, tree), tree, history_inside=host.history_path(mirror.path))
    sandbox = host.open(
        "r1", tree, limits=Limits(), egress=Egress(), on_request=lambda _request: None, history=mirror.path
    )
    try:
        assert sandbox.run("git log --format=%s").text.strip() == "first"
        assert sandbox.run("git status --porcelain").text == ""
        before = sandbox.manifest()
        assert all(r.ok for r in run_commands(sandbox, PLAN.setup, purpose="setup", at="base", ledger=ledger))  # type: ignore[arg-type]
        after_setup = sandbox.manifest()
        baseline = run_commands(sandbox, PLAN.verify, purpose="verify", at="base", ledger=ledger)  # type: ignore[arg-type]
        assert baseline[0].counts is not None
        assert baseline[0].counts.passed == 1
        sandbox.seal()

        sandbox.write_file("calc.py", b"def div(a, b):\n    return a / b if b else 0\n")
        sandbox.write_file("test_zero.py", TEST.format("zero", "self.assertEqual(div(1, 0), 0)").encode())
        sandbox.run("rm docs/old.txt && rmdir docs && echo now > docs && ln -s calc.py link && echo x > x.log")
        sandbox.run("git add -A; git commit -qm mine; git config core.fsmonitor 'touch /tmp/pwned'")
        found = changes(before, sandbox.manifest(), base_ignore(mirror, sha), after_setup=after_setup)
        assert [(c.path, c.kind, c.mode) for c in found] == [
            ("calc.py", "modify", "100644"),
            ("docs", "add", "100644"),
            ("docs/old.txt", "delete", "100644"),
            ("link", "add", "120000"),
            ("test_zero.py", "add", "100644"),
        ]
        contents = collect(sandbox, found)
        taken = take_snapshot(sandbox, before, store)  # type: ignore[arg-type]
        worked = sandbox.manifest()
        old = read_files(mirror, sha, [change.path for change in found])
        verification = verify_head(sandbox, found, contents, PLAN, baseline, ledger, original_tests=old)  # type: ignore[arg-type]
        assert verification.ok
        assert verification.claims is not None
        assert verification.claims.proven
        assert verification.note == "2 tests pass. The new test fails without the change and passes with it."
        sandbox.reset()
        restore_snapshot(sandbox, before, taken, store)  # type: ignore[arg-type]
        assert {p: e for p, e in sandbox.manifest().items() if ".pyc" not in p} == {
            p: e for p, e in worked.items() if ".pyc" not in p
        }
        assert not os.path.exists("/tmp/pwned")
    finally:
        sandbox.close()
