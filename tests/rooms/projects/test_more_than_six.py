"""Six commands are run for a project, six projects where the root has none: which, and what is said of the rest."""

from __future__ import annotations

import json

import pytest

from app.projects import Plan, detect

PACKAGE = json.dumps({"scripts": {"test": "node --test"}})
SIX = [f"npm run test:{name}" for name in "abcdef"]
FOLDERS = {f"packages/{name}/package.json": "{}" for name in ("one", "two", "three")}


def plan(commands: list[str], *touched: str, **files: str) -> Plan:
    steps = "".join(f"    - run: {command}\n" for command in commands)
    workflow = f"on: pull_request\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    given = {"package.json": PACKAGE, **FOLDERS, **files, ".github/workflows/ci.yml": workflow}
    return detect(given.keys(), lambda path: given.get(path, "").encode(), touched=touched)


ONE, TWO, ALL = "npm test --prefix packages/one", "npm test -w two", "npm test"
OTHERS = [f"npm test --prefix packages/{name}" for name in ("one", "two", "three")] + [
    f"npm run test:{name} --prefix packages/one" for name in "abc"
]


@pytest.mark.parametrize(
    ("commands", "touched", "more", "left"),
    [
        (SIX, (), (), ""),
        ([*SIX, ONE], (), (), "`cd packages/one && { CI=true npm test; }`"),
        ([*SIX, ONE], ("packages/one/a.js",), ("cd packages/one && { CI=true npm test; }",), ""),
        ([*SIX, ONE], ("packages/onely/a.js", "README.md"), (), "`cd packages/one && { CI=true npm test; }`"),
        ([*SIX, ONE, TWO], ("packages/two/a.js",), ("CI=true npm test -w two",),
         "`cd packages/one && { CI=true npm test; }`"),
        ([*SIX, ONE, TWO], ("packages/one/a", "packages/two/b"),
         ("cd packages/one && { CI=true npm test; }", "CI=true npm test -w two"), ""),
        ([*SIX, ALL], ("index.js",), (), "`CI=true npm test`"),  # one of the first six is about all as well
        ([*OTHERS, ALL], ("index.js",), ("CI=true npm test",), ""),
        ([*OTHERS, ALL], ("packages/one/index.js",), (), "`CI=true npm test`"),
        ([*SIX, *(f"npm run test:{n}" for n in "ghijk")], (), (),
         "`CI=true npm run test:g`, `CI=true npm run test:h`, `CI=true npm run test:i` and 2 more"),
    ],
)  # fmt: skip
def test_of_more_than_six_commands_a_change_asks_for_those_about_what_it_touches(
    commands: list[str], touched: tuple[str, ...], more: tuple[str, ...], left: str
) -> None:
    before, found = plan(commands), plan(commands, *touched)
    assert found.verify == (*before.verify, *more)
    assert len(before.verify) == 6
    said = f"beyond the first 6 commands, what no change asks for: {left}"
    assert found.not_here == ((said,) if left else ())
    assert len(found.sources) == len(found.verify)


def test_what_a_change_touches_is_tested_by_all_that_is_run_of_the_project() -> None:
    found = plan([*SIX, ONE], "packages/one/a.js")
    assert found.testing("packages/one/a.js") == found.verify


def test_of_more_than_six_projects_those_that_are_not_run_are_named() -> None:
    files = {f"s/p{number}/package.json": PACKAGE for number in range(20)}

    def found(*numbers: int) -> Plan:
        touched = [f"s/p{number}/a.js" for number in numbers]
        return detect(files.keys(), lambda path: files.get(path, "").encode(), touched=touched)

    assert len(found().verify) == 6
    assert found().not_here[0].endswith("`s/p14`, `s/p15`, `s/p16`, `s/p17`, `s/p18`, `s/p19` and 8 more")
    assert found(7).not_here == ()
    assert len(found(*range(12)).verify) == 6
    (said,) = found(*range(20)).not_here
    assert said.startswith("beyond the first 6 projects, though the change touches them: `s/p")
    assert said.endswith(" and 2 more")
