"""`verify_chain` finds whatever is done to a ledger: changed, removed, reordered, inserted, cut off, exchanged."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.events import KINDS
from app.ledger import GENESIS, Event, canonical, verify_chain

fewer = settings(max_examples=60)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

text = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
facts = st.tuples(st.sampled_from(sorted(KINDS)), st.dictionaries(text, values, max_size=3), st.integers(0, 10**7))


def make(rows, run_id="run") -> list[Event]:
    events: list[Event] = []
    at = START
    for seq, (kind, data, wait_ms) in enumerate(rows, start=1):
        at += timedelta(milliseconds=wait_ms)
        previous = events[-1].digest if events else GENESIS
        events.append(Event.make(run_id=run_id, seq=seq, at=at, kind=kind, data=data, previous=previous))
    return events


ledgers = st.lists(facts, min_size=1, max_size=8).map(make)


def head(events: list[Event]) -> tuple[int, str]:
    return events[-1].seq, events[-1].digest


def renumbered(events: list[Event]) -> list[Event]:
    """What a forger without the witness can do: everything after the change made again, with valid digests."""
    return make([(event.kind, event.data, 0) for event in events])


@fewer
@given(ledgers)
def test_an_untouched_ledger_is_whole(events):
    assert verify_chain("run", events, head(events)) == []
    assert verify_chain("run", events, None) == []


@fewer
@given(ledgers)
def test_stored_and_read_back_it_is_whole(events):
    stored = json.loads(json.dumps([dataclasses.asdict(event) for event in events]))
    assert verify_chain("run", [Event(**row) for row in stored], head(events)) == []


@fewer
@given(ledgers, st.data())
def test_any_changed_field_is_found(events, data):
    place = data.draw(st.integers(0, len(events) - 1))
    name, new = data.draw(
        st.one_of(
            st.tuples(st.just("data"), st.dictionaries(text, values, max_size=4)),
            st.tuples(st.just("kind"), st.sampled_from(sorted(KINDS))),
            st.tuples(st.just("at"), text),
            st.tuples(st.just("run_id"), text),
            st.tuples(st.just("seq"), st.integers()),
            st.tuples(st.sampled_from(["previous", "digest"]), st.text("0123456789abcdef", min_size=64, max_size=64)),
        )
    )
    old = getattr(events[place], name)
    assume(canonical(old) != canonical(new))
    changed = events.copy()
    changed[place] = dataclasses.replace(events[place], **{name: new})
    assert verify_chain("run", changed, head(events))


@fewer
@given(ledgers, st.data())
def test_any_removed_event_is_found(events, data):
    place = data.draw(st.integers(0, len(events) - 1))
    left = events[:place] + events[place + 1 :]
    assert verify_chain("run", left, head(events))
    assert verify_chain("run", renumbered(left), head(events))


@fewer
@given(ledgers, st.data())
def test_any_reordering_is_found(events, data):
    order = data.draw(st.permutations(range(len(events))))
    assume(order != sorted(order))
    assert verify_chain("run", [events[place] for place in order], head(events))


@fewer
@given(ledgers, st.data())
def test_a_cut_off_tail_is_found_by_the_witness(events, data):
    left = events[: data.draw(st.integers(0, len(events) - 1))]
    assert verify_chain("run", left, None) == []  # nothing in the chain itself can show it
    assert verify_chain("run", left, head(events))


@fewer
@given(ledgers, facts, st.data())
def test_an_inserted_event_is_found(events, fact, data):
    place = data.draw(st.integers(0, len(events)))
    rows = [(event.kind, event.data, 0) for event in events]
    forged = make([*rows[:place], fact, *rows[place:]])
    assume(forged[: len(events)] != events)  # else it was not inserted but appended, as anybody may
    assert verify_chain("run", [*events[:place], forged[place], *events[place:]], head(events))
    assert verify_chain("run", forged, head(events))


@fewer
@given(ledgers, ledgers)
def test_another_runs_events_are_found(events, others):
    foreign = make([(event.kind, event.data, 0) for event in others], run_id="other")
    assert verify_chain("run", foreign, None)
    assert verify_chain("run", [*events, foreign[-1]], head(events))


@fewer
@given(ledgers, ledgers)
def test_a_ledger_made_anew_does_not_match_its_witness(events, others):
    assume([event.digest for event in events] != [event.digest for event in others[: len(events)]])
    assert verify_chain("run", others, head(events))


@fewer
@given(values)
def test_the_hashed_form_is_the_same_after_storing(value):
    assert canonical(json.loads(json.dumps(value))) == canonical(value)


def test_an_unknown_kind_cannot_be_written():
    with pytest.raises(KeyError):
        Event.make(run_id="run", seq=1, at=START, kind="made.up", data={}, previous=GENESIS)
