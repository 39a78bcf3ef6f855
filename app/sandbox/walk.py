"""The manifest: what a tree holds, found by lstat alone. No git command, no link followed, nothing executed."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from app.ports.sandbox import FileEntry

MAX_DEPTH = 200  # directories deep; a hostile tree could be deeper than the harness has descriptors
MAX_FILE_BYTES = 512 * 2**20  # bigger files are left out: no forge takes them, and hashing holes takes minutes
MAX_ENTRIES = 1_000_000  # names; a manifest is held in memory
MAX_LEFT_OUT = 1000  # names told with their reasons; the rest is told as "/", anything at all
CHUNK = 1 << 20

_Stamp = tuple[int, int, int, int]  # inode, mtime_ns, ctime_ns, size: ctime cannot be set by an ordinary user
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Walker:
    """Walks one tree again and again; a file whose stamp is unchanged is not read again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, tuple[_Stamp, FileEntry]] = {}
        self._found: dict[str, tuple[_Stamp, FileEntry]] = {}
        self._names = 0
        self.left_out: dict[str, str] = {}  # as `Sandbox.left_out` says

    def manifest(self) -> dict[str, FileEntry]:
        """Path → entry, sorted by path. Safe while hostile processes change the tree: it shows some state then."""
        self._found, self.left_out, self._names = {}, {}, 0
        folder = os.open(self._root, _FOLDER)
        try:
            self._walk(folder, "", 0)
        finally:
            os.close(folder)
        self._seen = self._found
        return {path: self._seen[path][1] for path in sorted(self._seen)}

    def _walk(self, folder: int, prefix: str, depth: int) -> None:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            path = prefix + name
            self._names += 1
            if name.lower() == ".git":  # of the throw-away repository, a submodule, a trap: never part of the tree
                if prefix:
                    self._leave_out(path, "a git directory inside the tree")
                continue
            reason = self._reason(path)
            if reason:
                self._leave_out(path, reason)
            else:
                self._look(folder, path, name, depth)

    def _look(self, folder: int, path: str, name: str, depth: int) -> None:
        """Take one name in, or note why not; with "/" behind it when there may be something below it."""
        shown = path + "/"
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            shown = path + "/" if stat.S_ISDIR(status.st_mode) else path
            reason = self._entry(status, folder, path, name, depth)
        except FileNotFoundError:
            return  # it went away while we looked
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        if reason:
            self._leave_out(shown, reason)

    def _reason(self, path: str) -> str:
        if self._names > MAX_ENTRIES:
            return "too many files"
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            return "its name is not UTF-8"
        return ""

    def _leave_out(self, path: str, reason: str) -> None:
        if len(self.left_out) < MAX_LEFT_OUT:
            self.left_out[path.encode("utf-8", "backslashreplace").decode()] = reason
        else:  # a hostile tree could have millions
            self.left_out["/"] = f"more than {MAX_LEFT_OUT} names cannot be taken in"

    def _entry(self, status: os.stat_result, folder: int, path: str, name: str, depth: int) -> str:
        """Take one name in; returns why it is left out, "" when it is not."""
        if stat.S_ISDIR(status.st_mode):
            if depth >= MAX_DEPTH:
                return "nested too deeply"
            below = os.open(name, _FOLDER, dir_fd=folder)
            try:
                self._walk(below, path + "/", depth + 1)
            finally:
                os.close(below)
            return ""
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(os.fsencode(name), dir_fd=folder)
            entry = FileEntry(mode="120000", digest=hashlib.sha256(target).hexdigest(), size=len(target))
            self._found[path] = (_stamp(status), entry)
            return ""
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size > MAX_FILE_BYTES:
            return f"too big: {status.st_size} bytes"
        known = self._seen.get(path)
        mode = _mode(status)
        if known and known[0] == _stamp(status) and known[1].mode == mode:
            self._found[path] = known
            return ""
        return self._read(folder, path, name)

    def _read(self, folder: int, path: str, name: str) -> str:
        # Non-blocking: between lstat and open the file may have become a FIFO.
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(fd, "rb", buffering=0) as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                return "not a regular file"
            digest, size = hashlib.sha256(), 0
            while size <= MAX_FILE_BYTES and (chunk := file.read(CHUNK)):
                digest.update(chunk)
                size += len(chunk)
        if size > MAX_FILE_BYTES:
            return "too big: it grew while it was read"
        entry = FileEntry(mode=_mode(status), digest=digest.hexdigest(), size=size)
        self._found[path] = (_stamp(status), entry)  # of before the reading: a later change shows in the next walk
        return ""


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _mode(status: os.stat_result) -> str:
    return "100755" if status.st_mode & 0o100 else "100644"
