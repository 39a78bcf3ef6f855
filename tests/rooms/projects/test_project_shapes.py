"""Projects as they are found in the world, in small: what is run for each, and what is left beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from app.projects import Plan, detect

PACKAGE = json.dumps({"scripts": {"test": "node --test"}})
TEST = "def test_a(): ..."


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One of `tests/corpora/projects.yml`."""

    files: dict[str, str]
    verify: list[str]
    setup: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    not_here: tuple[str, ...] = ()
    why: str = ""


CORPUS = Path(__file__).parents[2] / "corpora" / "projects.yml"
SHAPES = {name: Shape(**shape) for name, shape in yaml.safe_load(CORPUS.read_text("utf-8")).items()}


def plan(files: dict[str, str], *touched: str) -> Plan:
    return detect(files.keys(), lambda path: files.get(path, "").encode(), touched=touched)


@pytest.mark.parametrize("name", SHAPES)
def test_a_project_is_known_by_its_files(name: str) -> None:
    shape = SHAPES[name]
    found = plan(shape.files)
    setup = "\n".join(found.setup)
    assert list(found.verify) == shape.verify
    assert found.beside == tuple(shape.beside)
    assert [text for text in shape.setup if text not in setup] == []
    assert [text for text in shape.never if text in setup] == []
    assert len(found.not_here) == len(shape.not_here)
    assert [text for text in shape.not_here if not any(text in said for said in found.not_here)] == []
    assert shape.why in found.why


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.beside])
def test_a_project_beside_the_root_is_run_as_well_when_a_change_touches_it(name: str) -> None:
    shape = SHAPES[name]
    for folder in shape.beside:
        found = plan(shape.files, f"{folder}/deep/inside.txt")
        assert list(found.verify[: len(shape.verify)]) == shape.verify
        assert [command.startswith(f"cd {folder} && ") for command in found.verify[len(shape.verify) :]] == [True]
        assert folder not in found.beside


def test_of_many_projects_side_by_side_a_change_runs_those_that_it_touches() -> None:
    files = {f"services/s{number}/package.json": PACKAGE for number in range(9)}
    assert len(plan(files).verify) == 6
    assert plan(files, "services/s8/index.js").verify == ("cd services/s8 && { CI=true npm test; }",)


MIXED = {
    "setup.py": "", "tests/test_a.py": TEST, "package.json": '{"workspaces": ["js/*"]}', "pnpm-lock.yaml": "",
    "js/a/package.json": json.dumps({"scripts": {"test": "node --test"}, "dependencies": {"b": "workspace:*"}}),
    "js/b/package.json": "{}",
}  # fmt: skip


def test_a_member_of_a_workspace_is_installed_with_all_of_it() -> None:
    found = plan(MIXED, "js/a/index.js")
    assert found.verify[1:] == ("cd js/a && { CI=true PATH=$HOME/tools/bin:$PATH pnpm run test; }",)
    assert any("cd js/a && { cd ../.. && { PATH=$HOME/tools/bin:$PATH pnpm install --frozen" in c for c in found.setup)


@pytest.mark.parametrize(
    ("touched", "languages"),
    [
        ((), "Python"),
        (("x.py",), "Python"),
        (("README.md",), "Python"),
        (("src/a.ts", "x.py"), "Python and JavaScript"),
    ],
)
def test_a_second_language_at_the_root_is_tested_when_a_change_touches_it(
    touched: tuple[str, ...], languages: str
) -> None:
    files = {"setup.py": "", "tests/test_a.py": TEST, "package.json": PACKAGE}
    assert plan(files, *touched).language == languages
    assert plan(files, *touched).testing("src/a.ts") == plan(files, *touched).verify


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"workspaces": {"packages": [1, null, "["]}, "packageManager": 7}'},
        {"pnpm-workspace.yaml": "packages: &a [*a]", "package.json": "{}"},
        {"pnpm-workspace.yaml": "[" * 60_000, "package.json": "{}"},
        {"Cargo.toml": "[workspace]\nmembers = 'all'"},
        {"go.work": "use (", "a_test.go": ""},
        {"pyproject.toml": "tool = 1", "tests/test_a.py": TEST},
        {"pyproject.toml": "[dependency-groups]\ntest=[{include-group='test'}, 1]", "tests/test_a.py": TEST},
        {"composer.json": "[]", "tests/ATest.php": ""},
    ],
)
def test_what_makes_no_sense_is_read_without_harm(files: dict[str, str]) -> None:
    assert isinstance(plan(files).verify, tuple)


VERSIONS = [
    ({".python-version": "3.12\n"}, "3.12", ".python-version"),
    ({".python-version": "# ours\ncpython-3.12.4\n3.11\n"}, "3.12", ".python-version"),
    ({".tool-versions": "nodejs 20.1.0\npython 3.11.9 3.10.1\n"}, "3.11", ".tool-versions"),
    ({".python-version": "pypy3.10-7.3\n"}, "", ""),
    ({".python-version": "venv-of-mine\n"}, "", ""),
    ({".python-version": "3.12; rm -rf /\n"}, "", ""),
    ({}, "", ""),
]


@pytest.mark.parametrize(("files", "version", "where"), VERSIONS)
def test_the_python_that_a_project_names_is_taken_where_there_is_one(
    files: dict[str, str], version: str, where: str
) -> None:
    setup = plan({"setup.py": "", "tests/test_a.py": TEST, **files}).setup
    if not version:
        assert setup[0] == "python3 -m venv ~/venv"
        return
    assert setup[0].startswith(f"for p in python{version} python3; do $p -c ") and setup[0].endswith(
        "; $p -m venv ~/venv"
    )
    assert f"Python {version}, which {where} names, is not here" in setup[0]
