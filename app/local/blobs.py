"""Content by its SHA-256, as files."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import TransientError, UserError
from app.local.folders import private, sync_directory

if TYPE_CHECKING:  # the door opens a store too, and has no use for dataclasses
    from app.ports.platform import Clock

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Blobs:
    """`ab/cdef…` below a directory. A digest that `put` returned survives a power loss.

    A file's time is when its content was last stored or renewed.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = private(directory)
        self._clock = clock

    def put(self, data: bytes) -> str:
        """Store `data`; returns its digest in hex. Raises TransientError when the disk is full."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            if not self._renew(path, len(data)):
                self._write(path, data)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise TransientError(f"`{self._directory}` cannot be written: the disk is full.") from error
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """Raises KeyError for an unknown digest, UserError when the file no longer has its content."""
        if not _DIGEST.match(digest):
            raise KeyError(digest)
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise UserError(f"`{self._path(digest)}` was damaged or changed: its content does not have its digest.")
        return data

    def renew(self, digests: Collection[str]) -> None:
        """The age of these begins anew; unknown ones are passed over."""
        for digest in digests:
            if _DIGEST.match(digest):
                self._renew(self._path(digest))

    def expire(self, before: float) -> int:
        """Delete what was last stored or renewed before then (epoch seconds); returns how many."""
        gone = 0
        for folder in self._directory.iterdir():
            with _locked(folder, fcntl.LOCK_EX):
                for path in folder.iterdir():
                    with suppress(FileNotFoundError):  # it was being written, and has its name now
                        if path.stat().st_mtime < before:
                            path.unlink()
                            gone += 1
        return gone

    def _renew(self, path: Path, size: int | None = None) -> bool:
        """False when there is none, or of another size. The lock keeps `expire` from taking what was just renewed."""
        now = self._clock.now().timestamp()
        try:
            with _locked(path.parent, fcntl.LOCK_SH):
                if size is not None and path.stat().st_size != size:
                    return False
                os.utime(path, (now, now))
        except FileNotFoundError:
            return False
        return True

    def _path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest[2:]

    def _write(self, path: Path, data: bytes) -> None:
        if not path.parent.exists():
            private(path.parent)
            sync_directory(self._directory)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.utime(descriptor, (now := self._clock.now().timestamp(), now))
                os.fsync(descriptor)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
