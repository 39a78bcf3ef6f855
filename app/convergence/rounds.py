"""What a round of work was: its commit, file by file, and what had failed before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

MOST_LINES = 20_000  # of one file; a bigger one is compared by its digest alone


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One cause of red: its signature, stable under what does not matter, and the tests that it names."""

    signature: str
    tests: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class File:
    """Both sides of one changed file. A digest is empty where there is no file; an unknown content is None."""

    before: str
    after: str
    old: bytes | None = None
    new: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """`asked`: a person asked for it. `sha`: its commit; empty for one that is not on GitHub yet."""

    title: str
    sha: str = ""
    asked: bool = False
    files: Mapping[str, File]
    failures: tuple[Failure, ...] = ()
    failed: tuple[str, ...] = ()  # the same in words, for people

    @cached_property
    def lines(self) -> Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]:
        """By path: the lines it added, the lines it removed, each with how often."""
        return {path: found for path, file in self.files.items() if (found := _lines(file))}


def _lines(file: File) -> tuple[Mapping[str, int], Mapping[str, int]] | None:
    if (file.old is None and file.before) or (file.new is None and file.after):
        return None
    old, new = _counted(file.old or b""), _counted(file.new or b"")
    if old is None or new is None:
        return None
    added = {line: count - old.get(line, 0) for line, count in new.items() if count > old.get(line, 0)}
    removed = {line: count - new.get(line, 0) for line, count in old.items() if count > new.get(line, 0)}
    return added, removed


def _counted(content: bytes) -> dict[str, int] | None:
    """The lines that say something, without their indentation; None for what is not text, or too long."""
    if b"\0" in content[:8000] or content.count(b"\n") > MOST_LINES:
        return None
    found: dict[str, int] = {}
    for raw in content.decode("utf-8", "replace").split("\n"):
        line = raw.strip()
        if any(char.isalnum() for char in line):
            found[line] = found.get(line, 0) + 1
    return found
