"""The witness: a file outside the ledger's database that every new head of every run is appended to."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator
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

    Not synced: a kill leaves it at most one head behind, a power loss a few seconds, and a witness that is behind
    only vouches for less. Safe for several threads and processes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._heads: dict[str, tuple[int, str]] = {}
        self._read_bytes = 0

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
            if row is None:
                continue  # torn by a crash; a line removed or changed on purpose breaks the chain after it
            if raw + b"\n" != _line(row.run, row.seq, row.digest, chain):
                found.append(f"line {number} of {self._path.name} was changed, or lines before it were removed")
            chain = row.chain
        return found

    def _read_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                self._read_bytes += len(raw)
                row = _parse(raw)
                if row and row.seq > self._heads.get(row.run, (0, ""))[0]:
                    self._heads[row.run] = (row.seq, row.digest)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


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
