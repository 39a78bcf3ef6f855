"""The flow at head with real pytest runs in a plain folder."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import TransientError
from app.ports import Execution
from app.verify import CommandResult, Counts, Plan, compare, run_commands, verify_head
from app.verify.head import _narrowed
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
        self.events: list[tuple[str, dict[str, Any]]] = []

    def append(self, kind: str, **data: Any) -> None:
        self.events.append((kind, data))

    def blob(self, content: str) -> dict[str, Any]:
        return {"blob": hashlib.sha256(content.encode()).hexdigest(), "size": len(content)}

    def ran(self) -> list[dict[str, Any]]:
        return [data for kind, data in self.events if kind == "command.ran"]


class Room:
    """A sealed folder after its baseline, ready to be changed."""

    def __init__(self, tree: Path, files: dict[str, str], plan: Plan = PLAN) -> None:
        tree.mkdir()
        self.ledger = Ledger()
        self.plan = plan
        self.sandbox = FolderSandbox(tree)
        self.write(files)
        self.before = self.sandbox.manifest()
        self.baseline = run_commands(self.sandbox, plan.verify, purpose="verify", at="base", ledger=self.ledger)  # type: ignore[arg-type]
        self.sandbox.seal()
        self.old = {path: self.sandbox.read_file(path) for path in self.before}

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            self.sandbox.write_file(path, text.encode())

    def verify(self) -> Any:
        found = changes(self.before, self.sandbox.manifest(), Ignore(tracked=self.before))
        contents = collect(self.sandbox, found)
        return verify_head(
            self.sandbox, found, contents, self.plan, self.baseline, self.ledger, original_tests=self.old  # type: ignore[arg-type]
        )  # fmt: skip


def test_a_fix_with_its_regression_test_is_proved(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE, Plan(verify=(PYTEST,)))
    room.write({"calc.py": FIXED, "test_zero.py": REGRESSION})
    found = room.verify()
    assert found.ok
    assert found.note == "2 tests pass. The new tests fail without the change and pass with it."
    assert found.regression.fails_before is True
    assert found.regression.tests == ("test_zero.py",)
    assert found.original_tests_pass is None
    event = found.as_event()
    assert event["baseline"][0]["counts"] == {"passed": 1, "failed": 0, "skipped": 0, "errors": 0}
    assert event["head"][0]["counts"]["passed"] == 2
    assert event["regression"] == {"fails_before": True, "passes_after": True, "tests": ["test_zero.py"]}
    ran = room.ledger.ran()
    assert [(item["purpose"], item["at"]) for item in ran] == [
        ("verify", "base"), ("verify", "head"), ("proof", "tests@base"),
    ]  # fmt: skip
    assert ran[2]["command"] == f"{PYTEST} test_zero.py"
    assert not any(network for command, network in room.sandbox.commands if command.startswith("PYTEST"))


def test_a_test_that_passes_without_the_change_proves_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write(
        {"calc.py": FIXED, "test_more.py": "from calc import div\n\ndef test_one():\n    assert div(1, 1) == 1\n"}
    )
    found = room.verify()
    assert found.ok
    assert found.regression.fails_before is False
    assert "do not prove it" in found.note


def test_a_broken_change_is_handed_back_with_its_output(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write({"calc.py": "def div(a, b):\n    return 0\n"})
    found = room.verify()
    assert not found.ok
    assert found.status == "failed"
    assert found.new_failures == ("test_div test_calc.T.test_div",)
    assert "test_calc.T.test_div" in found.feedback()
    assert "0 != 2" in found.feedback()
    assert found.regression is None


def test_a_weakened_test_is_run_as_it_was(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    weak = HEAD + "    def test_div(self):\n        self.assertIsNotNone(div(4, 2))\n"
    room.write({"calc.py": "def div(a, b):\n    return 0\n", "test_calc.py": weak})
    found = room.verify()
    assert found.ok
    assert found.original_tests_pass is False
    assert "do not pass" in found.note


def test_a_test_that_failed_before_may_go_on_failing(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_old.py": HEAD + "    def test_old(self):\n        self.fail()\n"})
    room.write({"calc.py": FIXED, "test_zero.py": REGRESSION})
    found = room.verify()
    assert found.ok
    assert found.status == "no_worse"
    assert found.note.startswith("1 test that failed before the change still fails; none fails that passed.")
    assert found.regression.fails_before is True


def test_the_failing_test_itself_counts_as_fixed(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_zero.py": REGRESSION})
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.ok
    assert found.fixed == ("test_zero test_zero.T.test_zero",)
    assert found.note == "2 tests pass, which failed before."


def test_without_tests_nothing_is_verified(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", {"calc.py": BASE["calc.py"]})
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert (found.ok, found.status) == (False, "unverifiable")
    assert found.note == "No tests were found; nothing verifies this change."
    none = Room(tmp_path / "none", {"calc.py": ""}, Plan())
    none.write({"calc.py": FIXED})
    assert none.verify().status == "unverifiable"


def test_setup_runs_again_only_when_dependencies_changed(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE, Plan(setup=("grep -q ok requirements.txt",), verify=(UNITTEST,)))
    room.write({"calc.py": FIXED})
    assert room.verify().ok
    assert not any(item["purpose"] == "setup" for item in room.ledger.ran())
    room.write({"requirements.txt": "bad"})
    found = room.verify()
    assert not found.ok
    assert (
        found.note
        == "With the changed dependencies, setup fails: `grep -q ok requirements.txt` ended with exit code 1."
    )
    assert room.sandbox.commands[-1] == ("grep -q ok requirements.txt", True)


def test_the_last_complete_round_is_read_back_from_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger()
    sandbox = FolderSandbox(tmp_path)
    run_commands(sandbox, ["echo 3 passed in 0.1s", "exit 7"], purpose="verify", at="base", ledger=ledger)  # type: ignore[arg-type]
    results = CommandResult.from_events(ledger.ran(), purpose="verify", at="base")
    assert [(r.exit_code, r.ok, r.ended) for r in results] == [(0, True, "exit code 0"), (7, False, "exit code 7")]
    assert results[0].counts == Counts(passed=3)
    assert CommandResult.from_events(ledger.ran()[:1], purpose="verify", at="base") == []
    assert CommandResult.from_events(ledger.ran(), purpose="verify", at="head") == []


def test_a_command_that_ran_too_long_has_no_exit_code(tmp_path: Path) -> None:
    (late,) = run_commands(
        FolderSandbox(tmp_path), ["sleep 5"], purpose="verify", at="head", ledger=Ledger(), timeout_seconds=0.2  # type: ignore[arg-type]
    )  # fmt: skip
    assert (late.exit_code, late.ok) == (None, False)
    assert "time-out" in late.ended


def result(code: int | None, counts: Counts | None = None) -> CommandResult:
    return CommandResult(command="t", purpose="verify", at="x", exit_code=code, seconds=1, counts=counts)


FAIL_A = Counts(passed=1, failed=1, failing=("a",))
FAIL_AB = Counts(passed=0, failed=2, failing=("a", "b"))
UNNAMED = Counts(passed=1, failed=2, failing=("a",))


@pytest.mark.parametrize(
    ("before", "after", "ok", "status"),
    [
        (result(0), result(0), True, "verified"),
        (result(1), result(0), True, "verified"),
        (result(0), result(1), False, "failed"),
        (result(1), result(1), False, "failed"),
        (result(1, FAIL_AB), result(1, FAIL_A), True, "no_worse"),
        (result(1, FAIL_A), result(1, FAIL_A), True, "no_worse"),
        (result(1, FAIL_A), result(1, FAIL_AB), False, "failed"),
        (result(1, UNNAMED), result(1, UNNAMED), False, "failed"),
        (result(1, FAIL_A), result(None), False, "failed"),
        (result(5, Counts()), result(5, Counts()), False, "unverifiable"),
        (result(0, Counts()), result(0, Counts()), False, "unverifiable"),
        (result(0, Counts(skipped=2)), result(0, Counts(skipped=2)), True, "verified"),
    ],
)
def test_two_runs_are_compared(before: CommandResult, after: CommandResult, ok: bool, status: str) -> None:
    verdict = compare([before], [after])
    assert (verdict.ok, verdict.status) == (ok, status)
    assert verdict.note


def test_fewer_tests_than_before_are_mentioned() -> None:
    assert compare([result(0, Counts(passed=9))], [result(0, Counts(passed=7))]).note == (
        "7 tests pass. 2 fewer tests ran than before."
    )


@pytest.mark.parametrize(
    ("command", "narrowed"),
    [
        ("PATH=$HOME/venv/bin:$PATH python3 -m pytest", "PATH=$HOME/venv/bin:$PATH python3 -m pytest 'a b.py'"),
        ("pytest -q --maxfail=3", "pytest -q --maxfail=3 'a b.py'"),
        ("pytest tests", "pytest tests"),
        ("make test", "make test"),
        ("pytest && ruff check", "pytest && ruff check"),
    ],
)
def test_the_proof_runs_only_the_new_tests_where_it_can(command: str, narrowed: str) -> None:
    assert _narrowed(command, ["a b.py"]) == narrowed


def test_a_command_under_way_when_the_sandbox_is_closed_is_no_evidence(tmp_path: Path) -> None:
    """A worker told to leave during the baseline: as a record it would stand for the project's own doing for good."""
    room = Room(tmp_path / "tree", BASE)
    room.sandbox.run = lambda command, **_: Execution(  # type: ignore[method-assign]
        command=command, exit_code=None, seconds=1, output=b"", output_bytes=0, killed_by="closed"
    )
    recorded = len(room.ledger.ran())
    with pytest.raises(TransientError):
        run_commands(room.sandbox, ("make test",), purpose="verify", at="base", ledger=room.ledger)  # type: ignore[arg-type]
    assert len(room.ledger.ran()) == recorded
