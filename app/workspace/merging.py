"""Merging two commits in the harness's own repository: nothing is checked out, nothing that a sandbox wrote is read.

    merged = merge(mirror, head_sha, base_sha)     # Merged: the merged tree's name, and where the two conflict
    found, contents = laid(mirror, head_sha, merged.tree)       # what `changes.lay` takes, to make a tree of the one
    rest = differing(mirror, base_sha, merged.tree)             # path by path, of any two commits or trees

`git merge-tree --write-tree` needs git 2.38 (Debian 12 has 2.39). It writes objects only, which nobody else sees.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.errors import UserError
from app.workspace.changes import Change, Kind
from app.workspace.git import GitError, run_git
from app.workspace.mirror import Mirror
from app.workspace.tree import SUBMODULE, SYMLINK, TreeEntry, read_blobs

# Markers show what both sides began with; a renamed folder takes nothing along that nobody moved.
_CONFIG = (("merge.conflictStyle", "diff3"), ("merge.directoryRenames", "false"))
_OLD_GIT = 129  # git's exit code for an option it does not know
_BEGIN, _END = b"<<<<<<< ", b">>>>>>> "
_MARKERS = (_BEGIN, b"||||||| ", _END)

# `content`: text in which markers stand at each place. Everything else is for a person.
ConflictKind = Literal["content", "binary", "deleted", "renamed", "folder", "mode", "submodule", "other"]
_KINDS: Mapping[str, ConflictKind] = {
    "CONFLICT (contents)": "content",
    "CONFLICT (binary)": "binary",
    "CONFLICT (modify/delete)": "deleted",
    "CONFLICT (rename/delete)": "renamed",
    "CONFLICT (rename/rename)": "renamed",
    "CONFLICT (rename involved in collision)": "renamed",
    "CONFLICT (file/directory)": "folder",
    "CONFLICT (distinct modes)": "mode",
    "CONFLICT (distinct types)": "mode",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """One path on which two commits do not agree. `lines`: where each place begins in the merged file, from 1."""

    path: str
    kind: ConflictKind
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Merged:
    """`theirs` merged into `ours`. `tree`: the merged tree's git name; its conflicting texts hold markers labelled with
    the two commits. `behind`: commits of `theirs` that `ours` lacks; with none there is nothing to merge.
    """

    ours: str
    theirs: str
    tree: str
    behind: int
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One path of two trees; None on the side that does not have it. Sizes are not known."""

    path: str
    old: TreeEntry | None
    new: TreeEntry | None


def merge(mirror: Mirror, ours: str, theirs: str) -> Merged:
    """Both commits are in the mirror. Raises UserError: the two share no commit, or the machine's git is too old."""
    behind = int(mirror.git("rev-list", "--count", f"{ours}..{theirs}"))
    if not behind:
        return Merged(ours=ours, theirs=theirs, tree=_tree_of(mirror, ours), behind=0)
    said = _merge_tree(mirror, ours, theirs)
    tree, *rest = said.split(b"\0")
    end = rest.index(b"") if b"" in rest else len(rest)
    stages = _stages(rest[:end])
    conflicts = _conflicts(_messages(rest[end + 1 :]), stages)
    found = tuple(_told(mirror, tree.decode(), path, kind) for path, kind in sorted(conflicts.items()))
    return Merged(ours=ours, theirs=theirs, tree=tree.decode(), behind=behind, conflicts=found)


def _tree_of(mirror: Mirror, sha: str) -> str:
    return mirror.git("rev-parse", f"{sha}^{{tree}}").decode().strip()


def _merge_tree(mirror: Mirror, ours: str, theirs: str) -> bytes:
    """What git prints, which for conflicts it does with the exit code 1."""
    arguments = ["merge-tree", "--write-tree", "-z", "--messages", ours, theirs]
    try:
        return run_git(arguments, git_dir=mirror.path, config=_CONFIG, codes=(0, 1))
    except GitError as error:
        if "unrelated histories" in error.stderr:
            raise UserError("The branch and its base share no commit, so there is nothing to merge by.") from None
        if error.code == _OLD_GIT:
            raise UserError(
                "The git on my machine cannot merge without a work tree: it has to be 2.38 or newer."
            ) from None
        raise


def _stages(rows: Iterable[bytes]) -> dict[str, dict[int, str]]:
    """The modes of each conflicted path by stage: 1 where both began, 2 ours, 3 theirs."""
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        facts, _tab, path = row.partition(b"\t")
        mode, _blob, stage = facts.split()
        found.setdefault(os.fsdecode(path), {})[int(stage)] = mode.decode()
    return found


def _messages(fields: Sequence[bytes]) -> Iterator[tuple[list[str], str]]:
    """(paths, kind in git's words) of each message."""
    at = 0
    while at < len(fields) and fields[at].strip().isdigit():
        count = int(fields[at])
        paths = [os.fsdecode(path) for path in fields[at + 1 : at + 1 + count]]
        yield paths, fields[at + 1 + count].decode("utf-8", "replace")
        at += count + 3


