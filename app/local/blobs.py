"""Content by its SHA-256, as files."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from pathlib import Path

from app.errors import TransientError, UserError
from app.local.folders import private, sync_directory

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Blobs:
    """`ab/cdef…` below a directory. A digest that `put` returned survives a power loss."""

    def __init__(self, directory: Path) -> None:
        self._directory = private(directory)

    def put(self, data: bytes) -> str:
        """Store `data`; returns its digest in hex. Raises TransientError when the disk is full."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            if not path.exists() or path.stat().st_size != len(data):
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
                os.fsync(descriptor)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
