"""Tests by name: the command that runs them, and whether the suite's own list has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.verify import CommandResult, Counts
from app.verify.named import Named, by_name, collecting, ending_of, is_collected
from app.verify.proof_by_name import narrowed

ZERO = Named(path="a b/test_z.py", name="T.test_zero")
GO = Named(path="x/y_test.go", name="TestZero")


@pytest.mark.parametrize(
    ("command", "test", "narrowed"),
    [
        ("PATH=$HOME/venv/bin:$PATH python3 -m pytest", ZERO,
         "PATH=$HOME/venv/bin:$PATH python3 -m pytest --rootdir=. 'a b/test_z.py::T::test_zero'"),
        ("pytest -q --maxfail=3", ZERO, "pytest -q --maxfail=3 --rootdir=. 'a b/test_z.py::T::test_zero'"),
        ("pytest", Named(path="test_z.py"), "pytest --rootdir=. test_z.py"),
        ("pytest", Named(path="-x_test.py", name="test_a"), "pytest --rootdir=. ./-x_test.py::test_a"),
        ("python3 -m unittest -q", ZERO, "python3 -m unittest -q -k '*test_z.T.test_zero'"),
        ("python3.12 -SB -W error -m unittest", ZERO, "python3.12 -SB -W error -m unittest -k '*test_z.T.test_zero'"),
        ("python -Im pytest", ZERO, None),
        ("python3 -m unittest discover -s tests -t .", ZERO,
         "python3 -m unittest discover -s tests -t . -k '*test_z.T.test_zero'"),
        ("go test -v ./...", GO, "go test -v -run '^(TestZero)$' ./x"),
        ("go test -v -run X ./...", GO, None),
        ("go test -v -race", GO, None),  # the package of its own folder only
        ("cd x && { go test -v -race; }", GO, "cd x && { go test -v -race -run '^(TestZero)$' ./; }"),
        ("pytest --rootdir=a", ZERO, "pytest --rootdir=a 'a b/test_z.py::T::test_zero'"),
        ("pytest tests", ZERO, None),
        ("make test", ZERO, None),
        ("pytest && ruff check", ZERO, None),
        ("npm test", Named(path="zero.test.js"), None),
    ],
)  # fmt: skip
def test_the_proof_runs_the_new_tests_by_name_where_it_can(command: str, test: Named, narrowed: str | None) -> None:
    assert by_name(command, [test]) == narrowed


@pytest.mark.parametrize(
    ("commands", "test", "suite"),
    [
        (["go test -v ./...", "cd x && { go test -v ./...; }"], GO, "cd x && { go test -v ./...; }"),
        (["cd x && { go test -v ./...; }", "go test -v ./..."], GO, "cd x && { go test -v ./...; }"),
        (["go test -v ./...", "cd xy && { go test -v ./...; }"], GO, "go test -v ./..."),
        (["go test -v ./...", "cd x && { make test; }"], GO, ""),  # another module: the outer one does not know it
        (["pytest", "cd x && { go test -v ./...; }"], ZERO, "pytest"),
        (["pytest", "cd 'a b' && { pytest -q; }"], ZERO, "cd 'a b' && { pytest -q; }"),
        (["pytest", "cd 'a b' && { make test; }"], ZERO, "pytest"),
        (["make test"], ZERO, ""),
    ],
)
def test_of_several_commands_the_innermost_that_holds_a_test_proves_it(
    commands: list[str], test: Named, suite: str
) -> None:
    assert narrowed(commands, [test])[0] == suite


@pytest.mark.parametrize(("options", "settings"), [(" -vv", ""), (" -q", "-v -v")])
def test_a_new_test_is_found_in_the_list_however_loud_the_suite_is(tmp_path: Path, options: str, settings: str) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = -p no:cacheprovider {settings}\n")
    (tmp_path / "test_a.py").write_text("class TestA:\n    def test_x(self): ...\n")
    listing = collecting(f"{sys.executable} -m pytest{options}", [Named(path="test_a.py")])
    assert listing is not None
    said = subprocess.run(
        ["bash", "-c", f"export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1; {listing}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert is_collected(Named(path="test_a.py", name="TestA.test_x"), said)
    assert not is_collected(Named(path="test_b.py", name="TestA.test_x"), said)


def test_a_long_list_of_tests_is_asked_only_for_the_files_in_question() -> None:
    """Of long output only the beginning and the end are kept."""
    command = collecting("cd a && { pytest -q; }", [Named(path="a/b c/test_z.py", name="test_a")])
    assert command == "cd a && { pytest -q --collect-only --verbosity=-1; } | grep -F -e 'b c/test_z.py'"


@pytest.mark.parametrize(
    ("failing", "counts", "ending"),
    [
        (("tests/test_z.py::test_a",), {"failed": 1, "passed": 59}, "red"),  # more than are run by name
        (("tests/test_z.py::T::test_a[1]",), {"failed": 1}, "red"),
        (("tests/test_zz.py::test_a",), {"failed": 1, "passed": 59}, "green"),
        (("tests/test_z.py",), {"errors": 1}, "broken"),
    ],
)
def test_a_file_fails_when_one_of_its_tests_does(failing: tuple[str, ...], counts: dict[str, int], ending: str) -> None:
    counted = Counts(failing=failing, **counts)
    result = CommandResult(command="pytest", purpose="proof", at="x", exit_code=1, seconds=1, counts=counted)
    assert ending_of(Named(path="tests/test_z.py"), result) == ending
