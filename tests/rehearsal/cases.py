"""A case: a published project with a bug, the issue somebody would write, and the true fix as edits.

The bug is one of the project's history, or one that we planted: then the fix is the line as it was.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.agent.models.scripted import Block, Script, bash, create, edit, finish
from app.checks import is_test_path

CASES = Path(__file__).parent / "cases"
ENVIRONMENT = "PATH=$HOME/venv/bin:$PATH"  # where a detected set-up puts a Python project's tools


@dataclass(frozen=True, kw_only=True)
class Edit:
    """`old`, which is there once, becomes `new`; without it, `path` is a new file."""

    path: str
    old: str
    new: str

    def made_in(self, files: Mapping[str, str]) -> str:
        """The file's new content. Raises ValueError where `old` is not there exactly once."""
        if not self.old:
            return self.new
        if files[self.path].count(self.old) != 1:
            raise ValueError(f"not once in {self.path}: {self.old!r}")
        return files[self.path].replace(self.old, self.new)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An archive whose files belong in a folder of the project."""

    folder: str
    pool: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A release of a published project, as its registry has it. `pool` is Debian's path of the archive on a mirror."""

    name: str
    project: str
    version: str
    registry: Literal["pypi", "npm", "debian"]
    sha256: str
    layout: str
    configuration: str  # of `.github/lamplighter.yml`; empty: set-up and tests are detected
    pool: str = ""
    folder: str = ""  # of the repository, where it does not lie at the root
    parts: tuple[Part, ...] = ()  # further archives, laid into folders
    removed: tuple[str, ...] = ()  # files that are none of the project's, or cannot be built here
    plants: tuple[Edit, ...] = ()  # the bug, where it is not one of the project's own
    prepared: tuple[Edit, ...] = ()  # what lets it be built on this machine, in a commit of its own


@dataclass(frozen=True, kw_only=True)
class Case(Project):
    """`test` is the narrow command of the regression test, `needs` what it needs besides the project itself.

    `programs` are those without which nothing can be played, with the package that brings each.
    """

    look: str
    test: str
    attempt: str  # the same where set-up has installed what it needs
    failing: int  # the exit code of `test` when a test fails
    needs: tuple[str, ...]
    needs_from: Literal["pypi", "npm"]
    programs: tuple[tuple[str, str], ...]
    webhook: bool  # whether it is played from the webhook as well
    title: str
    summary: str
    known_failures: tuple[str, ...]  # tests that fail with the fix and without it
    by_chance: tuple[str, ...]  # tests that go by the clock: they fail where the machine is slow
    broken: tuple[str, ...]  # the project's own tests that a planted bug breaks
    marks: tuple[str, ...]  # labels that the result gets besides `agent:done`
    edits: tuple[Edit, ...]
    issue_title: str
    issue_body: str

    @property
    def test_edits(self) -> tuple[Edit, ...]:
        return tuple(item for item in self.edits if is_test_path(item.path))

    @property
    def code_edits(self) -> tuple[Edit, ...]:
        return tuple(item for item in self.edits if not is_test_path(item.path))

    def after(self, read: Mapping[str, bytes]) -> dict[str, bytes]:
        """The changed files as they should be, from what they were."""
        files = {path: content.decode() for path, content in read.items()}
        for item in self.edits:
            files[item.path] = item.made_in(files)
        return {item.path: files[item.path].encode() for item in self.edits}

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages to install first."""
        return tuple(package for program, package in self.programs if not _is_here(program))

    def script(self) -> Script:
        """Look, write the test, see it fail, mend the code, see it pass."""
        attempt = bash(self.attempt)
        return Script(
            [
                bash(self.look),
                _calls(self.test_edits),
                attempt,
                _calls(self.code_edits),
                attempt,
                finish(self.title, self.summary.replace("\n", " ").strip()),
            ]
        )


def _calls(edits: tuple[Edit, ...]) -> list[Block]:
    return [edit(item.path, item.old, item.new) if item.old else create(item.path, item.new) for item in edits]


def _is_here(program: str) -> bool:
    """A program on the path, or, with a slash in it, a file."""
    return Path(program).exists() if "/" in program else shutil.which(program) is not None


def load(name: str) -> Case:
    """Raises OSError, KeyError for what is no case."""
    folder = CASES / name
    data: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    title, _, body = (folder / "issue.md").read_text("utf-8").partition("\n")
    plants = tuple(Edit(**item) for item in data.get("plant", ()))
    mended = tuple(Edit(path=plant.path, old=plant.new, new=plant.old) for plant in plants)
    return Case(
        name=name,
        edits=(*(Edit(**{"old": ""} | item) for item in data.get("edit", ())), *mended),
        plants=plants,
        prepared=tuple(Edit(**{"old": ""} | item) for item in data.get("prepare", ())),
        parts=tuple(Part(**item) for item in data.get("part", ())),
        removed=tuple(data.get("removed", ())),
        pool=data.get("pool", ""),
        folder=data.get("folder", ""),
        needs=tuple(data.get("needs", ())),
        needs_from=data.get("needs_from", "npm" if data["registry"] == "npm" else "pypi"),
        programs=tuple(data.get("programs", {}).items()),
        attempt=data.get("attempt", f"{ENVIRONMENT} {data['test']}"),
        failing=data.get("failing", 1),
        webhook=data.get("webhook", False),
        broken=tuple(data.get("broken", ())),
        known_failures=tuple(data.get("known_failures", ())),
        by_chance=tuple(data.get("by_chance", ())),
        marks=tuple(data.get("marks", ())),
        configuration=data.get("configuration", ""),
        issue_title=title.removeprefix("# "),
        issue_body=body.strip(),
        **{
            key: data[key]
            for key in ("project", "version", "registry", "sha256", "layout", "look", "test", "title", "summary")
        },
    )


def names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if (folder / "case.toml").is_file())
