"""How often a run parks without getting anywhere, and what counts as getting somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.events.waits import WaitForOutage, WaitForRoom
from app.ledger import GENESIS, Event
from app.runs.parking import FOR_ROOM, OUTAGE, REFUSAL, next_pause, tried

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PARK = ("run.parked", {"reason": "outage", "until": START.isoformat()})
ROOM = ("run.parked", {"reason": "capacity", "until": START.isoformat()})
CLONED = ("stage.ended", {"stage": "clone", "ok": True})


def events(*told):
    return [
        Event.make(run_id="r", seq=seq, at=START + timedelta(minutes=seq - 1), kind=kind, data=data, previous=GENESIS)
        for seq, (kind, data) in enumerate(told, start=1)
    ]


@pytest.mark.parametrize("patience", [OUTAGE, REFUSAL])
def test_pauses_grow_and_come_to_an_end(patience):
    pauses = [next_pause(events(*[PARK] * count), WaitForOutage(), patience) for count in range(patience.parks)]
    assert pauses[:4] == [0.0, 30.0, 60.0, 120.0]
    assert max(pauses) <= patience.longest_seconds
    assert next_pause(events(*[PARK] * patience.parks), WaitForOutage(), patience) is None


def test_what_the_world_asks_for_is_never_cut_short():
    assert next_pause(events(), WaitForOutage(), OUTAGE, at_least_seconds=86_400) == 86_400
    assert next_pause(events(PARK, PARK), WaitForOutage(), OUTAGE, at_least_seconds=86_400) == 86_400


@pytest.mark.parametrize(
    ("between", "is_progress"),
    [
        (("model.replied", {}), True),
        (("question.answered", {}), True),
        (("budget.raised", {}), True),
        (CLONED, True),
        (("stage.ended", {"stage": "clone", "ok": False}), False),
        (("attempt.started", {"attempt": 2}), False),
        (("run.resumed", {"reason": "its time has come"}), False),
        (("model.failed", {}), False),
    ],
)
def test_only_what_was_never_reached_before_is_progress(between, is_progress):
    told = events(*[PARK] * OUTAGE.parks, between)
    assert (next_pause(told, WaitForOutage(), OUTAGE) is not None) is is_progress


def test_a_stage_that_every_attempt_repeats_is_progress_once():
    told = events(CLONED, *[PARK, CLONED] * OUTAGE.parks)
    assert next_pause(told, WaitForOutage(), OUTAGE) is None


def test_a_place_on_the_platform_is_waited_for_longer_and_a_started_worker_has_one():
    assert next_pause(events(*[ROOM] * 20), WaitForRoom(), FOR_ROOM) == FOR_ROOM.longest_seconds
    assert next_pause(events(*[ROOM] * 20, ("attempt.started", {"attempt": 1})), WaitForRoom(), FOR_ROOM) == 0.0
    assert next_pause(events(*[ROOM] * 20), WaitForOutage(), OUTAGE) == 0.0


def test_the_end_says_how_often_and_how_long():
    assert tried(events(PARK, PARK, PARK), WaitForOutage(), START + timedelta(minutes=40)) == "4 times in 40 minutes"
    assert tried(events(PARK), WaitForOutage(), START + timedelta(hours=5)) == "2 times in 5 hours"
