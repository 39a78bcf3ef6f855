"""The read model: one row for each run, folded from its events, and what is found by it. Pure.

A store replaces a run's row in the transaction of the events that changed it, so that lists, counts, due times, open
questions and what a day cost are read from rows and no ledger is opened for them. Both platforms index the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from app.ports.platform import RunSummary
from app.runs.state.run_state import RunState

# What rows of older versions lack: None there, until the run's next event.
ADDED = ("launched", "kept", "question", "asked_at", "landed")

_MOST_OF_A_QUESTION = 200  # characters: the row is written again with each event


def summarise(state: RunState) -> RunSummary:
    """The row of a run."""
    created = state.created
    thread = created.thread
    asked = state.open_question if state.is_active else None
    return RunSummary(
        run_id=state.run_id,
        thread_key=thread.key,
        installation_id=thread.installation_id,
        repository=thread.repository,
        number=thread.number,
        title=created.task.title,
        phase=state.phase,
        reason=state.outcome or state.waits_for or state.queue_reason,
        requester=created.requester.login,
        attempt=state.attempt,
        launched=state.launched,
        cost_usd=round(state.cost_usd, 6),
        spent={day: round(usd, 6) for day, usd in state.spent.items()},
        created_at=state.created_at,
        updated_at=state.updated_at,
        seq=state.seq,
        head=state.head,
        unpublished=state.visible_seq > state.settled_seq,
        kept=state.is_kept,
        park_until=state.park_until or state.publish_until,
        question=asked.said.questions[0].text[:_MOST_OF_A_QUESTION] if asked else None,
        asked_at=asked.at if asked else None,
        landed=state.landing.row(),
    )


def is_due(run: RunSummary, now: datetime) -> bool:
    """Whether the clock has something to do about a run: it has news that GitHub does not show, or it is active and
    neither waits for a later time nor for a word alone.
    """
    if run.unpublished or run.phase in {"queued", "working"}:
        return True
    return run.phase == "parked" and is_over(run.park_until, now)


def just_after(now: datetime) -> str:
    """As text, greater than every time that has come, whatever fractions it is written with."""
    return (now.astimezone(UTC) + timedelta(seconds=1)).isoformat()


def is_over(until: str | None, now: datetime) -> bool:
    """Whether a time has come; one that was never set does not."""
    return until is not None and datetime.fromisoformat(until) <= now


def differences(row: RunSummary, state: RunState) -> Sequence[str]:
    """The names of what a row says otherwise than the run's events; of an older version's row what it can know."""
    right: dict[str, Any] = asdict(summarise(state))
    unknown = ADDED if row.launched is None else ()
    return [name for name, value in asdict(row).items() if value != right[name] and name not in unknown]
