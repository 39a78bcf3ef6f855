"""A case: a published project with a bug, the issue somebody would write, and the true fix as edits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.agent.models.scripted import Block, Script, bash, edit, finish
from app.checks import is_test_path

CASES = Path(__file__).parent / "cases"
ENVIRONMENT = "PATH=$HOME/venv/bin:$PATH"  # where a detected set-up puts a Python project's tools


@dataclass(frozen=True, kw_only=True)
class Edit:
    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A release of a published project, as its registry has it."""

    name: str
    project: str
    version: str
    registry: Literal["pypi", "npm"]
    sha256: str
    layout: str
    configuration: str  # of `.github/lamplighter.yml`; empty: set-up and tests are detected


@dataclass(frozen=True, kw_only=True)
class Case(Project):
    """`test` is the narrow command of the regression test, `needs` what it needs besides the project itself."""

    look: str
    test: str
    needs: tuple[str, ...]
    title: str
    summary: str
    known_failures: tuple[str, ...]  # tests that fail with the fix and without it
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
        files = {item.path: read[item.path].decode() for item in self.edits}
        for item in self.edits:
            assert files[item.path].count(item.old) == 1, f"{self.name}: not once in {item.path}: {item.old!r}"
            files[item.path] = files[item.path].replace(item.old, item.new)
        return {path: text.encode() for path, text in files.items()}

    def script(self) -> Script:
        """Look, write the test, see it fail, mend the code, see it pass."""
        attempt = bash(f"{ENVIRONMENT} {self.test}")
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
    return [edit(item.path, item.old, item.new) for item in edits]


def load(name: str) -> Case:
    """Raises OSError, KeyError for what is no case."""
    folder = CASES / name
    data: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    title, _, body = (folder / "issue.md").read_text("utf-8").partition("\n")
    return Case(
        name=name,
        edits=tuple(Edit(**item) for item in data["edit"]),
        needs=tuple(data.get("needs", ())),
        known_failures=tuple(data.get("known_failures", ())),
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
