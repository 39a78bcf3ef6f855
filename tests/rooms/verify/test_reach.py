"""Whether the tests that pass reach the change: run once more with it broken on purpose."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.claims import Claims, Reach
from app.mutants import MARKER
from app.projects import Plan
from app.projects.plan import Project
from app.verify import CommandResult, Counts
from app.verify.named import stopping_early
from app.verify.reach import notices
from tests.rooms.verify.room import BASE, FIXED, PLAN, REGRESSION, UNITTEST, Room

OTHER = {
    "calc.py": BASE["calc.py"],
    "other.py": "ONE = 1\n",
    "test_other.py": "import unittest\nimport other\n\nclass T(unittest.TestCase):\n"
    "    def test_one(self):\n        self.assertEqual(other.ONE, 1)\n",
}


def ran(room: Room) -> list[tuple[str, str]]:
    return [(item.purpose, item.at) for item in room.ledger.ran()]


def test_tests_that_pass_with_the_change_broken_do_not_reach_it(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", OTHER)
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.ok
    assert found.claims.reach == (Reach(paths=("calc.py",), ending="unreached"),)
    assert "**The tests that ran do not reach `calc.py`**: they pass with it broken on purpose." in found.note
    assert found.marks == {"uncertain"}
    assert ran(room)[-1] == ("reach", "broken: calc.py")
    assert room.ledger.ran()[-1].command == f"{UNITTEST} -f"
    assert found.as_event().claims.reach[0].ending == "unreached"


@pytest.mark.parametrize(("ends", "reach"), [("..F.", "unreached"), ("..FF", "reached")])
def test_what_fails_by_chance_while_it_is_broken_does_not_reach_it(tmp_path: Path, ends: str, reach: str) -> None:
    """Who fails without the word that the broken code says, has to do so twice."""
    by_turns = OTHER["test_other.py"] + (
        f"    def test_by_turns(self):\n        import pathlib\n        ran = pathlib.Path('{tmp_path}/ran')\n"
        "        n = len(ran.read_text()) if ran.exists() else 0\n        ran.write_text('x' * (n + 1))\n"
        f"        self.assertEqual('{ends}'[n], '.')\n"
    )
    room = Room(tmp_path / "tree", {**OTHER, "test_other.py": by_turns})
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.claims.reach == (Reach(paths=("calc.py",), ending=reach),)  # type: ignore[arg-type]
    assert ran(room)[-2:] == [("reach", "broken: calc.py")] * 2


def test_a_command_that_tests_another_copy_of_the_package_is_found_out(tmp_path: Path) -> None:
    """The set-up installed what the base has; the change is in the tree, where no test looks."""
    copy = {f"installed/{path}": text for path, text in BASE.items()}
    room = Room(tmp_path / "tree", {"calc.py": BASE["calc.py"], **copy}, Plan(verify=(f"{UNITTEST} -s installed",)))
    room.write({"calc.py": FIXED})
    found = room.verify()
    assert found.claims.unreached == ("calc.py",)


def test_tests_that_fail_with_the_change_broken_reach_it_and_nothing_of_that_stays(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write({"calc.py": FIXED, "notes.json": "{}", "setup.py": "x = 1\n"})
    found = room.verify()
    assert found.note == (
        "1 test passes. The tests reach `calc.py`: with it broken on purpose they fail. "
        "**No test shows that this change does what it should.**"
    )
    room.sandbox.reset()
    assert MARKER.encode() not in b"".join(map(room.sandbox.read_file, room.sandbox.manifest()))


@pytest.mark.parametrize("change", [{"calc.py": FIXED, "test_zero.py": REGRESSION}, {"notes.json": "{}"}])
def test_nothing_is_run_where_a_test_shows_it_or_there_is_nothing_to_break(
    tmp_path: Path, change: dict[str, str | None]
) -> None:
    room = Room(tmp_path / "tree", BASE)
    room.write(change)
    assert room.verify().claims.reach == ()
    assert "reach" not in {purpose for purpose, _ in ran(room)}


def test_what_is_shown_in_one_project_says_nothing_of_another(tmp_path: Path) -> None:
    plan = Plan.of(Project(folder=name, verify=(UNITTEST,), language="Python", why="") for name in ("a", "b"))
    files = {f"{folder}/{path}": text for folder, some in (("a", BASE), ("b", OTHER)) for path, text in some.items()}
    room = Room(tmp_path / "tree", files, plan)
    room.write({"a/calc.py": FIXED, "a/test_zero.py": REGRESSION, "b/calc.py": FIXED})
    found = room.verify()
    assert found.claims.proven
    assert found.claims.reach == (Reach(paths=("b/calc.py",), ending="unreached"),)
    assert found.marks == {"uncertain"}


SUITE = "import unittest\n\nclass T(unittest.TestCase):\n"
HUSH = "    def test_a(self):\n        try:\n            import a\n            ok = a.f() == b.f() == 1\n"
HUSH = SUITE.replace("unittest\n\n", "unittest\nimport b\n\n") + HUSH
HUSH += "        except BaseException:\n            ok = False\n        self.assertTrue(ok)\n"
CALL = "    def test_%s(self):\n        import %s\n        self.assertEqual(%s.f(), 1)\n"
F, G = "def f():\n    return 1\n", "def f():\n    x = 1\n    return x\n"
NAMES = ("a.py", "b.py", "c.py")
# What the tests are, what is said of each file that the change touches, and what is broken in each run.
APART = {
    "one is called, and says so": (
        SUITE + CALL % (("a",) * 3), {"a.py": "reached", "b.py": "unreached"}, ["a.py, b.py", "b.py"]),
    "each is called": (
        SUITE + CALL % (("a",) * 3) + CALL % (("b",) * 3), {"a.py": "reached", "b.py": "reached"},
        ["a.py, b.py", "b.py"]),
    "none is called": (
        SUITE + "    def test(self):\n        pass\n", dict.fromkeys(NAMES, "unreached"), ["a.py, b.py, c.py"]),
    "what fails does not say where": (
        HUSH, {"a.py": "reached", "b.py": "reached", "c.py": "unreached"},
        ["a.py, b.py, c.py", "a.py", "b.py, c.py", "b.py", "c.py"]),
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_a_file_that_tests_reach_hides_no_other_of_its_project(tmp_path: Path, name: str) -> None:
    tests, expected, runs = APART[name]
    room = Room(tmp_path / "tree", {**dict.fromkeys(NAMES, F), "test_all.py": tests})
    room.write(dict.fromkeys(expected, G))
    found = room.verify()
    assert {path: reach.ending for reach in found.claims.reach for path in reach.paths} == expected
    reach = [at for purpose, at in ran(room) if purpose == "reach"]
    assert list(dict.fromkeys(reach)) == [f"broken: {paths}" for paths in runs]
    assert (len(reach) > len(runs)) is (name == "what fails does not say where")  # that has to be seen twice
    assert found.marks == {"uncertain"}


def test_what_there_was_no_time_for_is_not_said_to_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([0.0, 0.0, 100.0])
    monkeypatch.setattr("app.verify.reach.time", SimpleNamespace(monotonic=lambda: next(told)))
    room = Room(tmp_path / "tree", {**dict.fromkeys(NAMES, F), "test_all.py": SUITE + CALL % (("a",) * 3)})
    room.write({"a.py": G, "b.py": G})
    found = room.verify()
    assert found.claims.reach == (
        Reach(paths=("a.py",), ending="reached"),
        Reach(paths=("b.py",), ending="unmeasured", why="time"),
    )
    assert "Whether the tests reach `b.py` was not measured: the time for that was over." in found.note


def test_a_change_that_cannot_be_set_up_again_is_not_measured(tmp_path: Path) -> None:
    once = f"mkdir {tmp_path}/set-up"  # at head; the next time it fails
    room = Room(tmp_path / "tree", {**OTHER, "requirements.txt": ""}, Plan(setup=(once,), verify=(UNITTEST,)))
    room.write({"calc.py": FIXED, "other.py": "ONE = 2 - 1\n", "requirements.txt": "a\n"})
    assert room.verify().claims.reach == (Reach(paths=("calc.py", "other.py"), ending="unmeasured", why="build"),)


def result(code: int | None, counts: Counts | None = None, tail: str = "") -> CommandResult:
    return CommandResult(
        command="t", purpose="reach", at="broken", exit_code=code, seconds=1, counts=counts, tail=tail, killed_by="time"
    )


GREEN, RED = Counts(passed=3), Counts(passed=2, failed=1, failing=("a",))
TABLE = [
    (result(0, GREEN), result(0, GREEN), "no"),
    (result(0, GREEN), result(1, RED), "yes"),
    (result(0, GREEN), result(0, RED), "yes"),  # a wrapper swallows the code
    (result(0, GREEN), result(2, Counts(errors=1, unloaded=1, failing=("t.py",))), "yes"),
    (result(0), result(1), "yes"),
    (result(0, GREEN), result(1, GREEN), "output"),  # too little is covered now
    (result(0, GREEN), result(1, GREEN, MARKER), "yes"),
    (result(0, GREEN), result(5, Counts()), "output"),
    (result(0, GREEN), result(None), "time"),
    (result(0), result(1, None, "a.py:1:1: F401 `os` imported but unused"), "no"),
    (result(0), result(1, None, "error[E0004]: no\nerror: could not compile `a`"), "build"),
    (result(0), result(1, None, "FAIL\tx [build failed]"), "build"),
    (result(0), result(1, None, "a.ts:1:1 - error TS7027: Unreachable code detected."), "build"),
    (result(1, RED), result(1, RED), "no"),
    (result(1, RED), result(1, Counts(passed=1, failed=2, failing=("a", "b"))), "yes"),
    (result(1, RED), result(1, Counts(failed=3, failing=("a",))), "output"),
    (result(1, RED), result(1), "output"),
]


@pytest.mark.parametrize(("was", "now", "noticed"), TABLE)
def test_a_failure_tells_of_the_change_only_where_a_test_has_failed(
    was: CommandResult, now: CommandResult, noticed: str
) -> None:
    assert notices(was, now) == noticed


@pytest.mark.parametrize(
    ("command", "early"),
    [
        ("python3 -S -m unittest -q", "python3 -S -m unittest -q -f"),
        ("pytest -q", "pytest -q -x"),
        ("cd 'a b' && { go test ./...; }", "cd 'a b' && { go test -failfast ./...; }"),
        ("make test", "make test"),
    ],
)
def test_a_runner_is_asked_to_end_with_the_first_failure(command: str, early: str) -> None:
    assert stopping_early(command) == early


def test_without_time_for_it_nothing_is_run(tmp_path: Path) -> None:
    room = Room(tmp_path / "tree", OTHER, PLAN)
    room.write({"calc.py": FIXED})
    assert room.verify(reach_times=0).claims.reach == ()
    assert Claims.from_event(room.verify(reach_times=1).claims.as_event()).unreached == ("calc.py",)
