"""From the mirror to a tree of plain files, and the throw-away repository that is put beside them."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import UserError
from app.workspace.git import GitError
from app.workspace.mirror import ATTRIBUTES, Mirror
from app.workspace.tree import SUBMODULE, SYMLINK, TreeEntry, base_manifest, read_blobs

MAX_TREE_BYTES = 4 * 2**30  # half of the sandbox's disk (ports.Limits.disk_bytes): room is left to build
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_BYTES = 1024  # a pointer is smaller than that (git-lfs specification)
_NAMED = 5  # paths named in a note

_THROWAWAY_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\ttrustctime = false
\tcheckStat = minimal
[user]
\tname = Lamplighter
\temail = lamplighter@localhost
[commit]
\tgpgsign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A tree as it was written. `notes` are sentences about what a person or the model should know; `missing` are
    those of them that say what is not in the tree."""

    sha: str
    files: int
    size_bytes: int
    submodules: tuple[str, ...]  # left as empty folders
    lfs_pointers: tuple[str, ...]  # the pointers, not the files behind them
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    index: Path  # git's index of the tree, beside it; `throwaway` moves it in


def checkout(mirror: Mirror, sha: str, into: Path) -> Checkout:
    """Write the files of `sha` into `into` (new or empty), byte for byte as they are in the commit, without `.git`.

    Links are made, never followed. Raises UserError for a commit that is unknown, too big or cannot be a tree of
    files.
    """
    entries = base_manifest(mirror, sha)
    size = sum(entry.size for entry in entries.values())
    if size > MAX_TREE_BYTES:
        raise UserError(f"The files of `{sha[:12]}` take {size / 2**30:.1f} GiB, more than a sandbox may hold.")
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise FileExistsError(f"{into} is not empty")
    index = into.with_name(into.name + ".index")
    index.unlink(missing_ok=True)
    try:
        mirror.git(
            "read-tree",
            "--reset",
            "-u",
            sha,
            extra={"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(into.absolute())},
        )
    except GitError as error:
        raise UserError(f"`{sha[:12]}` cannot be written as files: `{str(error)[:300]}`") from None
    submodules = tuple(path for path, entry in entries.items() if entry.mode == SUBMODULE)
    pointers = _lfs_pointers(mirror, entries)
    missing = tuple(_missing(submodules, pointers))
    return Checkout(
        sha=sha,
        files=len(entries) - len(submodules),
        size_bytes=size,
        submodules=submodules,
        lfs_pointers=pointers,
        missing=missing,
        notes=(*missing, *_notes(entries)),
        index=index,
    )


def throwaway(mirror: Mirror, made: Checkout, tree: Path, *, history_inside: str, branch: str = "main") -> None:
    """Put a repository of its own into `tree`, before anything hostile runs there; written without running git.

    `history_inside` is where the sandbox sees the mirror's objects (`SandboxHost.history_path`): they are borrowed, so
    `git log`, `diff`, `blame`, `describe` and `commit` work inside. They include whatever else was fetched from the
    same project.
    """
    git = tree / ".git"
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (git / folder).mkdir(parents=True)
    ref = git / "refs" / "heads" / branch
    if ".." in branch or not ref.resolve().is_relative_to((git / "refs" / "heads").resolve()):
        raise UserError(f"`{branch}` is not a branch name.")
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(made.sha + "\n", encoding="utf-8", errors="surrogateescape")
    (git / "HEAD").write_text(f"ref: refs/heads/{branch}\n", encoding="utf-8")
    (git / "packed-refs").write_text(mirror.tags(), encoding="ascii")
    (git / "config").write_text(_THROWAWAY_CONFIG, encoding="utf-8")
    (git / "objects" / "info" / "alternates").write_text(history_inside + "\n", encoding="utf-8")
    # The same bytes-are-bytes rule as outside: `git status` inside shows what a proposal would hold.
    (git / "info" / "attributes").write_text(ATTRIBUTES, encoding="ascii")
    if (mirror.path / "shallow").exists():
        (git / "shallow").write_bytes((mirror.path / "shallow").read_bytes())
    os.replace(made.index, git / "index")


def _lfs_pointers(mirror: Mirror, entries: Mapping[str, TreeEntry]) -> tuple[str, ...]:
    rules = {path: entry for path, entry in entries.items() if path.rpartition("/")[2] == ".gitattributes"}
    if not any(b"filter=lfs" in text for text in read_blobs(mirror, rules).values()):
        return ()
    small = {p: e for p, e in entries.items() if e.mode != SYMLINK and len(_LFS) < e.size < _LFS_BYTES}
    return tuple(path for path, text in read_blobs(mirror, small).items() if text.startswith(_LFS))


def _missing(submodules: tuple[str, ...], pointers: tuple[str, ...]) -> Iterable[str]:
    if submodules:
        yield f"{_count(submodules, 'submodule')} left empty, so what needs its files cannot run: {_some(submodules)}"
    if pointers:
        told = "present as a pointer only, so what needs its content cannot run"
        if len(pointers) > 1:
            told = "present as pointers only, so what needs their content cannot run"
        yield f"{_count(pointers, 'Git LFS file')} {told}: {_some(pointers)}"


def _notes(entries: Mapping[str, TreeEntry]) -> Iterable[str]:
    if odd := [path for path in entries if not _is_utf8(path)]:
        yield f"{_count(odd, 'file name')} not in UTF-8: {_some(odd)}"
    if twins := list(_colliding(entries)):
        yield f"{_count(twins, 'name')} differing only in case or Unicode form: {_some(twins)}"


def _colliding(paths: Iterable[str]) -> Iterable[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[unicodedata.normalize("NFC", path).casefold()].append(path)
    return (path for group in groups.values() if len(group) > 1 for path in group)


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(items: tuple[str, ...] | list[str], noun: str) -> str:
    return f"{len(items)} {noun}{'s' if len(items) != 1 else ''}"


def _some(paths: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(ascii(path) if not path.isprintable() else path for path in paths[:_NAMED])
    return shown + (", …" if len(paths) > _NAMED else "")
