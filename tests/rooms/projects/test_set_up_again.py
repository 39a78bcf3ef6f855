"""Set-up is decided again for what a change makes of manifests and locks, whoever wrote the lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.events.configured import Configured
from app.projects import Plan, changes_dependencies
from app.work.knowing import Knowledge
from app.workspace import Change

TEST = {"tests/test_a.py": "import unittest"}
GO, RUST = {"x_test.go": "", "go.mod": "module x"}, {"src/lib.rs": "", "Cargo.toml": "[package]\nname='x'"}
JAVA = {"build.gradle": "", "src/test/java/ATest.java": ""}
PACKAGE = {"scripts": {"test": "node --test"}}
NODE = {"package.json": json.dumps(PACKAGE)}
NEEDS = {"package.json": json.dumps({**PACKAGE, "dependencies": {"ms": "2"}})}
MANAGED = {
    name: {"package.json": json.dumps({**PACKAGE, "dependencies": {"ms": "2"}, "packageManager": f"{name}@{version}"})}
    for name, version in (("pnpm", "9.0.0"), ("yarn", "1.22.0"), ("bun", "1.1.0"))
}
PROJECT = {"pyproject.toml": "[project]\nname='x'\n[build-system]\nrequires=[]"}
DEPENDS = {"pyproject.toml": "[project]\nname='x'\ndependencies=['six']\n[build-system]\nrequires=[]"}
POETRY = {"pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\nsix='*'"}
HASHED = "six==1.16.0 --hash=sha256:00\n"


@dataclass(frozen=True, kw_only=True)
class Known(Knowledge):
    """Of files in a map."""

    mirror: Any = None
    sha: str = "base"
    guiding_sha: str = "base"
    config: Configured = field(default_factory=Configured)
    files: Mapping[str, str]

    def _content(self, path: str) -> bytes:
        return self.files.get(path, "").encode()


def planned(files: Mapping[str, str], change: Mapping[str, str | None]) -> tuple[Plan, Plan]:
    """Before the change, and with it."""
    known = Known(files=files, paths=files.keys())
    new = {path: text.encode() for path, text in change.items() if text is not None}
    found = [
        Change(path=path, kind="delete" if text is None else "modify" if path in files else "add", mode="100644",
               digest="", size=0)
        for path, text in change.items()
    ]  # fmt: skip
    plan = known.plan(change)
    return plan, known.with_change(plan, found, new)


# Files before; the change, None where a file goes; what set-up then holds; what it holds no more.
CASES: dict[str, tuple[Mapping[str, str], Mapping[str, str | None], str, str]] = {
    "pip, the first dependency": (TEST, DEPENDS, "install --quiet --disable-pip-version-check -e .", ""),
    "requirements, the first": (TEST, {"requirements.txt": "six"}, "-r requirements.txt", ""),
    "requirements, hashed, beside a project": (
        {**TEST, **PROJECT}, {"requirements.txt": HASHED}, "version-check -r requirements.txt\n", ""),
    "requirements, hashes come": (
        {**TEST, **PROJECT, "requirements.txt": "six"}, {"requirements.txt": HASHED},
        "version-check -r requirements.txt\n", "-r requirements.txt -e ."),
    "requirements, hashes go": (
        {**TEST, **PROJECT, "requirements.txt": HASHED}, {"requirements.txt": "six"}, "-r requirements.txt -e .", ""),
    "requirements, removed": (
        {**TEST, **PROJECT, "requirements.txt": HASHED}, {"requirements.txt": None}, "-e .", "requirements.txt"),
    "uv, a new lock": ({**TEST, **DEPENDS}, {"uv.lock": ""}, "uv sync --quiet --locked", ""),
    "uv, a changed lock": ({**TEST, **DEPENDS, "uv.lock": "1"}, {"uv.lock": "2"}, "uv sync --quiet --locked", ""),
    "uv, a removed lock": ({**TEST, **DEPENDS, "uv.lock": ""}, {"uv.lock": None}, "-e .", "uv sync"),
    "uv, a dependency and not the lock": (
        {**TEST, **PROJECT, "uv.lock": ""}, DEPENDS, "uv.lock is not up to date, so it was brought up to date", ""),
    "poetry, a new lock": ({**TEST, **POETRY}, {"poetry.lock": ""}, "poetry install", ""),
    "poetry, a changed lock": ({**TEST, **POETRY, "poetry.lock": "1"}, {"poetry.lock": "2"}, "poetry install", ""),
    "poetry, a removed lock": ({**TEST, **POETRY, "poetry.lock": ""}, {"poetry.lock": None}, "-e .", "poetry install"),
    "pdm, a new lock": ({**TEST, **DEPENDS}, {"pdm.lock": ""}, "pdm lock --check --quiet &&", ""),
    "pdm, a changed lock": ({**TEST, **DEPENDS, "pdm.lock": "1"}, {"pdm.lock": "2"}, "pdm sync", ""),
    "pdm, a removed lock": ({**TEST, **DEPENDS, "pdm.lock": ""}, {"pdm.lock": None}, "-e .", "pdm sync"),
    "pipenv, a new lock": ({**TEST, "Pipfile": ""}, {"Pipfile.lock": "{}"}, "pipenv verify &&", ""),
    "pipenv, a changed lock": (
        {**TEST, "Pipfile": "", "Pipfile.lock": "1"}, {"Pipfile.lock": "2"}, "pipenv sync --dev", ""),
    "pipenv, from uv": (
        {**TEST, **DEPENDS, "uv.lock": ""}, {"uv.lock": None, "Pipfile.lock": "{}"}, "pipenv sync", "uv sync"),
    "npm, the first dependency": (NODE, NEEDS, "npm install --no-audit", "npm ci"),
    "npm, a new lock": (NEEDS, {"package-lock.json": "{}"}, "npm ci", ""),
    "npm, a changed lock": ({**NEEDS, "package-lock.json": "1"}, {"package-lock.json": "2"}, "npm ci", ""),
    "npm, a removed lock": ({**NEEDS, "package-lock.json": "1"}, {"package-lock.json": None}, "npm install", "npm ci"),
    "pnpm, a new lock": (MANAGED["pnpm"], {"pnpm-lock.yaml": ""}, "pnpm install --frozen-lockfile", ""),
    "pnpm, a changed lock": (
        {**MANAGED["pnpm"], "pnpm-lock.yaml": "1"}, {"pnpm-lock.yaml": "2"}, "pnpm install --frozen-lockfile", ""),
    "pnpm, a removed lock": (
        {**MANAGED["pnpm"], "pnpm-lock.yaml": ""}, {"pnpm-lock.yaml": None}, "pnpm install", "--frozen-lockfile"),
    "yarn, a new lock": (MANAGED["yarn"], {"yarn.lock": ""}, "yarn install --frozen-lockfile", ""),
    "yarn, a changed lock": (
        {**MANAGED["yarn"], "yarn.lock": "1"}, {"yarn.lock": "2"}, "yarn install --frozen-lockfile", ""),
    "yarn, a removed lock": (
        {**MANAGED["yarn"], "yarn.lock": ""}, {"yarn.lock": None}, "yarn install", "--frozen-lockfile"),
    "bun, a new lock": (MANAGED["bun"], {"bun.lock": ""}, "bun install --frozen-lockfile", ""),
    "bun, a changed lock": (
        {**MANAGED["bun"], "bun.lockb": "1"}, {"bun.lockb": "2"}, "bun install --frozen-lockfile", ""),
    "bun, a removed lock": (
        {**MANAGED["bun"], "bun.lock": ""}, {"bun.lock": None}, "bun install", "--frozen-lockfile"),
    "another manager": (
        {**NEEDS, "package-lock.json": ""}, {"package-lock.json": None, "yarn.lock": ""}, "yarn install", "npm ci"),
    "cargo, the first dependency": (RUST, {"Cargo.toml": "[dependencies]\nx='1'"}, "cargo fetch", "--locked"),
    "cargo, a new lock": (RUST, {"Cargo.lock": ""}, "cargo fetch --locked", ""),
    "cargo, a changed lock": ({**RUST, "Cargo.lock": "1"}, {"Cargo.lock": "2"}, "cargo fetch --locked", ""),
    "cargo, a removed lock": ({**RUST, "Cargo.lock": ""}, {"Cargo.lock": None}, "cargo fetch", "--locked"),
    "go, the first dependency": (GO, {"go.mod": "module x\nrequire y v1", "go.sum": ""}, "go ", ""),
    "go, changed sums": (
        {**GO, "go.mod": "module x\nrequire y v1", "go.sum": "1"}, {"go.sum": "2"}, "go ", ""),
    "go, vendored from now on": (
        {**GO, "go.mod": "module x\nrequire y v1"}, {"vendor/modules.txt": "", "go.mod": "module x\nrequire y v2"},
        "go mod vendor", ""),
    "gradle, a new lock": (JAVA, {"gradle.lockfile": ""}, "gradle --no-daemon", ""),
    "gradle, a changed lock": ({**JAVA, "gradle.lockfile": "1"}, {"gradle.lockfile": "2"}, "gradle --no-daemon", ""),
    "gradle, a removed lock": (
        {**JAVA, "gradle.lockfile": "1"}, {"gradle.lockfile": None}, "gradle --no-daemon", ""),
    "a file that tox names": (
        {**TEST, **PROJECT, "tox.ini": "[testenv]\ndeps =\n  -r dev.txt\n", "dev.txt": ""}, {"dev.txt": "six"},
        "-r dev.txt", ""),
    "a project beside the root": (
        {**TEST, **PROJECT, "web/package.json": NODE["package.json"]}, {"web/package.json": NEEDS["package.json"]},
        "cd web && { npm install", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_set_up_is_that_of_the_tree_with_the_change(name: str) -> None:
    files, change, holds, no_more = CASES[name]
    plan, now = planned(files, change)
    setup = "".join(f"{command}\n" for command in now.setup)
    assert holds in setup
    assert not no_more or no_more not in setup
    assert changes_dependencies(change, now.setup)  # so that it is run
    assert (now.verify, now.projects) == (plan.verify, plan.projects)


def test_what_is_no_dependency_leaves_set_up_as_it_is() -> None:
    plan, now = planned({**TEST, **DEPENDS, "uv.lock": ""}, {"src/x.py": "", "docs/requirements.md": ""})
    assert now is plan


def test_what_could_not_be_set_up_before_is_not_tried_again() -> None:
    files = {**TEST, **PROJECT, "web/package.json": NODE["package.json"]}
    known = Known(files=files, paths=files.keys())
    new = {"web/package.json": NEEDS["package.json"].encode()}
    change = Change(path="web/package.json", kind="modify", mode="100644", digest="", size=0)
    assert not any("web" in command for command in known.with_change(known.plan(), [change], new).setup)
