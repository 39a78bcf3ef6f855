"""Copies of a home's files, made while others write to them, and whether a copy is what it should be.

Everything a copy consists of is readable by its owner alone. Errors are UserErrors that name the file and the cause.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from app.errors import UserError
from app.local.folders import private, sync_directory

_CHUNK_BYTES = 1 << 20
_BUSY_SECONDS = 60.0  # a copy has time


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of an SQLite file as it is at one moment; its writers do not wait for it."""
    with _told(source, target):
        _new(target)
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True, timeout=_BUSY_SECONDS)) as opened,
            closing(sqlite3.connect(target)) as made,
        ):
            opened.backup(made)  # in one step: in smaller ones it would begin again after each write of others


def database_problems(path: Path) -> list[str]:
    """What SQLite finds wrong in the file, in sentences; empty when it is whole."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as connection:
            rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        rows = [str(error)]
    return [] if rows == ["ok"] else [f"{path.name} is damaged: {'; '.join(rows)}"]


def copy_file(source: Path, target: Path) -> str:
    """Copy what is in the file now; the SHA-256 of what was copied, in hex."""
    digest = hashlib.sha256()
    with _told(source, target), source.open("rb") as opened, os.fdopen(_new(target), "wb") as made:
        while chunk := opened.read(_CHUNK_BYTES):
            digest.update(chunk)
            made.write(chunk)
        made.flush()
        os.fsync(made.fileno())
    return digest.hexdigest()


def copy_lines(source: Path, target: Path) -> None:
    """Copy a file that only ever grows, up to its last whole line."""
    copy_file(source, target)
    with _told(source, target), target.open("rb+") as made:
        content = made.read()
        made.truncate(content.rfind(b"\n") + 1)


def copy_blobs(source: Path, target: Path) -> tuple[int, list[str]]:
    """Copy a folder of blobs; how many there are, and which do not have the content their names promise."""
    private(target)
    count, problems = 0, []
    for folder in sorted(source.iterdir()):
        if not folder.is_dir():
            continue
        private(target / folder.name)
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue  # being written
            try:
                digest = copy_file(path, target / folder.name / path.name)
            except FileNotFoundError:
                continue  # its time was over
            count += 1
            if digest != folder.name + path.name:
                problems.append(f"blob {folder.name}{path.name[:10]} was changed or damaged")
        sync_directory(target / folder.name)
    return count, problems


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, content: str) -> None:
    """A new file, on the disk when this returns."""
    with _told(path, path), os.fdopen(_new(path), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


@contextmanager
def _told(source: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"`{source}` could not be copied to `{target}`: {error.strerror or error}.") from error
    except sqlite3.Error as error:
        raise UserError(f"`{source}` could not be copied to `{target}`: {error}.") from error
