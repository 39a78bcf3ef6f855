"""Events as the stores hold them, back in memory. What a worker wrote there may be anything, and is looked at here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.events import CONTROL, KINDS, WORKER, WORKER_KINDS
from app.events.fault import fault
from app.ledger import Event

_REMEMBERED_CHARS = 4096  # longer events are rare; with 2,048 of them remembered, 8 MB at most


def stored(*, run_id: str, seq: int, at: str, kind: str, data: str, previous: str, digest: str, author: str) -> Event:
    """`data` is JSON. Of others than workers it raises ValueError when that was damaged."""
    return Event(
        run_id=run_id,
        seq=seq,
        at=at,
        kind=kind,
        data=(value := _value(data, author)),
        previous=previous,
        digest=digest,
        author=author,
        fault=_fault(author, kind, at, value) if len(data) > _REMEMBERED_CHARS else _known(author, kind, at, data),
    )


def said_by(author: str, event: Event) -> Event:
    """The same event as the word of `author`."""
    return replace(event, author=author, fault=_fault(author, event.kind, event.at, event.data))


def _value(text: str, author: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if author != WORKER:
            raise
        value = None
    if isinstance(value, dict):
        return value
    if author != WORKER:
        raise ValueError("an event holds no object")
    return {}  # fits no kind


@lru_cache(maxsize=2048)
def _known(author: str, kind: str, at: str, text: str) -> str:
    """Every part that looks at a run reads its ledger again, so that one event is judged a hundred times."""
    return _fault(author, kind, at, _value(text, author))


def _fault(author: str, kind: str, at: str, data: Mapping[str, Any]) -> str:
    """The control side is believed. What was written before anybody kept the author has to fit as well."""
    if author == CONTROL or kind not in (WORKER_KINDS if author == WORKER else KINDS):
        return ""
    return fault(kind, at, data, strictly=author == WORKER)
