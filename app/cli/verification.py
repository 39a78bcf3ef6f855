"""Is a run's ledger whole? The chain, the witness outside the database, every blob by its digest, the index row."""

from __future__ import annotations

from typing import NamedTuple

from app.cli.homes import Home
from app.errors import UserError
from app.ledger import Event, verify_chain
from app.local.database import DatabaseError
from app.ports.platform import RunSummary
from app.recovery.contents import MALFORMED, contents, may_be_gone
from app.runs.read_model import differences
from app.runs.state import fold
from app.runs.state.run_state import RunState


class Examined(NamedTuple):
    """`problems` are sentences; `retired` counts contents that are no longer kept, which is none."""

    events: int
    problems: list[str]
    retired: int = 0


def known_runs(home: Home) -> list[str]:
    """Every run of a home, also those that only the witness still knows."""
    return list(dict.fromkeys([run.run_id for run in home.runs()] + home.store.witnessed_runs()))


def examine(home: Home, run_id: str) -> Examined:
    """How many events there are, and what is wrong, in sentences; an empty list means whole."""
    try:
        events = home.events(run_id)
    except (ValueError, TypeError, KeyError, DatabaseError, UserError) as error:
        return Examined(0, [f"the events cannot be read, so something was changed ({type(error).__name__}: {error})"])
    if not events:
        return Examined(0, ["all of its events are gone"])
    problems = verify_chain(run_id, events, home.store.witness(run_id))
    if home.store.witness(run_id) is None:
        problems.append(f"no head of it was witnessed: {home.witness} lost them, or was replaced")
    state = fold(run_id, events)
    lost, retired = _blob_problems(home, events, state)
    problems += lost
    if not problems:
        problems += _index_problems(home.store.summary(run_id), state)
    return Examined(len(events), problems, retired)


def _index_problems(summary: RunSummary | None, state: RunState) -> list[str]:
    """The index row is a fold of the events and holds nothing of its own: any difference was made by hand."""
    if summary is None:
        return ["its row in the list of runs is gone"]
    wrong = differences(summary, state)
    return [f"its row in the list of runs was changed: {', '.join(wrong)}"] if wrong else []


def _blob_problems(home: Home, events: list[Event], state: RunState) -> tuple[list[str], int]:
    """What is wrong with contents, and how many are gone because their time was over."""
    problems, retired = [], 0
    seen: set[str] = set()
    for event in events:
        if not event.is_rightful:
            continue  # it vouches for nothing, and is reported
        try:
            digests = list(contents(event, home.store.get_blob))
        except MALFORMED:
            problems.append(f"the list of files of event {event.seq} ({event.kind}) cannot be read")
            continue
        for digest in digests:
            if digest in seen:
                continue
            seen.add(digest)
            try:
                home.store.get_blob(digest)
            except KeyError:
                if may_be_gone(event, state, home.contents_since()):
                    retired += 1
                else:
                    problems.append(f"blob {digest[:12]} of event {event.seq} ({event.kind}) is gone")
            except UserError:
                problems.append(f"blob {digest[:12]} of event {event.seq} ({event.kind}) was changed or damaged")
    return problems, retired
