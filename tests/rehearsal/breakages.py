"""A breakage: a published project whose checks turned red although nobody had changed it, and how the next release
mended that.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.agent.models.scripted import Script, bash, edit, finish
from tests.rehearsal.cases import ENVIRONMENT, Edit, Project
from tests.rehearsal.projects import unpacked

BREAKAGES = Path(__file__).parent / "breakages"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the diagnosis has to come to: cause, tool and class as `app.failures` calls them, a part of the key line,
    and a place as `path:line`.
    """

    cause: str
    tool: str
    kind: str
    key: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Innocent:
    """A person's pull request that has nothing to do with it: one text in one file."""

    title: str
    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """The release that mended it, and the files in which it did."""

    version: str
    sha256: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Breakage(Project):
    """`run` is the script of the step that fails; `before` and `after` are the packages that its job had, with the
    interpreter `before_python` where the interpreter is what changed.
    """

    broken_by: str
    workflow: str
    job: str
    step: str
    run: str
    before: tuple[str, ...]
    before_python: str
    after: tuple[str, ...]
    look: str
    title: str
    summary: str
    innocent: Innocent
    truth: Truth
    fixed: Fixed

    def release(self) -> Project:
        """The release that mended it."""
        return dataclasses.replace(self, version=self.fixed.version, sha256=self.fixed.sha256)

    def edits(self, source: Path, cache: Path, place: Path) -> tuple[Edit, ...]:
        """What the next release changed in the files of `source`, by its archive."""
        after = unpacked(self.release(), cache, place)
        return tuple(
            found
            for path in self.fixed.paths
            for found in between(path, (source / path).read_text("utf-8"), (after / path).read_text("utf-8"))
        )

    def script(self, edits: tuple[Edit, ...]) -> Script:
        """Look, see the step fail, mend, see it pass."""
        attempt = bash(f"{ENVIRONMENT} {self.run}")
        calls = [edit(item.path, item.old, item.new) for item in edits]
        summary = self.summary.replace("\n", " ").strip()
        return Script([bash(self.look), attempt, calls, attempt, finish(self.title, summary)])


def between(path: str, old: str, new: str) -> Iterator[Edit]:
    """Replacements that lead from one text to the other, each with as many lines around it as make it the only one."""
    lines, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    done = 0  # lines of `old` that the edits before this one hold
    for group in difflib.SequenceMatcher(None, lines, after, autojunk=False).get_grouped_opcodes(3):
        first, last = group[0][1], group[-1][2]
        start, end = group[0][3], group[-1][4]
        while old.count("".join(lines[first:last])) > 1 and first > done:
            first, start = first - 1, start - 1
        done = last
        yield Edit(path=path, old="".join(lines[first:last]), new="".join(after[start:end]))


def load(name: str) -> Breakage:
    """Raises OSError, KeyError for what is no breakage."""
    data: dict[str, Any] = tomllib.loads((BREAKAGES / name / "case.toml").read_text("utf-8"))
    fixed = data.pop("fixed")
    return Breakage(
        name=name,
        layout=data["broken_by"],
        before=tuple(data.pop("before")),
        after=tuple(data.pop("after")),
        before_python=data.pop("before_python", ""),
        innocent=Innocent(**data.pop("innocent")),
        truth=Truth(**data.pop("truth")),
        fixed=Fixed(**fixed | {"paths": tuple(fixed["paths"])}),
        **data,
    )


def names() -> list[str]:
    return sorted(folder.name for folder in BREAKAGES.iterdir() if (folder / "case.toml").is_file())
