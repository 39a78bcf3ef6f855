"""The flow at head with real pytest runs in a plain folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.claims import Claims
from app.errors import TransientError
from app.events import parts
from app.ports.sandbox import Execution
from app.projects import Plan
from app.projects.plan import Project
from app.verify import CommandResult, Counts, compare, run_commands
from tests.rooms.verify.room import BASE, FIXED, HEAD, PYTEST, REGRESSION, UNITTEST, Ledger, Room
from tests.rooms.workspace.folders import FolderSandbox


def test_a_fix_with_its_regression_test_is_proved(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE, Plan(verify=(PYTEST,)))
    room.write({"calc.py": FIXED, "test_zero.py": REGRESSION})
    found = room.verify()
    assert found.ok
    assert found.note == "2 tests pass. The new test fails without the change and passes with it."
    assert [(test.name, test.before, test.after) for test in found.claims.tests] == [
        ("test_zero.py::T::test_zero", "red", "green")
    ]
    assert found.claims.originals is None
    assert found.marks == set()
    event = found.as_event()
    assert event.baseline[0].counts == parts.Counts(passed=1, failed=0)
    assert event.head[0].counts == parts.Counts(passed=2, failed=0)
    assert event.regression == {
        "fails_before": True, "passes_after": True, "tests": ["test_zero.py::T::test_zero"],
    }  # fmt: skip
    assert Claims.from_event(json.loads(event.model_dump_json())["claims"]) == found.claims
    ran = room.ledger.ran()
    assert [(item.purpose, item.at) for item in ran] == [
        ("verify", "base"), ("verify", "head"),
        ("proof", "tests@base"), ("proof", "tests@words"), ("proof", "tests@head"),
    ]  # fmt: skip
    assert ran[3].command == f"{PYTEST} --rootdir=. test_zero.py::T::test_zero"
    assert not any(network for command, network in room.sandbox.commands if command.startswith("PYTEST"))


def test_a_test_that_passes_without_the_change_proves_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write(
        {"calc.py": FIXED, "test_more.py": HEAD + "    def test_one(self):\n        self.assertEqual(div(1, 1), 1)\n"}
    )
    found = room.verify()
    assert found.ok
    assert "does not prove it" in found.note
    assert found.marks == {"uncertain"}


def test_a_broken_change_is_handed_back_with_its_output(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write({"calc.py": "def div(a, b):\n    return 0\n"})
    found = room.verify()
    assert not found.ok
    assert found.status == "failed"
    assert found.new_failures == ("test_div test_calc.T.test_div",)
    assert "test_calc.T.test_div" in found.feedback()
    assert "0 != 2" in found.feedback()
    assert found.claims is None


def test_a_weakened_test_is_run_as_it_was(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    weak = HEAD + "    def test_div(self):\n        self.assertIsNotNone(div(4, 2))\n"
    room.write({"calc.py": "def div(a, b):\n    return 0\n", "test_calc.py": weak})
    found = room.verify()
    assert found.ok
    assert found.claims.originals.ending == "red"
    assert "The tests as they were, run with the change, fail: `test_div test_calc.T.test_div`." in found.note
    assert found.marks == {"tests-changed", "uncertain"}


LINT = f"{sys.executable} flake8.py"
LINTER = """import pathlib, sys
lines = pathlib.Path("test_calc.py").read_text().splitlines()
found = [n for n, line in enumerate(lines, 1) if "type(" in line and "==" in line]
for n in found:
    print(f"./test_calc.py:{n}:9: E721 do not compare types, for exact checks use `is` / `is not`")
