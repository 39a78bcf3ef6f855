"""Changes made by hand, and what the scan finds in them."""

from __future__ import annotations

from typing import Any

from app.checks import ChangedFile, ChangeSet, Finding, Rules, scan

RULES = Rules(max_files=50, max_bytes=200_000)


def modified(path: str, old: str | bytes, new: str | bytes, **more: Any) -> ChangedFile:
    old, new = (side.encode() if isinstance(side, str) else side for side in (old, new))
    return ChangedFile(
        path=path, kind="modify", mode="100644", old_mode="100644", size=len(new), old=old, new=new, **more
    )


def added(path: str, new: str | bytes = "x\n", mode: str = "100644") -> ChangedFile:
    new = new.encode() if isinstance(new, str) else new
    return ChangedFile(path=path, kind="add", mode=mode, size=len(new), new=new)


def deleted(path: str, old: str | bytes = "x\n") -> ChangedFile:
    old = old.encode() if isinstance(old, str) else old
    return ChangedFile(path=path, kind="delete", mode="100644", old_mode="100644", size=len(old), old=old)


def found(
    *files: ChangedFile, base: tuple[str, ...] = (), submodules: tuple[str, ...] = (), rules: Rules = RULES
) -> list[Finding]:
    return scan(ChangeSet(files=files, base_paths=frozenset(base), submodules=submodules), rules)


def said(findings: list[Finding]) -> list[tuple[str, str, str, int]]:
    return [(f.level, f.check, f.path, f.line) for f in findings]
