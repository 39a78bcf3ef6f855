"""Many small contents as one blob: a store answers once instead of a thousand times.

A disk that syncs and S3 alike take 2 to 80 ms a blob, however small; five thousand files took minutes. A pack is the
contents one behind another; `Packs` says where each lies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import UserError
from app.ports.platform import RunStore

SMALL_BYTES = 64 * 1024  # a bigger content is a blob of its own
PACK_BYTES = 8 * 2**20  # a pack is read whole, so it must not be bigger than what one reads at once

Rows = Mapping[str, list[list[Any]]]  # pack's digest → [content's digest, size] in their order


class Packs:
    """Reads and writes contents by digest, SHA-256 in hex, some of them in packs of `store`."""

    def __init__(self, store: RunStore, rows: Rows | None = None) -> None:
        self._store = store
        self._rows: dict[str, list[list[Any]]] = dict(rows or {})
        self._places: dict[str, tuple[str, int, int]] = {}  # content's digest → pack, offset, size
        for pack in self._rows:
            self._note(pack)
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._last: tuple[str, bytes] = ("", b"")

    def put(self, digest: str, content: bytes) -> None:
        """Store a content whose digest is known; a small one when `flush` is called at the latest."""
        if len(content) > SMALL_BYTES:
            self._store.put_blob(content)
            return
        self._waiting.append((digest, content))
        self._waiting_bytes += len(content)
        if self._waiting_bytes >= PACK_BYTES:
            self.flush()

    def flush(self) -> None:
        if len(self._waiting) == 1:
            self._store.put_blob(self._waiting[0][1])
        elif self._waiting:
            pack = self._store.put_blob(b"".join(content for _, content in self._waiting))
            self._rows[pack] = [[digest, len(content)] for digest, content in self._waiting]
            self._note(pack)
        self._waiting, self._waiting_bytes = [], 0

    def _note(self, pack: str) -> None:
        at = 0
        for digest, size in self._rows[pack]:
            self._places[digest] = (pack, at, size)
            at += size

    def get(self, digest: str) -> bytes:
        """Raises KeyError for an unknown digest, UserError when the pack does not hold what it should."""
        if digest not in self._places:
            return self._store.get_blob(digest)
        pack, at, size = self._places[digest]
        if self._last[0] != pack:
            self._last = (pack, self._store.get_blob(pack))
        content = self._last[1][at : at + size]
        if hashlib.sha256(content).hexdigest() != digest:
            raise UserError("A snapshot does not hold what it should; it was damaged or changed.")
        return content

    def rows(self, digests: Iterable[str]) -> dict[str, list[list[Any]]]:
        """The packs that hold any of `digests`, for the snapshot's manifest."""
        wanted = set(digests)
        return {pack: row for pack, row in self._rows.items() if any(digest in wanted for digest, _ in row)}