sys.exit(1 if found else 0)
"""
COMPARED = HEAD + "    def test_div(self):\n        assert type(div(4, 2)) == float\n"
ASKED = HEAD + "    def test_div(self):\n        self.assertTrue(isinstance(div(4, 2), float))\n"


@pytest.mark.parametrize(
    ("verify", "path", "text", "is_fix"),
    [
        ((LINT,), "test_calc.py", ASKED, True),  # a linter wants another text in a test: nothing was red
        ((LINT,), "flake8.py", "", False),  # the rule switched off
        ((LINT, "grep -q assertTrue test_calc.py"), "test_calc.py", ASKED, False),  # what else failed was edited away
    ],
)
def test_tests_are_edited_for_a_linter_and_not_to_pass(
    tmp_path: Path, verify: tuple[str, ...], path: str, text: str, is_fix: bool
) -> None:
    files = {"calc.py": BASE["calc.py"], "test_calc.py": COMPARED, "flake8.py": LINTER}
    room = Room(tmp_path / "tree", files, Plan(verify=verify))
    room.write({path: text})
    found = room.verify()
    assert found.ok is is_fix
    assert ("Only tests were edited" in found.note) is not is_fix
    assert found.marks >= {"tests-changed"}


def test_tests_that_could_not_be_loaded_and_pass_with_the_change_prove_it(tmp_path: Path) -> None:
    files = {**BASE, "calc.py": "from collections import Mapping\n" + BASE["calc.py"]}
    room = Room(tmp_path / "tree", files)
    assert [result.ending for result in room.baseline] == ["broken"]
    room.write({"calc.py": "from collections.abc import Mapping\n" + BASE["calc.py"]})
    found = room.verify()
    assert found.ok and found.claims.proven
    assert found.marks == set()


def test_a_test_that_failed_before_may_go_on_failing(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_old.py": HEAD + "    def test_old(self):\n        self.fail()\n"})
    room.write({"calc.py": FIXED, "test_zero.py": REGRESSION})
    found = room.verify()
    assert found.ok
    assert found.status == "no_worse"
    assert found.note.startswith("1 test that failed before the change still fails; none fails that passed.")
    assert found.marks == set()


def test_the_failing_test_itself_counts_as_fixed(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_zero.py": REGRESSION})
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.ok
    assert found.fixed == ("test_zero test_zero.T.test_zero",)
    assert found.note == "2 tests pass; 1 of them failed before: `test_zero test_zero.T.test_zero`."
    assert found.marks == set()


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
    assert not any(item.purpose == "setup" for item in room.ledger.ran())
    room.write({"requirements.txt": "bad"})
    found = room.verify()
    assert not found.ok
    assert (
        found.note
        == "With the changed dependencies, setup fails: `grep -q ok requirements.txt` ended with exit code 1."
    )
    assert room.sandbox.commands[-1] == ("grep -q ok requirements.txt", True)


def test_a_suite_that_takes_no_names_is_asked_only_where_the_new_tests_are(tmp_path: Path) -> None:
    command = f"sh -c '{UNITTEST}'"
    members = [Project(folder=name, verify=(command,), language="Python", why="") for name in ("a", "b")]
    files = {f"{name}/{path}": text for name in ("a", "b") for path, text in BASE.items()}
    room = Room(tmp_path / "tree", files, Plan.of(members))
    room.write({"b/calc.py": FIXED, "b/test_zero.py": REGRESSION})
    found = room.verify()
    assert found.ok and found.claims and found.claims.proven
    proofs = {(ran.at, ran.command) for ran in room.ledger.ran() if ran.purpose == "proof"}
    assert proofs == {(at, f"cd b && {{ {command}; }}") for at in ("tests@base", "tests@words", "tests@head")}


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
    assert bool(verdict.note) is not ok


@pytest.mark.parametrize("command", ["make test", "python3 -m pytest", "go test ./..."])
def test_a_command_under_way_when_the_sandbox_is_closed_is_no_evidence(tmp_path: Path, command: str) -> None:
    """A worker told to leave during the baseline: as a record it would stand for the project's own doing for good."""
    room = Room(tmp_path / "tree", {}, Plan())
    room.sandbox.run = lambda command, **_: Execution(  # type: ignore[method-assign]
        command=command, exit_code=None, seconds=1, output=b"", output_bytes=0, killed_by="closed"
    )
    recorded = len(room.ledger.ran())
    with pytest.raises(TransientError):
        run_commands(room.sandbox, (command,), purpose="verify", at="base", ledger=room.ledger)  # type: ignore[arg-type]
    assert len(room.ledger.ran()) == recorded
