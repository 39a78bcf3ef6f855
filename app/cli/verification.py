"""Is a run's ledger whole? The chain, the witness outside the database, every blob by its digest, the index row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from app.cli.homes import Home
from app.errors import UserError
from app.folds import fold
from app.ledger import Event, verify_chain
from app.local.database import DatabaseError
from app.ports import RunSummary
from app.run_ledger import summarise
from app.workspace import snapshot_blobs


def known_runs(home: Home) -> list[str]:
    """Every run of a home, also those that only the witness still knows."""
    return list(dict.fromkeys([run.run_id for run in home.runs()] + home.store.witnessed_runs()))


def examine(home: Home, run_id: str) -> tuple[int, list[str]]:
    """How many events there are, and what is wrong, in sentences; an empty list means whole."""
    try:
        events = home.events(run_id)
    except (ValueError, TypeError, KeyError, DatabaseError, UserError) as error:
        return 0, [f"the events cannot be read, so something was changed ({type(error).__name__}: {error})"]
    if not events:
        return 0, ["all of its events are gone"]
    problems = verify_chain(run_id, events, home.store.witness(run_id))
    if home.store.witness(run_id) is None:
        problems.append(f"no head of it was witnessed: {home.witness} lost them, or was replaced")
    problems += _blob_problems(home, events)
    if not problems:
        problems += _index_problems(home.store.summary(run_id), run_id, events)
    return len(events), problems


def _index_problems(summary: RunSummary | None, run_id: str, events: list[Event]) -> list[str]:
    """The index row is a fold of the events and holds nothing of its own: any difference was made by hand."""
    if summary is None:
        return ["its row in the list of runs is gone"]
    folded = asdict(summarise(fold(run_id, events)))
    wrong = [name for name, value in asdict(summary).items() if folded[name] != value]
    return [f"its row in the list of runs was changed: {', '.join(wrong)}"] if wrong else []


def _blob_problems(home: Home, events: list[Event]) -> list[str]:
    problems = []
    seen: set[str] = set()
    for event in events:
        if not event.is_rightful:
            continue  # it vouches for nothing, and is reported
        try:
            digests = list(_digests(home, event))
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
            problems.append(f"the list of files of event {event.seq} ({event.kind}) cannot be read")
            continue
        for digest in digests:
            if digest in seen:
                continue
            seen.add(digest)
            try:
                home.store.get_blob(digest)
            except KeyError:
                problems.append(f"blob {digest[:12]} of event {event.seq} ({event.kind}) is gone")
            except UserError:
                problems.append(f"blob {digest[:12]} of event {event.seq} ({event.kind}) was changed or damaged")
    return problems


def _digests(home: Home, event: Event) -> Iterator[str]:
    """Every blob an event vouches for: references, proposed contents, and what a snapshot's manifest lists."""
    yield from _references(event.data)
    if event.kind == "proposal.made":
        yield from (change["digest"] for change in event.data["changes"] if change.get("digest"))
    if event.kind == "snapshot.taken":
        try:
            manifest = home.store.get_blob(event.data["manifest"]["blob"])
        except (KeyError, UserError):
            return  # the reference itself is reported
        yield from map(str, snapshot_blobs(json.loads(manifest)))


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
