"""A failure at head that was green at base is run again: what passes then is flaky, and proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.verify import CommandResult, Counts, compare
from app.verify.again import narrowed, passed
from tests.rooms.verify.room import FIXED, UNITTEST, Room

# Fails the first time that it meets the change.
FLAKY = """import os
import unittest
import calc

class T(unittest.TestCase):
    def test_it(self):
        if hasattr(calc, "new") and not os.path.exists("met"):
            open("met", "w").close()
            self.fail()

    def test_two(self):
        self.assertFalse(getattr(calc, "wrong", False))
"""
BASE = {"calc.py": "def div(a, b):\n    return a / b\n", "test_it.py": FLAKY}


@pytest.mark.parametrize("also_wrong", [False, True])
def test_what_fails_once_and_passes_once_is_flaky_and_never_green(tmp_path: Path, also_wrong: bool) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write({"calc.py": f"{FIXED}\n\nnew = 1\nwrong = {also_wrong}\n"})
    found = room.verify()
    assert found.ok is not also_wrong
    assert found.as_event().flaky == ["test_it test_it.T.test_it"]
    assert found.new_failures == (("test_two test_it.T.test_two",) if also_wrong else ())
    again = next(item for item in room.ledger.ran() if item.purpose == "again")
    assert again.at == "head" and again.command.startswith(f"{UNITTEST} -k ")
    if not also_wrong:
        assert found.claims.head.ending == "red"
        assert "`test_it test_it.T.test_it` failed and then passed on the same tree: it is flaky" in found.note
        assert found.note.startswith("1 test passes, and 1 does not each time.")
        assert found.marks == {"uncertain"}


def result(code: int, counts: Counts | None, command: str = "t") -> CommandResult:
    return CommandResult(command=command, purpose="verify", at="x", exit_code=code, seconds=1, counts=counts)


A = Counts(passed=1, failed=1, failing=("a",))
AB = Counts(failed=2, failing=("a", "b"))


@pytest.mark.parametrize(
    ("before", "after", "flaky", "ok"),
    [
        (result(0, Counts(passed=2)), result(1, A), ["a"], True),
        (result(0, Counts(passed=2)), result(1, A), [], False),
        (result(0, Counts(passed=2)), result(1, AB), ["a"], False),
        (result(1, A), result(1, AB), ["b"], True),
        (result(0, Counts(passed=2)), result(1, Counts(failed=2, failing=("a",))), ["a"], False),
    ],
)
def test_only_where_all_that_is_new_is_flaky_a_change_may_go_on(
    before: CommandResult, after: CommandResult, flaky: list[str], ok: bool
) -> None:
    verdict = compare([before], [after], flaky=flaky)
    assert (verdict.ok, verdict.status) == (ok, "no_worse" if ok else "failed")
    assert not set(verdict.new_failures) & set(flaky)


@pytest.mark.parametrize(
    ("first", "now", "has_passed"),
    [
        (result(1, A), result(0, Counts(passed=2)), True),
        (result(1, A), result(0, Counts(passed=1)), False),  # the same command, and it ended before all had run
        (result(1, A), result(0, Counts(passed=1), "t -k a"), True),
        (result(1, A), result(1, A), False),
        (result(1, A), result(0, Counts(), "t -k a"), False),
        (result(1, A), result(0, None), False),
        (result(1, A), result(1, Counts(passed=1, failed=1), "t -k a"), False),
    ],
)
def test_a_test_that_did_not_run_has_not_passed(first: CommandResult, now: CommandResult, has_passed: bool) -> None:
    assert passed("a", first, now) is has_passed


@pytest.mark.parametrize(
    ("command", "failing", "again"),
    [
        ("pytest -q", ["tests/test_a.py::T::test_x[1-a]"], "pytest -q tests/test_a.py::T::test_x"),
        ("pytest -q", ["odd name"], "pytest -q"),
        ("python3 -m unittest", ["test_x a.test_b.T.test_x"], "python3 -m unittest -k '*test_b.T.test_x'"),
        ("cd a && { go test ./...; }", ["TestX/one", "TestY"], "cd a && { go test -run '^(TestX|TestY)$' ./...; }"),
        ("npm test", ["a › b"], "npm test"),
    ],
)
def test_only_the_failing_tests_are_run_again_where_their_runner_takes_names(
    command: str, failing: list[str], again: str
) -> None:
    assert narrowed(command, failing) == again
