from __future__ import annotations

import json

import pytest

from app.events.configured import Configured
from app.projects import Plan, changes_dependencies, configured, detect

PYTEST = "PATH=$HOME/venv/bin:$PATH python3 -m pytest"
PIP = "$HOME/venv/bin/pip install --quiet --disable-pip-version-check"
VENV = "python3 -m venv ~/venv"
BARE = f"python3 -c 'import pytest' 2>/dev/null || {{ python3 -m venv --system-site-packages ~/venv && {PIP} pytest; }}"
NPM = (
    "npm ci --no-audit --no-fund || { npm install --no-audit --no-fund --no-package-lock && "
    "echo 'lamplighter: the lock of npm does not install here, so its versions are not used'; }"
)
GO = (
    "go mod download || { GOPROXY=off go list -deps -test ./... > /dev/null && "
    "echo 'lamplighter: not each module of go.mod could be had, but all that the packages need here'; }"
)
CARGO = (
    "cargo fetch --locked || { cargo fetch && "
    "echo 'lamplighter: Cargo.lock is not up to date, so it was brought up to date for the tests'; }"
)


def without(what: str, needs: str) -> str:
    """The end of an installation that can be had without a part of it."""
    return f" || {{ {PIP} {needs} && echo 'lamplighter: {what} could not be installed with the rest'; }}"


def plan(files: dict[str, str]) -> Plan:
    return detect(files.keys(), lambda path: files.get(path, "").encode())


