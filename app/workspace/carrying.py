"""Carrying a change that was finished on one commit over to another: three-way, as in `merging`, objects only.

    tree = with_change(mirror, was, found, contents)     # the commit's tree with the change on top
    merged = carried(mirror, tree, was=was, onto=head)   # Merged: the change on top of `head`; or where they conflict

What lies between the two commits is told by their trees alone, so that it is no matter whether one descends from the
other: a branch may have been replaced.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from app.workspace.changes import Change
from app.workspace.git import run_git
from app.workspace.merging import Merged, merge
from app.workspace.mirror import Mirror
from app.workspace.tree import TreeEntry

# The commits are nobody's: they name the sides for git, and are never sent anywhere. The same input makes the same one.
_NOBODY = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_NOBODY |= {f"GIT_{who}_DATE": "@0 +0000" for who in ("AUTHOR", "COMMITTER")}
_NONE = "0" * 40


def with_change(
    mirror: Mirror,
    start: str,
    found: Sequence[Change],
    contents: Mapping[str, bytes],
    there: Mapping[str, TreeEntry | None] | None = None,
) -> str:
    """The tree of the commit `start` with the change on top, by name. `there` are paths with what the repository holds
    for them already, None to leave one out.
    """
    known = {path: (entry.mode, entry.blob) if entry else None for path, entry in (there or {}).items()}
    known |= {change.path: _written(mirror, change, contents) for change in found}
    gone_first = sorted(known.items(), key=lambda item: item[1] is not None)  # so that a file may become a folder
    rows = [(os.fsencode(path), *(place or ("0", _NONE))) for path, place in gone_first]
    listed = b"".join(f"{mode} {blob}\t".encode() + path + b"\0" for path, mode, blob in rows)
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run_git(["read-tree", start], git_dir=mirror.path, extra=index)
        run_git(["update-index", "-z", "--replace", "--index-info"], git_dir=mirror.path, extra=index, stdin=listed)
        return run_git(["write-tree"], git_dir=mirror.path, extra=index).decode().strip()


def _written(mirror: Mirror, change: Change, contents: Mapping[str, bytes]) -> tuple[str, str] | None:
    if change.kind == "delete":
        return None
    return change.mode, mirror.git("hash-object", "-w", "--stdin", stdin=contents[change.path]).decode().strip()


def carried(mirror: Mirror, tree: str, *, was: str, onto: str) -> Merged:
    """`tree` was made of the commit `was`; merged with what the commit `onto` is. All are in the mirror."""
    ours, theirs = (_commit(mirror, made, was) for made in (f"{onto}^{{tree}}", tree))
    return replace(merge(mirror, ours, theirs), ours=onto, theirs=was)


def _commit(mirror: Mirror, tree: str, parent: str) -> str:
    name = mirror.git("rev-parse", tree).decode().strip()
    made = run_git(["commit-tree", name, "-p", parent, "-m", "side"], git_dir=mirror.path, extra=_NOBODY)
    return made.decode().strip()
