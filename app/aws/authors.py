"""Whose word an event is: the control side's, which marks its items as no worker's role may, or the worker's."""

from __future__ import annotations

import threading

from app.aws import items
from app.aws.items import Item
from app.aws.table import Table
from app.events import CONTROL, UNKNOWN, WORKER

_REMEMBERED = 10_000  # runs of which a process knows whether they are of a time without marks


class Authors:
    """Thread-safe. Errors are the table's."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._old: dict[str, bool] = {}
        self._lock = threading.Lock()

    def of(self, row: Item, run_id: str) -> str:
        """Who wrote a run's event. One without a mark is the worker's, but for runs of a time without marks."""
        if items.CONTROL_MARK in row:
            return CONTROL
        with self._lock:
            is_old = self._old.get(run_id)
        if is_old is None:
            is_old = self._is_old(run_id)
            with self._lock:
                if len(self._old) >= _REMEMBERED:
                    self._old.clear()
                self._old[run_id] = is_old
        return UNKNOWN if is_old else WORKER

    def _is_old(self, run_id: str) -> bool:
        """By the thread's row as well, which a worker cannot write: its first event it could have replaced."""
        first, head = self._table.get(items.event_key(run_id, 1)), self._table.get(items.head_key(run_id))
        if first is None or items.CONTROL_MARK in first or head is None:
            return False
        row = self._table.get(items.thread_key(items.summary_of(head)))
        return row is not None and items.CONTROL_MARK not in row
