"""Which commands of a workflow are kept after they first ran here, and what takes their place where none is."""

from __future__ import annotations

from typing import Any

import pytest

from app.failures.counts import Counts
from app.projects import Plan
from app.projects.plan import Project
from app.verify.fitting import fitting
from app.verify.run import CommandResult

GREEN = {"exit_code": 0, "counts": Counts(passed=3)}
RED = {"exit_code": 1, "counts": Counts(passed=2, failed=1)}
WORDLESS = {"exit_code": 1}  # red, and not a word on tests
UNLOADED = {"exit_code": 1, "counts": Counts(errors=1, unloaded=1)}
NOTHING = {"exit_code": 0, "counts": Counts()}
ABSENT = {"exit_code": 127}
SLOW = {"exit_code": None, "killed_by": "time"}

PROJECT = Project(
    folder="web", verify=("a", "b"), language="JavaScript", why="", sources=("step 1", "step 2"), by_files=("files",)
)


def ran(project: Project, *endings: dict[str, Any]) -> list[CommandResult]:
    results = zip(project.verify_here, endings, strict=True)
    return [
        CommandResult(command=command, purpose="verify", at="base", seconds=1.0, **ending)
        for command, ending in results
    ]


@pytest.mark.parametrize(
    ("endings", "repairs", "kept"),
    [
        ((GREEN, GREEN), False, ("a", "b")),
        ((GREEN, RED), False, ("a", "b")),  # a red base is held against the change
        ((GREEN, WORDLESS), False, ("a",)),
        ((GREEN, WORDLESS), True, ("a", "b")),  # it is what the run is for
        ((GREEN, UNLOADED), False, ("a",)),
        ((GREEN, UNLOADED), True, ("a", "b")),
        ((GREEN, NOTHING), False, ("a",)),
        ((GREEN, ABSENT), True, ("a",)),
        ((SLOW, GREEN), True, ("b",)),
        ((ABSENT, WORDLESS), False, ("files",)),
        ((NOTHING, ABSENT), True, ("files",)),
    ],
)
def test_what_tells_nothing_here_is_left_out_and_said(
    endings: tuple[dict[str, Any], ...], repairs: bool, kept: tuple[str, ...]
) -> None:
    plan = Plan.of([PROJECT], ["docs"])
    results = ran(PROJECT, *endings)
    fitted = fitting(plan, results, repairs=repairs)
    assert fitted.projects[0].verify == kept
    gone = [number for number, command in enumerate(PROJECT.verify) if command not in kept]
    said = fitted.not_here
    assert len(said) == len(gone)
    for number, text in zip(gone, said, strict=True):
        assert text.startswith(f"{PROJECT.sources[number]}: `{PROJECT.verify_here[number]}` ")
        assert text.endswith("; it is left out")
    assert (fitted.setup, fitted.beside) == (plan.setup, plan.beside)
    assert tuple(fitted.sources.values()) == tuple(
        source for command, source in zip(PROJECT.verify, PROJECT.sources, strict=True) if command in kept
    )


MAKE = Project(verify=("make test",), language="Make", why="a Makefile")
WEB = Project(folder="web", verify=("npm test",), language="JavaScript", why="a script")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (WORDLESS, "`make test` fails before any change and its output was not read; it is left out"),
        (ABSENT, "`make test` ended with exit code 127 before any change; it is left out"),
        (SLOW, "`make test` ended with a time-out after 1 s before any change; it is left out"),
        (NOTHING, "`make test` finds no tests; it is left out"),
    ],
)
def test_what_the_files_have_named_is_left_out_where_something_else_tells(make: dict[str, Any], said: str) -> None:
    plan = Plan.of([MAKE, WEB])
    fitted = fitting(plan, ran(MAKE, make) + ran(WEB, GREEN), repairs=False)
    assert fitted.verify == ("cd web && { npm test; }",)
    assert fitted.not_here == (said,)
    assert fitted.why == "a script in `web`"
    assert [project.language for project in fitted.projects] == ["Make", "JavaScript"]  # and is not taken in again


def test_where_nothing_would_be_left_it_stays_to_be_judged_or_what_is_beside_takes_its_place() -> None:
    alone, beside = Plan.of([MAKE]), Plan.of([MAKE], ["web"])
    assert fitting(alone, ran(MAKE, WORDLESS), repairs=False) == alone
    assert fitting(beside, ran(MAKE, WORDLESS), repairs=False).verify == ()
    assert fitting(beside, ran(MAKE, WORDLESS), repairs=True) == beside
    assert fitting(beside, ran(MAKE, GREEN), repairs=False) == beside


def test_where_the_files_know_no_more_than_the_workflow_it_stays_to_be_judged() -> None:
    project = Project(verify=("a",), language="Python", why="", sources=("step 1",), by_files=("a",))
    assert fitting(Plan.of([project]), ran(project, ABSENT), repairs=False).verify == ("a",)