def _conflicts(
    messages: Iterable[tuple[list[str], str]], stages: Mapping[str, Mapping[int, str]]
) -> dict[str, ConflictKind]:
    found: dict[str, ConflictKind] = {}
    named: set[str] = set()
    for paths, words in messages:
        if not words.startswith("CONFLICT"):
            continue
        kind = "submodule" if words.startswith("CONFLICT (submodule") else _KINDS.get(words, "other")
        named.update(paths)
        path = paths[-1] if kind == "folder" else paths[0]
        if found.get(path, "content") == "content":
            found[path] = kind
    for path, modes in stages.items():
        if path not in named:
            found[path] = "other"
        elif found.get(path) == "content" and not _is_text_of_one_mode(modes):
            found[path] = "mode"
    return found


def _is_text_of_one_mode(modes: Mapping[int, str]) -> bool:
    return modes.get(2) == modes.get(3) and modes.get(2) not in {None, SUBMODULE, SYMLINK}


def _told(mirror: Mirror, tree: str, path: str, kind: ConflictKind) -> Conflict:
    if kind != "content":
        return Conflict(path=path, kind=kind)
    text = mirror.git("cat-file", "blob", f"{tree}:{path}")
    places = tuple(number for number, line in enumerate(text.split(b"\n"), start=1) if line.startswith(_BEGIN))
    return Conflict(path=path, kind=kind if places else "other", lines=places)


def markers(content: bytes, *known: bytes) -> list[int]:
    """The lines, from 1, that are markers of a conflict and stand in none of the `known` contents."""
    theirs = {line for text in known for line in text.split(b"\n")}
    return [
        number
        for number, line in enumerate(content.split(b"\n"), start=1)
        if line.startswith(_MARKERS) and line not in theirs
    ]


def differing(mirror: Mirror, old: str, new: str) -> list[Difference]:
    """Every path, submodules too, in which two commits or trees differ, sorted. Renames are two paths."""
    listed = mirror.git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
    fields = listed.split(b"\0")
    found = []
    for at in range(0, len(fields) - 1, 2):
        before, after, old_blob, new_blob, _letter = fields[at].decode().removeprefix(":").split()
        path = os.fsdecode(fields[at + 1])
        found.append(Difference(path=path, old=_entry(before, old_blob), new=_entry(after, new_blob)))
    return sorted(found, key=lambda difference: difference.path)


def _entry(mode: str, blob: str) -> TreeEntry | None:
    return None if re.fullmatch("0+", mode) else TreeEntry(mode=mode, blob=blob, size=0)


def laid(mirror: Mirror, old: str, new: str) -> tuple[list[Change], dict[str, bytes]]:
    """The changes from one commit or tree to another with the new contents, as `changes.lay` takes them.

    Submodules are left out: they are empty folders in every tree that is laid out.
    """
    found = [one for one in differing(mirror, old, new) if SUBMODULE not in _modes(one)]
    contents = read_blobs(mirror, {one.path: one.new for one in found if one.new}, max_bytes=_MOST_BYTES)
    gone = {one.path: one.old for one in found if one.old and not one.new}
    before = read_blobs(mirror, gone, max_bytes=_MOST_BYTES)
    return [_change(one, contents.get(one.path), before.get(one.path, b"")) for one in found], contents


_MOST_BYTES = 2**40  # whatever its size: the tree it goes into holds it as well


def _modes(one: Difference) -> set[str]:
    return {entry.mode for entry in (one.old, one.new) if entry}


def _change(one: Difference, new: bytes | None, old: bytes) -> Change:
    content = old if new is None else new
    entry = one.new or one.old
    assert entry is not None
    kind: Kind = "delete" if one.new is None else "add" if one.old is None else "modify"
    if one.old and one.new and one.old.blob == one.new.blob and SYMLINK not in _modes(one):
        kind = "mode"
    return Change(
        path=one.path,
        kind=kind,
        mode=entry.mode,
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        old_mode=one.old.mode if one.old else "",
    )


def composed(first: Iterable[Change], then: Iterable[Change]) -> list[Change]:
    """Both sets of changes, one after the other, as one from where the first began; sorted."""
    whole = {change.path: change for change in first}
    for change in then:
        before = whole.pop(change.path, None)
        if before is None:
            whole[change.path] = change
        elif before.kind != "add":
            kind: Kind = "modify" if change.kind == "add" else change.kind
            whole[change.path] = replace(change, kind=kind, old_mode=before.old_mode)
        elif change.kind != "delete":
            whole[change.path] = replace(change, kind="add", old_mode="")
    return [whole[path] for path in sorted(whole)]
