"""What the tests as they are must be able to do before a model is paid."""

from __future__ import annotations

import pytest

from app.checkpoints import before_work
from app.projects import Plan
from app.verify import CommandResult, parse_counts, unfit
from app.verify.run import Ending

PLAN = Plan(verify=("t",))
TESTS = ("calc.py", "tests/test_calc.py")
GREEN = "===== 3 passed in 0.1s ====="
RED = "===== 1 failed, 3 passed in 0.1s ====="


def ran(output: str, code: int | None = 0, killed_by: str = "") -> CommandResult:
    return CommandResult(
        command="t", purpose="verify", at="base", exit_code=code, seconds=15, killed_by=killed_by,
        counts=parse_counts(output), tail=output,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("output", "code", "ending"),
    [
        (GREEN, 0, "green"),
        ("fine", 0, "green"),
        (RED, 1, "red"),
        ("boom", 1, "red"),
        (RED, 0, "contradictory"),
        ("===== 1 error in 0.1s =====", 0, "contradictory"),
        ("", None, "killed"),
        (GREEN, None, "killed"),
        ("No tests found, exiting with code 0", 0, "nothing"),
        ("No tests found, exiting with code 1", 1, "nothing"),
        ("No test files found, exiting with code 0", 0, "nothing"),
        ("No test files found, exiting with code 1", 1, "nothing"),
        ("[INFO] No tests to run.\n[INFO] BUILD SUCCESS", 0, "nothing"),
        ("[INFO] Tests are skipped.\n[INFO] BUILD SUCCESS", 0, "nothing"),
        ("?   \texample.org/x\t[no test files]", 0, "nothing"),
        ("> x@1.0.0 test\n> echo no tests yet\n\nno tests yet", 0, "nothing"),
        ("===== no tests ran in 0.1s =====", 5, "nothing"),
        ("Ran 0 tests in 0.000s\n\nOK", 0, "nothing"),
        ("Ran 0 tests in 0.000s\n\nNO TESTS RAN", 5, "nothing"),
        ("ERROR tests/test_a.py\n===== 1 error in 0.1s =====", 2, "broken"),
        ("ERROR: file or directory not found: x\n===== no tests ran in 0.1s =====", 4, "broken"),
        ("ERROR: test_a (unittest.loader._FailedTest.test_a)\nRan 1 test in 0.1s\n\nFAILED (errors=1)", 1, "broken"),
        ("ERROR: test_a (test_a.T.test_a)\nRan 1 test in 0.1s\n\nFAILED (errors=1)", 1, "red"),
        ("ERROR tests/test_a.py::test_a\n===== 1 error in 0.1s =====", 1, "red"),
        ("bash: line 1: pytset: command not found", 127, "broken"),
        ("/usr/bin/python3: No module named pytest", 1, "broken"),
        ("make: *** No rule to make target 'test'.  Stop.", 2, "broken"),
        ("npm error Missing script: \"test\"", 1, "broken"),
    ],
)  # fmt: skip
def test_a_record_says_how_it_ended(output: str, code: int | None, ending: Ending) -> None:
    result = ran(output, code)
    assert result.ending == ending
    assert result.ok is (ending == "green")


@pytest.mark.parametrize(
    ("baseline", "paths", "why"),
    [
        ([ran(GREEN)], TESTS, None),
        ([ran(RED, 1)], TESTS, None),
        ([ran("boom", 1)], TESTS, None),  # a change may mend it
        ([ran(GREEN), ran("", None, "time")], TESTS, "killed"),
        ([ran("", None, "memory")], TESTS, "killed"),
        ([ran("===== 1 error in 0.1s =====", 2)], TESTS, "broken"),
        ([ran("sh: no such thing", 127)], TESTS, "broken"),
        ([ran("No tests found, exiting with code 0")], TESTS, "nothing"),
        ([ran("No tests to run."), ran("lint: fine")], TESTS, None),
        ([ran("Ran 0 tests in 0.0s\n\nOK")], ("calc.py",), None),  # the change may bring the first one
        ([ran("Ran 0 tests in 0.0s\n\nOK")], ("calc.py", "tests/fixtures/sample.py", "conftest.py"), None),
    ],
)
def test_what_could_never_accept_a_change_is_known_before_it_costs(
    baseline: list[CommandResult], paths: tuple[str, ...], why: str | None
) -> None:
    found = unfit(PLAN, baseline, paths)
    assert (found.why if found else None) == why


@pytest.mark.parametrize(
    ("output", "code", "why"),
    [
        ("ERROR tests/test_a.py\n===== 1 error in 0.1s =====", 2, None),  # what the check is red for
        ("/usr/bin/python3: No module named pytest", 1, "broken"),  # what the settings are wrong for
        ("bash: line 1: pytset: command not found", 127, "broken"),
        ("", None, "killed"),
    ],
)
def test_a_repair_of_checks_begins_with_tests_that_cannot_be_loaded(
    output: str, code: int | None, why: str | None
) -> None:
    found = unfit(PLAN, [ran(output, code)], TESTS, repairs=True)
    assert (found.why if found else None) == why


def test_a_project_that_nobody_knows_how_to_test_is_not_worked_on() -> None:
    found = unfit(Plan(), [], TESTS)
    assert found is not None
    assert found.why == "unknown"
    assert "under `verify`" in before_work.unknown()


@pytest.mark.parametrize(
    ("killed_by", "setting"),
    [("time", "`sandbox.timeout` (now 15s)"), ("memory", "`sandbox.memory` (now 512m)"), ("disk", "under `verify`")],
)
def test_a_kill_names_its_own_setting(killed_by: str, setting: str) -> None:
    ended = ran("", None, killed_by).ended
    said = before_work.killed("make test", ended, killed_by, timeout_seconds=15, memory_mb=512)
    assert setting in said
    assert "before spending anything" in said
