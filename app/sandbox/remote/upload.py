"""Files on their way into the sandbox: a walk of what the harness made, sent in batches, each file with its digest.

Both ends of it: `pack` in the worker, `Unpacker` in the container. Nothing hostile runs there yet.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import TransientError, UserError
from app.sandbox.sealed import walk

BATCH_BYTES = 4 * 2**20  # of contents in one frame; a bigger file comes in pieces
BORROWED = "info/alternates"  # where a git object directory says what it borrows from; its paths are the worker's
_FLAGS = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_WRONLY


class Item(NamedTuple):
    """One name. `size` bytes of the frame's body are this file's piece, or a link's target."""

    path: str  # below its area, surrogateescaped
    kind: str  # "file", "more" (of the file before), "link", "folder"
    mode: int  # permission bits
    mtime_ns: int
    size: int
    digest: str  # of the whole file, with its last piece; "" on the others


def pack(area: str, root: Path, below: str = "") -> Iterator[tuple[dict[str, Any], bytes]]:
    """Frames that carry everything below `root` (regular files, links, folders) to `area`, or a folder `below` it."""
    items: list[Item] = [Item(below, "folder", 0o755, 0, 0, "")] if below else []
    body = bytearray()
    start = f"{below}/" if below else ""
    for path, status in walk(root):
        for item, content in _items(root, path, status):
            if items and len(body) + len(content) > BATCH_BYTES:
                yield {"op": "put", "area": area, "items": items}, bytes(body)
                items, body = [], bytearray()
            items.append(item._replace(path=start + item.path))
            body += content
    if items:
        yield {"op": "put", "area": area, "items": items}, bytes(body)


def pack_history(places: Sequence[Path]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Frames that carry git object directories to `history/0`, `history/1`, …; the first borrows from the others."""
    for number, place in enumerate(places):
        yield from pack("history", place, str(number))
    lines = "".join(f"../{number}\n" for number in range(1, len(places))).encode()
    if lines:
        digest = hashlib.sha256(lines).hexdigest()
        items = [
            Item("0/info", "folder", 0o755, 0, 0, ""),
            Item(f"0/{BORROWED}", "file", 0o644, 0, len(lines), digest),
        ]
        yield {"op": "put", "area": "history", "items": items}, lines


def _items(root: Path, path: str, status: os.stat_result) -> Iterable[tuple[Item, bytes]]:
    mode, mtime = stat.S_IMODE(status.st_mode), status.st_mtime_ns
    if stat.S_ISDIR(status.st_mode):
        yield Item(path, "folder", mode, mtime, 0, ""), b""
    elif stat.S_ISLNK(status.st_mode):
        target = os.readlink(os.fsencode(root / path))
        yield Item(path, "link", 0, mtime, len(target), ""), target
    elif stat.S_ISREG(status.st_mode) and not (root.name == "objects" and path == BORROWED):
        digest, kind = hashlib.sha256(), "file"
        with open(root / path, "rb") as file:
            while True:
                piece = file.read(BATCH_BYTES)
                digest.update(piece)
                is_last = len(piece) < BATCH_BYTES
                yield Item(path, kind, mode, mtime, len(piece), digest.hexdigest() if is_last else ""), piece
                if is_last:
                    return
                kind = "more"


class Unpacker:
    """Writes what comes below the roots. The first thing that is wrong is kept for `check`."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = roots
        self._wrong = ""
        self._files = 0
        self._digest = hashlib.sha256()
        self._folders: list[tuple[Path, int, int]] = []
        self.digests: dict[str, str] = {}  # of the history's files, as they came

    def put(self, head: Mapping[str, Any], body: bytes) -> None:
        if self._wrong:
            return
        try:
            root, at = self._roots[head["area"]], 0
            for fields in head["items"]:
                item = Item(*fields)
                self._write(root / _checked(item.path), item, body[at : at + item.size])
                if item.digest and head["area"] == "history":
                    self.digests[item.path] = item.digest
                at += item.size
            if at != len(body):
                raise ValueError("a batch and its contents differ")
        except (OSError, KeyError, TypeError, ValueError) as error:
            self._wrong = f"{type(error).__name__}: {error}"[:300]

    def _write(self, path: Path, item: Item, content: bytes) -> None:
        if item.kind == "folder":
            path.mkdir(exist_ok=True)
            self._folders.append((path, item.mode, item.mtime_ns))
            return
        self._files += item.kind != "more"
        if item.kind == "link":
            os.symlink(content, os.fsencode(path))
            os.utime(path, ns=(item.mtime_ns, item.mtime_ns), follow_symlinks=False)
            return
        is_new = item.kind == "file"
        self._digest = hashlib.sha256() if is_new else self._digest
        self._digest.update(content)
        fd = os.open(path, _FLAGS | (os.O_EXCL if is_new else os.O_APPEND), 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            if item.digest:
                os.fchmod(fd, item.mode)
                os.utime(fd, ns=(item.mtime_ns, item.mtime_ns))
        if item.digest and item.digest != self._digest.hexdigest():
            raise ValueError(f"{item.path} is not what was sent")

    def check(self, files: int) -> None:
        """Everything has come. Raises TransientError when it did not come whole."""
        if not self._wrong and files != self._files:
            self._wrong = f"{files} files were sent and {self._files} came"
        if self._wrong:
            full = "No space left" in self._wrong
            raise (UserError if full else TransientError)(f"the files could not be taken over: {self._wrong}")
        for path, mode, mtime in reversed(self._folders):
            os.utime(path, ns=(mtime, mtime))
            os.chmod(path, 0o555 if path.is_relative_to(self._roots["history"]) else mode | 0o700)


def _checked(path: str) -> str:
    if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise ValueError("a path leaves its area")
    return path
