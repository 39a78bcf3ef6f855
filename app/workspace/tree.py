"""What a commit holds, read from the mirror: paths, modes, blob ids, sizes, contents. Nothing is checked out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.errors import UserError
from app.workspace.git import GitError
from app.workspace.mirror import Mirror

SUBMODULE = "160000"
SYMLINK = "120000"
# A tree object of a few kilobytes can expand to billions of paths; 300 bytes a path leaves room for a million.
MAX_FILES = 500_000
_LISTING_BYTES = 300 * 2**20
READ_BYTES = 10 * 2**20  # a bigger file's content is not looked into; the checks read text up to 2 MiB


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeEntry:
    """One path of a commit. `mode` is git's (160000 is a submodule); `size` in bytes, 0 for a submodule."""

    mode: str
    blob: str  # git object id
    size: int


def holds(entry: TreeEntry, content: bytes) -> bool:
    """Whether the entry's blob is `content`: git names it by its digest, SHA-1 or in newer repositories SHA-256."""
    digest = hashlib.sha256() if len(entry.blob) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest() == entry.blob


def base_manifest(mirror: Mirror, sha: str) -> dict[str, TreeEntry]:
    """Every path of the commit. Raises UserError for an unknown commit or one with more than MAX_FILES paths."""
    known: dict[str, TreeEntry] | None = mirror.trees.get(sha)
    if known is not None:
        return known
    listing = _list(mirror, sha)
    entries: dict[str, TreeEntry] = {}
    for line in listing.split(b"\0"):
        if not line:
            continue
        facts, path = line.split(b"\t", 1)
        mode, _kind, blob, size = facts.split()
        entries[os.fsdecode(path)] = TreeEntry(
            mode=mode.decode(), blob=blob.decode(), size=0 if size == b"-" else int(size)
        )
    if len(entries) > MAX_FILES:
        raise UserError(f"The commit holds {len(entries):,} files; this installation works with {MAX_FILES:,} at most.")
    mirror.trees.clear()  # one run asks about one commit, many times
    mirror.trees[sha] = entries
    return entries


def _list(mirror: Mirror, sha: str) -> bytes:
    try:
        return mirror.git("ls-tree", "-r", "-l", "-z", "--full-tree", sha, max_output_bytes=_LISTING_BYTES)
    except GitError:
        raise UserError(f"`{sha}` is not a commit of this repository.") from None


def read_blobs(mirror: Mirror, wanted: Mapping[str, TreeEntry], *, max_bytes: int = READ_BYTES) -> dict[str, bytes]:
    """Contents by path; submodules and blobs over `max_bytes` are left out. A link's content is its target."""
    chosen = {p: e for p, e in wanted.items() if e.mode != SUBMODULE and e.size <= max_bytes}
    if not chosen:
        return {}
    ids = list(dict.fromkeys(entry.blob for entry in chosen.values()))
    answer = mirror.git("cat-file", "--batch", stdin="\n".join(ids).encode() + b"\n")
    by_id: dict[str, bytes] = {}
    at = 0
    for blob in ids:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        by_id[blob] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return {path: by_id[entry.blob] for path, entry in chosen.items()}


def read_files(mirror: Mirror, sha: str, paths: Iterable[str], *, max_bytes: int = READ_BYTES) -> dict[str, bytes]:
    """The contents at `sha` of those `paths` that are files there and at most `max_bytes` big."""
    entries = base_manifest(mirror, sha)
    return read_blobs(mirror, {path: entries[path] for path in paths if path in entries}, max_bytes=max_bytes)


def read_file(mirror: Mirror, sha: str, path: str) -> bytes:
    """The whole content of one file or link at `sha`, whatever its size. Raises KeyError when there is none."""
    entry = base_manifest(mirror, sha)[path]
    return read_blobs(mirror, {path: entry}, max_bytes=entry.size)[path]
