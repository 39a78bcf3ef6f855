"""How often and how long a run may wait for the world: pauses grow, and a run that gets nowhere ends with the cause.

A run gets somewhere when the model replies, a person answers or a stage succeeds that never did before. What it merely
begins again (the clone of every attempt, say) is no progress.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.events.waits import Wait, WaitForQuiet, WaitForRoom
from app.events.working import RunEnded, RunParked
from app.ledger import Event
from app.retry import doubled
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.settings.quiet import Quiet

_FIRST_SECONDS = 30.0
_MOST_QUIET = 10  # times the quiet time: whoever never stops writing is worked all the same
_PROGRESS = frozenset({"model.replied", "question.answered", "budget.raised", "model.changed"})


@dataclass(frozen=True, kw_only=True)
class Patience:
    """At most `parks` in a row without progress; each pause doubles, up to `longest_seconds`."""

    parks: int
    longest_seconds: float


OUTAGE = Patience(parks=10, longest_seconds=1800.0)  # two and a half hours: an incident of GitHub's or the vendor's
REFUSAL = Patience(parks=4, longest_seconds=1800.0)  # some minutes: a permission that was just given
FOR_ROOM = Patience(parks=288, longest_seconds=300.0)  # a day: room comes back unannounced


def next_pause(
    events: Iterable[Event], wait: Wait, patience: Patience, *, at_least_seconds: float = 0.0
) -> float | None:
    """How long to park now for `wait`; None when it has been tried often enough. Pure."""
    before = len(_parks(events, wait))
    if before >= patience.parks:
        return None
    if before == 0:
        return at_least_seconds
    pause = doubled(before - 1, first_seconds=_FIRST_SECONDS, longest_seconds=patience.longest_seconds)
    return max(at_least_seconds, pause)


def tried(events: Iterable[Event], wait: Wait, now: datetime) -> str:
    """What was tried in vain, as words for the end of a sentence."""
    parks = _parks(events, wait)
    minutes = (now - parks[0].time).total_seconds() / 60 if parks else 0.0
    span = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    return f"{len(parks) + 1} times in {span}"


def wait_for_room(ledger: RunLedger, note: str, seconds: float) -> None:
    """The run waits for its turn on the platform, a day at most."""
    pause = next_pause(ledger.events, WaitForRoom(), FOR_ROOM, at_least_seconds=seconds)
    if pause is None:
        often = tried(ledger.events, WaitForRoom(), ledger.clock.now())
        ledger.append_if(
            _is_active,
            RunEnded(
                outcome="failed",
                reason=f"{note} I tried to start {often} and have stopped trying.",
                next_step="Make room for workers (`lamplighter doctor` looks into it), then retry.",
            ),
        )
        return
    until = ledger.clock.now() + timedelta(seconds=pause)
    ledger.append_if(_is_active, RunParked(wait=WaitForRoom(), note=note, until=until.isoformat()))


def quiet_at(key: str, ledger: RunLedger, times: Quiet) -> datetime:
    """When a run may begin that gathers requests of the kind `key`, if no more come from now on."""
    quiet, now = times.after(key), ledger.clock.now()
    begun = datetime.fromisoformat(ledger.state.created_at) if ledger.state.created_at else now
    return min(now + timedelta(seconds=quiet), max(now, begun + timedelta(seconds=_MOST_QUIET * quiet)))


def wait_for_quiet(ledger: RunLedger, times: Quiet) -> None:
    """A run that was asked for, and gathers what belongs to it before it begins."""
    until = quiet_at(ledger.state.created.gathers, ledger, times).isoformat()
    note = "I gather what else belongs to this first."
    ledger.append_if(lambda state: state.phase == "created", RunParked(wait=WaitForQuiet(), note=note, until=until))


def _parks(events: Iterable[Event], wait: Wait) -> list[Event]:
    """The parks for the like of `wait` since the run last got anywhere; those for a person's answer never count."""
    found: list[Event] = []
    done: set[str] = set()
    for event in events:
        if event.kind == "run.parked":
            found += [event] if _is_for(event, wait) else []
        elif event.kind in _PROGRESS or (isinstance(wait, WaitForRoom) and event.kind == "attempt.started"):
            found.clear()
        elif event.kind == "stage.ended" and event.data["ok"] and event.data["stage"] not in done:
            done.add(event.data["stage"])
            found.clear()
    return found


def _is_for(event: Event, wait: Wait) -> bool:
    said = event.record
    return isinstance(said, RunParked) and said.wait.kind == wait.kind and said.until is not None


def _is_active(state: RunState) -> bool:
    return state.is_active
