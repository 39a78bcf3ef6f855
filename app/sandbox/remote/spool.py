"""The sealed state in a container of one uid: contents in a file without a name, the rest in the server's memory.

Whatever has a name, hostile code of the same uid could rewrite. A file that was never linked is reached by its
descriptor only, and the server's descriptors are shut to others (it is not dumpable). Contents come back checked by the
digest they had. Holes stay holes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from app.errors import UserError
from app.sandbox.sealed import Sealed, remove, stamp, walk

CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Kept(NamedTuple):
    size: int
    pieces: list[tuple[int, int, int]]  # offset in the file, length, offset in the spool
    digest: str


class Spool(Sealed):
    """Remembers `live`; its file lies on the file system of `room`. Call only while nothing hostile runs."""

    def __init__(self, live: Path, room: Path) -> None:
        super().__init__(live, room)
        self._file: IO[bytes] | None = None
        self._kept: dict[str, _Kept] = {}
        self._links: dict[str, str] = {}  # target

    def take(self) -> None:
        """Raises UserError when the tree cannot be remembered."""
        if self._file is not None:
            self._file.close()
        self._file, self._kept, self._links = tempfile.TemporaryFile(dir=self._store), {}, {}  # noqa: SIM115
        found = []
        try:
            for path, status in walk(self._live):
                if stat.S_ISREG(status.st_mode):
                    try:
                        self._keep(path, status)
                    except PermissionError:
                        continue  # its owner has shut it: going back removes it
                elif stat.S_ISLNK(status.st_mode):
                    self._links[path] = os.readlink(self._live / path)
                elif not stat.S_ISDIR(status.st_mode):
                    continue
                found.append((path, status))
        except OSError as error:
            raise UserError(f"the sandbox's files cannot be remembered: {error}") from error
        self._remember(found)

    def _keep(self, path: str, status: os.stat_result) -> None:
        assert self._file is not None
        fd = os.open(self._live / path, _READ)
        try:
            pieces, digest = [], hashlib.sha256()
            for offset, length in _data(fd, status):
                pieces.append((offset, length, self._file.tell()))
                for chunk in _chunks(fd, offset, length):
                    self._file.write(chunk)
                    digest.update(chunk)
        finally:
            os.close(fd)
        self._kept[path] = _Kept(status.st_size, pieces, digest.hexdigest())

    def _restore(self, path: str, mode: int) -> None:
        target = self._live / path
        if stat.S_ISDIR(mode):
            target.mkdir(exist_ok=True)
            return
        if stat.S_ISREG(mode):
            self._write(path, target)
            target.chmod(stat.S_IMODE(mode))
        else:
            os.symlink(self._links[path], target)
        self._reset_times(path)

    def _write(self, path: str, target: Path) -> None:
        assert self._file is not None
        self._file.flush()
        kept, digest = self._kept[path], hashlib.sha256()
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            for offset, length, place in kept.pieces:
                os.lseek(fd, offset, os.SEEK_SET)
                for chunk in _chunks(self._file.fileno(), place, length):
                    digest.update(chunk)
                    _all(fd, chunk)
            os.ftruncate(fd, kept.size)
        finally:
            os.close(fd)
        if digest.hexdigest() != kept.digest:
            raise UserError(f"`{path}` did not come back as it was sealed")


class Untouched:
    """What must only be read (the project's history): not copied, but looked at when everything else goes back.

    git itself touches packs it borrows objects from, so a file with another stamp is compared by its digest.
    """

    def __init__(self, live: Path, digests: Mapping[str, str]) -> None:
        self._live, self._digests = live, digests
        self._stamps: dict[str, tuple[int, int, int, int]] = {}

    def take(self) -> None:
        self._stamps = {path: stamp(status) for path, status in walk(self._live)}

    def give_back(self) -> None:
        """Removes what was added. Raises UserError when something is no longer what it was."""
        for path, found in walk(self._live):
            if stat.S_ISDIR(found.st_mode) and self._stamps.get(path) != stamp(found):
                (self._live / path).chmod(0o755)
        now = dict(walk(self._live))
        for path in sorted(set(now) - set(self._stamps), reverse=True):
            remove(self._live / path)
        for path, known in self._stamps.items():
            status = now.get(path)
            if status is None or stat.S_IFMT(status.st_mode) != stat.S_IFMT(known[3]) or not self._holds(path, status):
                raise UserError("commands changed the project's history in the sandbox; nothing can be verified there")
            if stat.S_IMODE(status.st_mode) != stat.S_IMODE(known[3]) and not stat.S_ISLNK(known[3]):
                (self._live / path).chmod(stat.S_IMODE(known[3]))
        self.take()

    def _holds(self, path: str, status: os.stat_result) -> bool:
        """Whether a file's content is what came up."""
        if not stat.S_ISREG(status.st_mode) or stamp(status) == self._stamps[path]:
            return True
        (self._live / path).chmod(0o644)
        return _digest(self._live / path) == self._digests.get(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    fd = os.open(path, _READ)
    try:
        for chunk in _chunks(fd, 0, os.fstat(fd).st_size):
            digest.update(chunk)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return digest.hexdigest()


def _data(fd: int, status: os.stat_result) -> list[tuple[int, int]]:
    """Where the file holds data: (offset, length)."""
    if status.st_blocks * 512 >= status.st_size:
        return [(0, status.st_size)]
    found, start = [], 0
    while start < status.st_size:
        try:
            start = os.lseek(fd, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break  # nothing but a hole is left
            raise
        end = os.lseek(fd, start, os.SEEK_HOLE)
        found.append((start, end - start))
        start = end
    return found


def _chunks(fd: int, offset: int, length: int) -> Iterator[bytes]:
    """What is there; a file that became shorter ends sooner."""
    while length > 0 and (chunk := os.pread(fd, min(CHUNK, length), offset)):
        yield chunk
        offset += len(chunk)
        length -= len(chunk)


def _all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
