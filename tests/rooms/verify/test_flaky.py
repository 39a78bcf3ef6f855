"""A failure at head that was green at base is run again: what passes then is flaky, and proves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.projects import Plan
from app.verify import CommandResult, Counts, compare
from app.verify.again import flaky_at_base, narrowed, passed
from tests.rooms.verify.room import FIXED, UNITTEST, Room

# Fails the first time that it meets the change.
FLAKY = """import os
import unittest
import calc

class T(unittest.TestCase):
    def test_it(self):
        if hasattr(calc, "new") and not os.path.exists("MET"):
            open("MET", "w").close()
            self.fail()

    def test_two(self):
        self.assertFalse(getattr(calc, "wrong", False))
"""
BASE = {"calc.py": "def div(a, b):\n    return a / b\n"}


def by_chance(tests: str, folder: Path) -> str:
    """Something outside the tree decides."""
    return tests.replace("MET", str(folder / "met"))


@pytest.mark.parametrize("also_wrong", [False, True])
def test_what_fails_once_and_passes_once_is_flaky_and_never_green(tmp_path: Path, also_wrong: bool) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_it.py": by_chance(FLAKY, tmp_path)})
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


def test_what_passes_only_where_it_has_failed_before_is_real(tmp_path: Path) -> None:
    """Whatever the first run leaves in the tree: a clean one has it not, nor has whoever checks out the branch."""
    room = Room(tmp_path / "tree", {**BASE, "test_it.py": FLAKY})
    room.write({"calc.py": f"{FIXED}\n\nnew = 1\n"})
    found = room.verify()
    assert not found.ok and not found.flaky
    assert found.new_failures == ("test_it test_it.T.test_it",)


BUILT = """import pathlib, unittest

class T(unittest.TestCase):
    def test_it(self):
        self.assertTrue(pathlib.Path("built").exists())
        self.assertEqual(pathlib.Path("STATE").read_text().count("x") % 2, 1)
"""


def test_what_is_built_first_is_built_again_first(tmp_path: Path) -> None:
    build = f"echo built >built; printf x >>{tmp_path}/state"
    plan = Plan(verify=(build, UNITTEST, "echo done"))
    (tmp_path / "state").write_text("")
    room = Room(tmp_path / "tree", {**BASE, "test_it.py": BUILT.replace("STATE", str(tmp_path / "state"))}, plan)
    assert [result.ending for result in room.baseline] == ["green", "green", "green"]
    (tmp_path / "state").write_text("x")
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.ok and found.flaky == ("test_it test_it.T.test_it",)
    again = [item.command for item in room.ledger.ran() if item.purpose == "again"]
    assert again == [build, f"{UNITTEST} -k '*test_it.T.test_it'", "echo done"]


# Fails at base: once, by chance; or as long as nobody mends it.
ONCE = FLAKY.replace('hasattr(calc, "new") and ', "")
REAL = FLAKY.replace('hasattr(calc, "new") and not os.path.exists("MET")', 'not hasattr(calc, "new")')


@pytest.mark.parametrize(("tests", "is_real"), [(ONCE, False), (REAL, True)])
def test_what_failed_at_base_by_chance_is_not_fixed(tmp_path: Path, tests: str, is_real: bool) -> None:
    room = Room(tmp_path / "tree", {**BASE, "test_it.py": by_chance(tests, tmp_path)})
    assert room.baseline[0].ending == "red"
    room.write({"calc.py": f"{FIXED}\n\nnew = 1\n"})
    found = room.verify()
    again = next(item for item in room.ledger.ran() if item.purpose == "again")
    assert again.at == "base" and again.command.startswith(f"{UNITTEST} -k ")
    assert found.ok and found.claims.proven is is_real
    assert found.fixed == (("test_it test_it.T.test_it",) if is_real else ())
    assert found.as_event().flaky == ([] if is_real else ["test_it test_it.T.test_it"])
    assert ("failed and then passed on the same tree: it is flaky" in found.note) is not is_real
    assert found.marks == (set() if is_real else {"uncertain"})


# Ends as it is written, run by run.
NEW = """import pathlib
import unittest

class T(unittest.TestCase):
    def test_it(self):
        ran = pathlib.Path("RAN")
        n = len(ran.read_text()) if ran.exists() else 0
        ran.write_text("x" * (n + 1))
        self.assertEqual("ENDS"[n:n + 1] or ".", ".")
