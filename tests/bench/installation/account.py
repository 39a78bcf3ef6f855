"""What came of a play: how long people waited, what was written, and whether GitHub's limits held."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from app.ledger import Event
from app.simulator.limits import CONTENT_AN_HOUR, Limits
from tests.bench.installation.play import Play

RESULT_WRITES = 7  # tree, commit, branch, pull request, ready, result, the status comment's end
_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something a person waits for: when the run knew it, when GitHub showed it, in epoch seconds."""

    what: str  # question, result, stop, end (of the status comment)
    known: float
    visible: float | None

    def waited(self, until: float) -> float:
        return (until if self.visible is None else self.visible) - self.known


def told(play: Play) -> list[Told]:
    """Everything that the play's runs had to say."""
    return [item for run_id in play.runs for item in _of_one(play.ledger(run_id).events)]


def _of_one(events: Sequence[Event]) -> Iterator[Told]:
    asked = [event for event in events if event.kind == "question.asked"]
    for number, event in enumerate(asked, start=1):
        yield _told("question", event, events, f"comment:question-{number}")
    for event in events:
        if event.kind == "run.ended" and event.data["outcome"] == "cancelled":
            yield _told("stop", event, events, "comment:status")
        elif event.kind == "run.ended":
            yield _told("result", event, events, "comment:result")
            yield _told("end", event, events, "comment:status")


def _told(what: str, known: Event, events: Sequence[Event], key: str) -> Told:
    done = [event for event in events if event.kind == "publish.done" and event.data["key"] == key]
    shown = next((event for event in done if event.seq > known.seq and not _is_between(event, events)), None)
    return Told(what=what, known=_at(known), visible=_at(shown) if shown else None)


def _is_between(event: Event, events: Sequence[Event]) -> bool:
    """An edit of the status comment that only says that the pull request is being opened."""
    outcome = next((found.data["outcome"] for found in events if found.kind == "run.ended"), "")
    pull = next((found.seq for found in events if found.kind == "publish.done" and found.data["key"] == "pull"), None)
    return event.data["key"] == "comment:status" and outcome == "proposed" and (pull is None or event.seq < pull)


def _at(event: Event) -> float:
    return datetime.fromisoformat(event.at).timestamp()


def waited_with_room(item: Told, until: float, written: Sequence[float]) -> float:
    """The part of the wait in which the hour's 500 had room for a whole result."""
    start, end = item.known, until if item.visible is None else item.visible
    edges = {start, end}
    for times in (written, [at + _HOUR for at in written]):
        edges.update(times[bisect_left(times, start) : bisect_right(times, end)])
    marks = sorted(edges)
    waited = 0.0
    for left, right in pairwise(marks):
        used = bisect_right(written, left) - bisect_right(written, left - _HOUR)
        if used <= CONTENT_AN_HOUR - RESULT_WRITES:
            waited += right - left
    return waited


def percentile(values: Sequence[float], share: float) -> float:
    """0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def violations(limits: Limits) -> list[str]:
    """Writes that GitHub had to refuse, and writes of one installation less than a second apart."""
    found = [f"over the limit: {what}" for what in limits.exceeded]
    found += [f"during a limit: {what}" for what in limits.ignored]
    return found + ([f"{limits.closest_seconds:.3f} s apart"] if limits.closest_seconds < 0.999 else [])
