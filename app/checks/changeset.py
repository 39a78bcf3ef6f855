"""The words of the checks: a change with both sides, a finding, the repository's own rules. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

MAX_TEXT_BYTES = 2 * 2**20  # a bigger file is looked at as bytes only
_SNIFFED = 8000  # git looks for a NUL in as many bytes to call a file binary

Level = Literal["block", "mark", "note"]


class ChangeLike(Protocol):
    """What `app.workspace.Change` is to the checks."""

    @property
    def path(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def old_mode(self) -> str: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """One changed path. `old` and `new` are the contents; None: not there, or too big to be read."""

    path: str
    kind: str  # add, modify, delete, mode
    mode: str
    old_mode: str = ""
    size: int = 0
    old: bytes | None = None
    new: bytes | None = None

    @property
    def is_link(self) -> bool:
        return self.mode == "120000" and self.kind != "delete"

    @property
    def is_binary(self) -> bool:
        """Whether the new side (of a deletion the old one) is binary, as git sees it."""
        content = self.old if self.kind == "delete" else self.new
        return content is not None and b"\0" in content[:_SNIFFED]

    @cached_property
    def old_lines(self) -> list[str]:
        return _lines(self.old)

    @cached_property
    def new_lines(self) -> list[str]:
        return _lines(self.new)

    @cached_property
    def added(self) -> list[tuple[int, str]]:
        """Lines (number from 1, text) the old side does not have; a moved line is not added. Empty for binaries."""
        left = Counter(self.old_lines)
        found: list[tuple[int, str]] = []
        for number, text in enumerate(self.new_lines, start=1):
            if left[text] > 0:
                left[text] -= 1
            else:
                found.append((number, text))
        return found

    @property
    def added_bytes(self) -> int:
        """How much is new: the added lines, of a binary or huge file all of it."""
        if self.kind in {"delete", "mode"}:
            return 0
        if not self.new_lines:
            return self.size
        return sum(len(text.encode("utf-8", "replace")) + 1 for _, text in self.added)


def _lines(content: bytes | None) -> list[str]:
    if content is None or len(content) > MAX_TEXT_BYTES or b"\0" in content[:_SNIFFED]:
        return []
    return content.decode("utf-8", "replace").split("\n")


@dataclass(frozen=True, kw_only=True)
class ChangeSet:
    """All of a change, and the paths of the base commit around it."""

    files: tuple[ChangedFile, ...]
    base_paths: frozenset[str] = frozenset()
    submodules: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        changes: Iterable[ChangeLike],
        *,
        old: Mapping[str, bytes],
        new: Mapping[str, bytes],
        base_paths: Collection[str] = (),
        submodules: Sequence[str] = (),
    ) -> ChangeSet:
        """From changes and the contents of both sides by path (further paths are ignored)."""
        files = tuple(
            ChangedFile(
                path=change.path,
                kind=change.kind,
                mode=change.mode,
                old_mode=change.old_mode,
                size=change.size,
                old=old.get(change.path) if change.kind != "add" else None,
                new=new.get(change.path) if change.kind != "delete" else None,
            )
            for change in changes
        )
        return cls(files=files, base_paths=frozenset(base_paths), submodules=tuple(submodules))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The repository's own: `protect` (patterns as in .gitignore), limits on changed files and added bytes."""

    protect: tuple[str, ...] = ()
    max_files: int = 100
    max_bytes: int = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`block` keeps the change from being published, `mark` puts a label on it, `note` is said to the reviewer."""

    check: str
    level: Level
    path: str
    message: str  # plain text with code spans (`named`), never a secret
    line: int = 0  # of the new side; 0 for the whole file
    mark: str = ""  # the label's name without its prefix, of level `mark`


def named(name: str) -> str:
    """A path or pattern within a message, as code: `**/x/**` outside of it is bold type, and its stars are gone."""
    return f"`` {name} ``" if "`" in name else f"`{name}`"


def blocked(findings: Iterable[Finding]) -> bool:
    return any(finding.level == "block" for finding in findings)


def marks(findings: Iterable[Finding]) -> set[str]:
    """Names of the marks earned: tests-changed, breaking-change, needs-human."""
    return {finding.mark for finding in findings if finding.mark}
