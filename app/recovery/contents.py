"""Which contents of the store a ledger vouches for, and which of them are still needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from app.errors import UserError
from app.ledger import Event
from app.runs.state.run_state import RunState
from app.workspace import snapshot_blobs

# What reading a worker's malformed word may raise.
MALFORMED = (TypeError, ValueError, KeyError, AttributeError, RecursionError)


def contents(event: Event, get_blob: Callable[[str], bytes]) -> Iterator[str]:
    """The digests that an event names: references, proposed contents, and what a snapshot's manifest lists.

    Raises one of MALFORMED for a worker's malformed word.
    """
    yield from _references(event.data)
    if event.kind == "proposal.made":
        yield from (str(change["digest"]) for change in event.data["changes"] if change.get("digest"))
        yield from map(str, event.data.get("kept", {}).values())
    snapshot = event.data if event.kind == "snapshot.taken" else event.data.get("continued")
    if snapshot:
        try:
            manifest = get_blob(snapshot["manifest"]["blob"])
        except (KeyError, UserError):
            return  # the reference itself is named
        yield from map(str, snapshot_blobs(json.loads(manifest)))


def may_be_gone(event: Event, state: RunState, before: datetime) -> bool:
    """Whether what an event of the run names is no longer needed: the event is older than that, the run has ended, and
    no finished change waits to be published.
    """
    return event.time < before and not state.is_active and not state.is_kept


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"blob", "size"}:
            yield str(value["blob"])
        else:
            for item in value.values():
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
