"""A suite that breaks off before its first test verifies nothing, however alike it looks before and after."""

from __future__ import annotations

from app.verify import CommandResult, parse_counts
from app.verify.compare import compare
from app.verify.proof_by_suite import suite_ending

BROKEN_OFF = """\
ERROR tests/test_a.py - ModuleNotFoundError: No module named 'missing'
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
=============================== 1 error in 2.20s ===============================
"""
ONE_BROKEN = """\
ERROR tests/test_a.py - ModuleNotFoundError: No module named 'missing'
========================== 7 passed, 1 error in 2.20s ==========================
"""


def result(output: str, exit_code: int, at: str) -> CommandResult:
    return CommandResult(
        command="pytest", purpose="verify", at=at, exit_code=exit_code, seconds=1.0, counts=parse_counts(output)
    )


def test_nothing_is_said_to_hold_when_no_test_ran():
    verdict = compare([result(BROKEN_OFF, 2, "base")], [result(BROKEN_OFF, 2, "head")])
    assert not verdict.ok
    assert verdict.note.startswith("`pytest` broke off before any test ran, as it did before the change")


def test_a_file_that_cannot_be_imported_does_not_matter_when_the_others_ran():
    verdict = compare([result(ONE_BROKEN, 1, "base")], [result(ONE_BROKEN, 1, "head")])
    assert verdict.status == "no_worse"


def test_tests_that_did_not_run_prove_nothing_about_the_base():
    baseline = [result(BROKEN_OFF, 2, "base")]
    assert (
        suite_ending(["tests/test_a.py"], ["pytest"], baseline, [result(BROKEN_OFF, 2, "tests@base")])[0] == "unknown"
    )
    one = result(ONE_BROKEN, 1, "base")
    assert suite_ending(["tests/test_a.py"], ["pytest"], [one], [result(ONE_BROKEN, 1, "tests@base")])[0] == "green"