"""
DATA = {"limits.txt": "8\n"}  # in which nobody knows words from what they do


@pytest.mark.parametrize("runner", [UNITTEST, f"sh -c '{UNITTEST}'"], ids=["by name", "by file"])
@pytest.mark.parametrize(
    ("change", "ends", "says"),
    [  # with the change; without; with its words; without, again
        ({"calc.py": FIXED}, ".F..", "flaky"),
        ({"calc.py": FIXED}, ".F.F", "passes with the old code as well when that holds the new one's text"),
        ({"calc.py": FIXED}, ".FF.", "fails without the change and passes with it"),
        (DATA, ".F.", "flaky"),
        (DATA, ".FF.", "fails without the change and passes with it"),
    ],
)
def test_a_new_test_proves_nothing_where_it_fails_once_without_the_change(
    tmp_path: Path, runner: str, change: dict[str, str], ends: str, says: str
) -> None:
    room = Room(
        tmp_path / "tree", {**BASE, "test_old.py": "import unittest\n", "limits.txt": "7\n"}, Plan(verify=(runner,))
    )
    room.write({**change, "test_it.py": NEW.replace("RAN", str(tmp_path / "ran")).replace("ENDS", ends)})
    found = room.verify()
    assert found.ok and says in found.note
    assert found.claims.proven is says.startswith("fails")
    assert bool(found.as_event().flaky) is (says == "flaky")
    assert ("uncertain" in found.marks) is not says.startswith("fails")


def test_a_time_out_that_does_not_come_again_is_neither_green_nor_a_failure(tmp_path: Path) -> None:
    slow = by_chance(FLAKY, tmp_path).replace("self.fail()", '__import__("time").sleep(60)')
    room = Room(tmp_path / "tree", {**BASE, "test_it.py": slow}, seconds=5)
    room.write({"calc.py": f"{FIXED}\n\nnew = 1\n"})
    found = room.verify()
    assert [item.at for item in room.ledger.ran() if item.purpose == "again"] == ["head"]
    assert found.ok and found.status == "no_worse" and not found.claims.proven
    assert found.as_event().flaky == [UNITTEST]
    assert found.note.startswith("With the change the tests end with a time-out after ")
    assert found.marks == {"uncertain", "tests-changed"}  # how many ran is not known


A_RESULT = Counts(passed=2)


@pytest.mark.parametrize(
    ("base", "head", "reruns"),
    [
        (("red", Counts(failed=1, failing=("a",))), ("green", A_RESULT), ["t"]),
        (("red", None), ("green", None), ["t"]),  # no names: all of it
        (("red", Counts(failed=2, failing=("a",))), ("green", A_RESULT), ["t"]),
        (("killed", None), ("green", A_RESULT), ["t"]),
        (("red", Counts(failed=1, failing=("a",))), ("red", Counts(failed=1, failing=("a",))), []),
        (("red", Counts(failed=21, failing=tuple(map(str, range(21))))), ("green", A_RESULT), []),  # one cause
        (("red", Counts(errors=1, unloaded=1, failing=("t.py",))), ("green", A_RESULT), []),  # not by chance
        (("green", A_RESULT), ("green", A_RESULT), []),
    ],
)
def test_only_what_turned_green_and_may_be_chance_is_run_again_at_base(
    monkeypatch: pytest.MonkeyPatch,
    base: tuple[str, Counts | None],
    head: tuple[str, Counts | None],
    reruns: list[str],
) -> None:
    ran: list[str] = []

    def again(_bench: object, command: str, at: str, _seconds: float | None) -> CommandResult:
        assert at == "base"
        ran.append(command)
        return result(1, None)

    monkeypatch.setattr("app.verify.again._again", again)
    codes = {"red": 1, "green": 0, "killed": None}
    rounds = [[replace(result(1, counts), exit_code=codes[ending])] for ending, counts in (base, head)]
    bench = SimpleNamespace(sandbox=SimpleNamespace(reset=lambda: None), plan=Plan(verify=("t",)))
    assert flaky_at_base(bench, *rounds) == ()  # type: ignore[arg-type]
    assert ran == reruns


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
        ("pytest -q", ["tests/test_a.py::T::test_x[1-a]"], "pytest -q --rootdir=. tests/test_a.py::T::test_x"),
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