@pytest.mark.parametrize(
    ("files", "setup", "verify"),
    [
        ({"calc.py": "", "test_calc.py": "def test_x(): ..."}, (BARE,), PYTEST),
        (
            {"tests/test_a.py": "import unittest", "tests/__init__.py": ""},
            (),
            "PATH=$HOME/venv/bin:$PATH python3 -m unittest discover",
        ),
        ({"tests/test_a.py": "import unittest"}, (), "PATH=$HOME/venv/bin:$PATH python3 -m unittest discover -s tests"),
        (
            {"pyproject.toml": "[project]\nname='x'\n[project.optional-dependencies]\ntest=['a']\ndev=['b']",
             "tests/test_a.py": ""},
            (VENV, f"{PIP} -e '.[test]' pytest" + without("the project itself", "a pytest")),
            PYTEST,
        ),
        (
            {"pyproject.toml": "[project]\nname='x'\n[dependency-groups]\ndev=['ruff', {include-group='test'}]\n"
                               "test=['pytest>=8', {include-group='dev'}]",
             "tests/test_a.py": ""},
            (VENV, f"{PIP} -e . 'pytest>=8' ruff" + without("the project itself", "'pytest>=8' ruff")),
            PYTEST,
        ),
        (
            {"setup.py": "setup(extras_require={'tests': ['x'], 'docs': []})", "test/test_a.py": "import pytest",
             "requirements.txt": "", "requirements-dev.txt": ""},
            (VENV, f"{PIP} -r requirements.txt -r requirements-dev.txt -e '.[tests]' pytest"
             + without("requirements-dev.txt", "-r requirements.txt -e '.[tests]' pytest")),
            PYTEST,
        ),
        (
            {"pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.group.dev.dependencies]\npython='^3.9'\n"
                               "pytest='^8'\nhypothesis={version='*'}\nown={path='../own'}",
             "tests/test_a.py": ""},
            (VENV, f"{PIP} -e . pytest hypothesis"),
            PYTEST,
        ),
        (
            {"setup.cfg": "[metadata]\nname = x\n", "dev.txt": "", "tests/test_a.py": "",
             "tox.ini": "[testenv]\ndeps =\n  pytest>=3\n  -rdev.txt\n  py27: six\n  {env:X}\n  ; no\n"},
            (VENV, f"{PIP} -e . 'pytest>=3' -r dev.txt"),
            PYTEST,
        ),
        ({"pyproject.toml": "[tool.ruff]\n", "tests/test_a.py": "def test_a(): ..."}, (BARE,), PYTEST),
        ({"pyproject.toml": "not [toml", "tests/test_a.py": "def test_a(): ..."}, (BARE,), PYTEST),
        ({"Cargo.toml": "", "Cargo.lock": ""}, (CARGO,), "cargo test --offline --no-fail-fast --locked"),
        ({"go.mod": "module x\nrequire y v1", "x_test.go": ""}, (GO,), "go test -v ./..."),
        ({"go.mod": "module x", "x_test.go": ""}, (), "go test -v ./..."),
        ({"pom.xml": "", "src/test/java/ATest.java": ""},
         ("mvn -B -q -Dmaven.test.failure.ignore=true test",), "mvn -B -o --fail-at-end test"),
        ({"package.json": json.dumps({"scripts": {"test": "node --test"}})}, (), "CI=true npm test"),
        ({"package.json": json.dumps({"scripts": {"test": "jest"}, "devDependencies": {"jest": "1"}}),
          "package-lock.json": ""}, (NPM,), "CI=true npm test"),
        (
            {"requirements.txt": "a==1 --hash=sha256:00", "setup.py": "", "tests/test_a.py": ""},
            (VENV, f"{PIP} -r requirements.txt", f"{PIP} -e . pytest"),
            PYTEST,
        ),
        (
            {"requirements/dev.txt": "x==0.1", "requirements/tests.txt": "", "setup.py": "", "tests/test_a.py": ""},
            (VENV, f"{PIP} -r requirements/tests.txt -e . pytest"),
            PYTEST,
        ),
        (
            {"dev_requirements.txt": "x==0.1", "setup.py": "", "tests/test_a.py": ""},
            (VENV, f"{PIP} -r dev_requirements.txt -e . pytest" + without("dev_requirements.txt", "-e . pytest")),
            PYTEST,
        ),
        ({"package.json": json.dumps({"scripts": {"test": "jest"}}), "test/fixtures/sample.py": "import os"}, (),
         "CI=true npm test"),
        ({"Makefile": "CC := gcc\ntest: build\n\t./t\n"}, (), "make test"),
        ({"Makefile": ".PHONY: check\nall check:\n\t./t\n"}, (), "make check"),
    ],
)  # fmt: skip
def test_the_usual_layouts_are_recognised(files: dict[str, str], setup: tuple[str, ...], verify: str) -> None:
    found = plan(files)
    assert found.setup == setup
    assert found.verify == (verify,)
    assert found.why


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": ""},
        {"setup.py": "", "app.py": ""},
        {"package.json": json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})},
        {"package.json": json.dumps({"scripts": {"test": "echo no tests yet"}})},
        {"package.json": json.dumps({"scripts": {"test": "exit 0"}})},
        {"package.json": json.dumps({"scripts": {"test": "echo none; exit 0"}})},
        {"Makefile": "test:\n\t@true\n"},
        {"Makefile": "test:\n\t@echo later\n\ncheck:\n\t:\n"},
        {"package.json": "[" * 100_000},
        {"package.json": '{"scripts": []}'},
        {"Makefile": "tested: x\ntest := y\n"},
        {"go.mod": ""},
    ],
)
def test_where_there_are_no_tests_none_are_made_up(files: dict[str, str]) -> None:
    assert plan(files).verify == ()


def test_configured_commands_replace_detected_ones() -> None:
    found = plan({"setup.py": "", "tests/test_a.py": "import pytest"})
    assert configured(Configured(), found) == found
    both = configured(Configured(setup=["make deps"], verify=["make test", "make lint"]), found)
    assert (both.setup, both.verify) == (("make deps",), ("make test", "make lint"))
    one = configured(Configured(verify=["pytest -q && ruff check"]), found)
    assert one.setup == found.setup
    assert one.verify == ("export PATH=$HOME/venv/bin:$PATH; pytest -q && ruff check",)


def test_what_makes_setup_run_again() -> None:
    assert changes_dependencies(["web/package.json"])
    assert changes_dependencies(["requirements/dev.txt"])
    assert changes_dependencies(["requirements-dev.txt"])
    assert not changes_dependencies(["src/app.py", "docs/requirements.md"])
