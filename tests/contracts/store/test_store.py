"""The contract of `ports.Store`, first part: ledgers, lists of runs, blobs."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.errors import Conflict
from app.events import CONTROL, WORKER
from app.ledger import GENESIS, Event, verify_chain
from app.log import Redactor
from app.ports.platform import RunSummary
from app.runs.read_model import summarise
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from app.runs.worker_store import WorkerStore
from tests.said import said


def _event(clock, run_id="run", seq=1, previous=GENESIS, **data) -> Event:
    told = {"about": "test", "text": "", **data}
    return Event.make(run_id=run_id, seq=seq, at=clock.now(), kind="notice.given", data=told, previous=previous)


def _chain(clock, count, run_id="run") -> list[Event]:
    events: list[Event] = []
    for seq in range(1, count + 1):
        previous = events[-1].digest if events else GENESIS
        events.append(_event(clock, run_id, seq, previous, text=f"event {seq}"))
    return events


def _summary(events) -> RunSummary:
    return summarise(fold(events[0].run_id, events))


def _start(store, clock, run_id, *, number=1, ended=False) -> RunLedger:
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    ledger.append(said("run.created", thread={"repository_id": 7, "number": number, "repository": "acme/calc"}))
    if ended:
        ledger.append(said("run.ended", outcome="failed"))
    return ledger


# ---------------------------------------------------------------- ledgers


def test_what_was_appended_is_read_back(store, clock):
    events = _chain(clock, 3)
    store.append("run", 0, events[:1], _summary(events[:1]))
    store.append("run", 1, events[1:], _summary(events))
    assert store.events("run") == events
    assert store.events("run", after=2) == events[2:]
    assert store.events("other") == []
    assert store.summary("run") == _summary(events)
    assert store.summary("other") is None
    assert store.witness("run") == (3, events[-1].digest)
    assert store.witness("other") is None


def test_an_event_keeps_its_author(store, clock):
    events = [replace(event, author=author) for event, author in zip(_chain(clock, 2), (CONTROL, WORKER), strict=True)]
    store.append("run", 0, events[:1], _summary(events[:1]))
    store.append("run", 1, events[1:], _summary(events))
    assert [event.author for event in store.events("run")] == [CONTROL, WORKER]
    assert [event.author for event in store.events("run", after=1)] == [WORKER]


def test_a_worker_that_replaces_the_beginning_makes_no_old_ledger_of_it(store, clock):
    """Events of a time without authors are believed; a run of today cannot pass for one."""
    events = [replace(event, author=WORKER) for event in _chain(clock, 1)]
    store.append("run", 0, events, _summary(events))
    assert [event.author for event in store.events("run")] == [WORKER]


@pytest.mark.parametrize(
    "value",
    ["", "\0\ud800 \U0001f600", 'quote " \\ \n', 0.1, -0.0, 1e300, 2**70, True, None, [], {}, {"b": [1, {"a": None}]}],
)
def test_any_json_value_survives_to_the_bit(store, clock, value):
    event = _event(clock, value=value)
    store.append("run", 0, [event], _summary([event]))
    assert verify_chain("run", store.events("run"), store.witness("run")) == []


def test_a_megabyte_event_survives(store, clock):
    event = _event(clock, text="x" * 1_000_000)
    store.append("run", 0, [event], _summary([event]))
    assert store.events("run") == [event]


@pytest.mark.parametrize("expected", [0, 1, 3, 7])
def test_append_elsewhere_than_at_the_head_is_a_conflict(store, clock, expected):
    events = _chain(clock, 2)
    store.append("run", 0, events, _summary(events))
    late = _event(clock, seq=expected + 1, previous=events[-1].digest)
    with pytest.raises(Conflict):
        store.append("run", expected, [late], _summary([*events, late]))
    assert store.events("run") == events
    assert store.summary("run") == _summary(events)


@pytest.mark.parametrize("mistake", ["empty", "gap", "other run"])
def test_events_that_do_not_follow_one_another_are_a_defect(store, clock, mistake):
    events = _chain(clock, 3)
    wrong = {"empty": [], "gap": [events[0], events[2]], "other run": _chain(clock, 1, "other")}[mistake]
    with pytest.raises(ValueError):
        store.append("run", 0, wrong, _summary(events))
    assert store.events("run") == []


def test_of_sixteen_writers_exactly_one_wins_each_place(store, clock):
    rounds, together = 12, threading.Barrier(16)

    def race(writer: int) -> list[bool]:
        won = []
        for place in range(rounds):
            together.wait()
            head = store.events("run", after=place - 1)[0].digest if place else GENESIS
            event = _event(clock, seq=place + 1, previous=head, writer=writer)
            try:
                store.append("run", place, [event], _summary([event]))
                won.append(True)
            except Conflict:
                won.append(False)
            together.wait()
        return won

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(race, range(16)))
    assert [sum(wins) for wins in zip(*results, strict=True)] == [1] * rounds
    events = store.events("run")
    assert verify_chain("run", events, store.witness("run")) == []
    assert store.witness("run") == (rounds, events[-1].digest)


def test_writers_that_read_on_lose_nothing(store, clock):
    def write(writer: int) -> None:
        ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
        for number in range(10):
            ledger.append(said("notice.given", text=f"{writer}.{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    events = store.events("run")
    assert verify_chain("run", events, store.witness("run")) == []
    texts = [event.data["text"] for event in events]
    assert sorted(texts) == sorted(f"{writer}.{number}" for writer in range(8) for number in range(10))
    for writer in range(8):
        assert [text for text in texts if text.startswith(f"{writer}.")] == [f"{writer}.{n}" for n in range(10)]


# ---------------------------------------------------------------- runs


def test_runs_are_listed_newest_first(store, clock):
    for number in range(5):
        _start(store, clock, f"run{number}", number=number % 2, ended=number == 3)
        clock.advance(1)
    assert [run.run_id for run in store.runs()] == ["run4", "run3", "run2", "run1", "run0"]
    assert [run.run_id for run in store.runs(limit=2)] == ["run4", "run3"]
    assert [run.run_id for run in store.runs(active=True)] == ["run4", "run2", "run1", "run0"]
    assert [run.run_id for run in store.runs(active=False)] == ["run3"]
    assert [run.run_id for run in store.runs(thread_key="7#1")] == ["run3", "run1"]
    assert [run.run_id for run in store.runs(active=True, thread_key="7#1")] == ["run1"]
    assert store.runs(thread_key="7#9") == []


def test_only_a_limit_cuts_off_the_oldest(store, clock):
    for number in range(203):  # two of DynamoDB's batches, and some
        event = _event(clock, run_id=f"run{number}")
        store.append(f"run{number}", 0, [event], _summary([event]))
        clock.advance(1)
    for asked in ({}, {"active": True}, {"unpublished": True}, {"active": True, "unpublished": True}):
        found = [run.run_id for run in store.runs(limit=None, **asked)]
        assert found == [f"run{number}" for number in reversed(range(203))]
        assert [run.run_id for run in store.runs(limit=101, **asked)] == found[:101]


def test_runs_with_unpublished_news_are_found(store, clock):
    _start(store, clock, "quiet")
    clock.advance(1)
    ledger = _start(store, clock, "loud", ended=True)
    ledger.append(said("publish.settled", through=0))
    assert [run.run_id for run in store.runs(unpublished=True)] == ["loud", "quiet"]
    assert [run.run_id for run in store.runs(unpublished=True, active=False)] == ["loud"]
    ledger.append(said("publish.settled", through=ledger.state.visible_seq))
    assert [run.run_id for run in store.runs(unpublished=True)] == ["quiet"]
    assert [run.run_id for run in store.runs(unpublished=False)] == ["loud"]


def test_a_run_that_ends_changes_lists(store, clock):
    ledger = _start(store, clock, "run")
    ledger.append(said("run.ended", outcome="cancelled"))
    assert store.runs(active=True) == []
    assert [run.phase for run in store.runs(active=False)] == ["ended"]


def test_runs_are_counted_by_phase(store, clock):
    _start(store, clock, "fresh")
    ledger = _start(store, clock, "waiting")
    ledger.append(said("run.queued", reason="8 are at work"))
    for number in range(3):
        _start(store, clock, f"done{number}", ended=True)
    assert [store.count(phase) for phase in ("created", "queued", "working", "ended")] == [1, 1, 0, 3]
    ledger.append(said("run.admitted", reason="there is room now"))
    assert [store.count(phase) for phase in ("created", "queued", "working", "ended")] == [1, 0, 1, 3]


def test_what_a_repository_spent_on_a_day(store, clock):
    def spend(run_id: str, cost_usd: float, repository_id: int = 7) -> RunLedger:
        ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
        ledger.append(
            said("run.created", thread={"repository_id": repository_id, "number": 1, "repository": "acme/calc"})
        )
        ledger.append(said("model.replied", call=1, content=[], stop_reason="end_turn", usage={}, cost_usd=cost_usd))
        return ledger

    def spent(repository_id: int, day: str) -> float:
        return sum(run.spent_on(day) for run in store.charged_on(repository_id, day))

    day = clock.now().date().isoformat()
    assert spent(7, day) == 0
    spend("one", 0.25).append(said("model.replied", call=2, content=[], stop_reason="", usage={}, cost_usd=0.5))
    spend("two", 1.0)
    spend("elsewhere", 5.0, repository_id=77)
    assert spent(7, day) == pytest.approx(1.75)
    clock.advance(86_400)
    spend("tomorrow", 3.0)
    RunLedger(store, "two", clock=clock, redactor=Redactor()).append(
        said("model.failed", call=2, error="", cost_usd=0.125)
    )
    assert spent(7, day) == pytest.approx(1.75)
    assert spent(7, clock.now().date().isoformat()) == pytest.approx(3.125)  # the day of the charge, not of the run


def test_what_a_worker_spends_after_midnight_is_found(store, clock):
    """Its role writes no row for a day: the control side does, when it lets the run go on."""
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    ledger.append(said("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"}))
    ledger.append(said("run.admitted", reason=""))
    for _ in range(2):
        clock.advance(86_400)
        RunLedger(WorkerStore(store, "run"), "run", clock=clock, redactor=Redactor()).append(
            said("model.failed", call=1, error="", cost_usd=0.5)
        )
        day = clock.now().date().isoformat()
        assert [run.spent_on(day) for run in store.charged_on(7, day)] == [0.5]


def test_a_kept_text_is_replaced_only_by_who_saw_the_last_one(store):
    assert store.cell("a") == ""
    assert not store.swap_cell("a", "x", "y")
    assert store.swap_cell("a", "", "one")
    assert not store.swap_cell("a", "", "two")
    assert store.swap_cell("a", "one", "two")
    assert (store.cell("a"), store.cell("b")) == ("two", "")


def test_of_sixteen_who_replace_a_text_at_once_one_does(store):
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda n: store.swap_cell("a", "", f"by {n}"), range(16)))
    assert sum(done) == 1
    assert store.cell("a") == f"by {done.index(True)}"


# ---------------------------------------------------------------- blobs


@pytest.mark.parametrize("data", [b"", b"hello", b"\0\xff" * 70_000])
def test_blobs_are_found_by_their_digest(store, data):
    digest = store.put_blob(data)
    assert digest == hashlib.sha256(data).hexdigest() == store.put_blob(data)
    assert store.get_blob(digest) == data


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "ab/" + "c" * 61, "A" * 64, "0" * 64 + "\n"])
def test_unknown_digest_is_a_key_error(store, digest):
    with pytest.raises(KeyError):
        store.get_blob(digest)


def test_one_blob_written_by_many_at_once(store):
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(store.put_blob, [b"same" * 1000] * 32))
    assert store.get_blob(digests.pop()) == b"same" * 1000
    assert not digests
