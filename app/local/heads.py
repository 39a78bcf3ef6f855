"""The witness: a file outside the ledger's database that every new head of every run is appended to."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# Enough for the last line (about 250 bytes) and a torn one before it.
TAIL_BYTES = 4096
FIRST = "0" * 64


class _Row(NamedTuple):
    run: str
    seq: int
    digest: str
    chain: str


class HeadsLog:
    """JSON lines `{run, seq, digest, chain}`; `chain` is the SHA-256 over the chain before and the rest of the line.

    Lines may go from the beginning only (`drop`); a first line without a run then says where the chain goes on.

    Not synced: a kill leaves it at most one head behind, a power loss a few seconds, and a witness that is behind
    only vouches for less. Safe for several threads and processes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._heads: dict[str, tuple[int, str]] = {}
        self._read_bytes = 0
        self._read_inode = 0

    def append(self, run_id: str, seq: int, digest: str) -> None:
        """Record a head."""
        with self._lock, self._locked() as descriptor:
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
            line = _line(run_id, seq, digest, _last_chain(tail))
            if tail and not tail.endswith(b"\n"):
                line = b"\n" + line  # a write was torn: leave it visible, start on a line of our own
            os.write(descriptor, line)

    def head(self, run_id: str) -> tuple[int, str] | None:
        """The highest head recorded for a run; the first one recorded when there are two of the same height."""
        with self._lock:
            self._read_on()
            return self._heads.get(run_id)

    def runs(self) -> list[str]:
        """Every run with a line in the file."""
        with self._lock:
            self._read_on()
            return list(self._heads)

    def problems(self) -> list[str]:
        """Lines of the file that do not follow from the line before, in sentences; empty when it is whole."""
        found = []
        chain = FIRST
        with self._lock:
            content = self._path.read_bytes() if self._path.exists() else b""
        for number, raw in enumerate(content.splitlines(), start=1):
            row = _parse(raw)
            if row and number == 1 and not row.run:
                chain = row.chain
                continue
            if row is None:
                continue  # torn by a crash; a line removed or changed on purpose breaks the chain after it
            if raw + b"\n" != _line(row.run, row.seq, row.digest, chain):
                found.append(f"line {number} of {self._path.name} was changed, or lines before it were removed")
            chain = row.chain
        return found

    def drop(self, gone: Collection[str]) -> int:
        """Drop the lines of runs that are `gone`, from the beginning up to the first of another run; how many.

        Only when it makes the file shorter by a tenth, because all that stays is written again.
        """
        with self._lock, self._locked() as descriptor, open(descriptor, "rb", closefd=False) as file:
            size, dropped, end, chain = os.fstat(descriptor).st_size, 0, 0, FIRST
            for raw in file:
                row = _parse(raw)
                if row and row.run and row.run not in gone:
                    break
                dropped += bool(row and row.run)
                end, chain = end + len(raw), row.chain if row else chain
            if not dropped or end < size / 10:
                return 0
            fresh = self._path.with_name(f".{self._path.name}.new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as made:
                made.write(json.dumps({"run": "", "seq": 0, "digest": "", "chain": chain}).encode() + b"\n")
                file.seek(end)
                shutil.copyfileobj(file, made)
                made.flush()
                os.fsync(made.fileno())
            os.replace(fresh, self._path)
        return dropped

    def _read_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._read_inode:
                self._read_inode, self._read_bytes = inode, 0
                self._heads.clear()
            file.seek(self._read_bytes)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                self._read_bytes += len(raw)
                row = _parse(raw)
                if row and row.run and row.seq > self._heads.get(row.run, (0, ""))[0]:
                    self._heads[row.run] = (row.seq, row.digest)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if self._is_still_it(descriptor):
                    yield descriptor
                    return
            finally:
                os.close(descriptor)

    def _is_still_it(self, descriptor: int) -> bool:
        """Whether the file that was locked is not one that `drop` has replaced since it was opened."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False


def _line(run_id: str, seq: int, digest: str, before: str) -> bytes:
    head = {"run": run_id, "seq": seq, "digest": digest}
    chain = hashlib.sha256((before + json.dumps(head)).encode()).hexdigest()
    return json.dumps(head | {"chain": chain}).encode() + b"\n"


def _parse(raw: bytes) -> _Row | None:
    try:
        row = json.loads(raw)
        return _Row(str(row["run"]), int(row["seq"]), str(row["digest"]), str(row["chain"]))
    except (ValueError, KeyError, TypeError):
        return None


def _last_chain(tail: bytes) -> str:
    for raw in reversed(tail.splitlines()):
        row = _parse(raw)
        if row is not None:
            return row.chain
    return FIRST
