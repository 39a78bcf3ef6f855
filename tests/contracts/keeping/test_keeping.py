"""The contract of `ports.Keeping`: contents go by age, ledgers as a whole, and nothing else goes."""

from __future__ import annotations

import pytest

from app.errors import Conflict
from app.ledger import Event, verify_chain
from app.log import Redactor
from app.runs.read_model import summarise
from app.runs.run_ledger import RunLedger
from tests.contracts.keeping.conftest import DAY, Place
from tests.said import said


def kept(store, *digests: str) -> list[bool]:
    def is_there(digest: str) -> bool:
        try:
            return bool(store.get_blob(digest))
        except KeyError:
            return False

    return [is_there(digest) for digest in digests]


def test_contents_go_when_they_were_neither_stored_nor_renewed_again(place):
    store, keeping = place.store, place.keeping
    old, again, renewed = (store.put_blob(text) for text in (b"old", b"again", b"renewed"))
    place.days_pass(20)
    assert store.put_blob(b"again") == again
    keeping.renew([renewed, "0" * 64, "../x"])
    place.days_pass(10)
    keeping.expire(place.before(30), at_work=[])
    assert kept(store, old, again, renewed) == [True, True, True]  # to the day

    place.days_pass(1)
    keeping.expire(place.before(30), at_work=[])
    assert kept(store, old, again, renewed) == [False, True, True]
    place.days_pass(20)
    keeping.expire(place.before(30), at_work=[])
    assert kept(store, old, again, renewed) == [False, False, False]
    assert store.put_blob(b"old") == old
    assert kept(store, old) == [True]


def test_what_was_renewed_every_day_stays(place):
    digest = place.store.put_blob(b"needed")
    for _ in range(40):
        place.days_pass(1)
        place.keeping.renew([digest])
        place.keeping.expire(place.before(30), at_work=[])
    assert place.store.get_blob(digest) == b"needed"


def test_an_event_outlives_contents_however_big_it_is(place):
    ledger = place.run("run", text="x" * 300_000)
    place.days_pass(100)
    place.keeping.expire(place.before(30), at_work=[])
    events = place.store.events("run")
    assert verify_chain("run", events, place.store.witness("run")) == []
    assert events == ledger.events


def test_ended_runs_are_named_by_their_last_event_the_oldest_first(place):
    for number in range(3):
        place.run(f"run{number}")
        place.days_pass(1)
    place.run("active", ends=False)
    late = place.run("late")
    place.days_pass(10)
    late.append(said("notice.given", text="once more"))
    assert place.keeping.ended_before(place.before(5), limit=10) == ["run0", "run1", "run2"]
    assert place.keeping.ended_before(place.before(5), limit=2) == ["run0", "run1"]
    assert place.keeping.ended_before(place.before(12.5), limit=10) == ["run0"]


def test_a_retired_run_is_gone_and_nobody_misses_it(place):
    store = place.store
    gone = place.run("gone", text="x" * 300_000)
    place.days_pass(401)
    stays = place.run("stays", text="x" * 300_000)
    for _ in range(2):
        place.keeping.retire("gone")
    assert store.events("gone") == []
    assert store.summary("gone") is None
    assert store.witnessed_runs() == ["stays"]
    assert [run.run_id for run in store.runs()] == ["stays"]
    assert [run.run_id for run in store.runs(thread_key="7#1")] == ["stays"]
    assert place.keeping.ended_before(place.before(-1), limit=10) == ["stays"]
    assert store.events("stays") == stays.events
    assert store.witness_problems() == []

    seq = gone.state.seq
    event = Event.make(
        run_id="gone", seq=seq + 1, at=place.clock.now(), kind="notice.given", data={}, previous=gone.state.head
    )
    with pytest.raises(Conflict):
        store.append("gone", seq, [event], summarise(gone.state))


def test_a_run_that_has_not_ended_is_not_retired(place):
    ledger = place.run("run", ends=False)
    with pytest.raises(ValueError, match="has not ended"):
        place.keeping.retire("run")
    assert place.store.events("run") == ledger.events
    place.keeping.retire("unknown")


@pytest.mark.aws
def test_a_tombstone_does_not_excuse_a_ledger_that_is_gone_too_early(clock):
    from app.aws.retention import AwsKeeping
    from app.aws.store import DynamoStore
    from tests.aws.emulator import emulated

    with emulated(clock) as aws:
        where = (aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
        store, keeping = DynamoStore(*where), AwsKeeping(*where)
        Place(store=store, keeping=keeping, clock=clock, age=lambda: None).run("run")
        clock.advance(399 * DAY)
        keeping.retire("run")
        assert store.witnessed_runs() == ["run"]
        clock.advance(1.1 * DAY)
        assert store.witnessed_runs() == []


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("write", range(3))
def test_a_run_whose_retirement_was_interrupted_is_gone_at_the_next(place, write, is_after):
    if place.aws is None:
        pytest.skip("one transaction there")
    place.run("run")
    place.days_pass(400)
    operation = "PutItem" if write == 0 else "TransactWriteItems"
    place.aws.dies_at("dynamodb", operation, KeyboardInterrupt(), after=is_after, skip=max(0, write - 1))
    with pytest.raises(KeyboardInterrupt):
        place.keeping.retire("run")
    is_untouched = write == 0 and not is_after
    assert (place.store.summary("run") is None) is not is_untouched
    assert (place.store.witnessed_runs() == []) is not is_untouched
    assert place.keeping.ended_before(place.before(-1), limit=10) == ["run"]
    place.keeping.retire("run")
    assert place.store.events("run") == []
    assert place.keeping.ended_before(place.before(-1), limit=10) == []


def test_the_witness_forgets_a_retired_run_in_the_end(place):
    place.run("old")
    place.days_pass(401)
    place.keeping.retire("old")
    young = place.run("young")
    for _ in range(4):
        place.days_pass(31)
        place.keeping.expire(place.before(30), at_work=[])
        assert place.store.witnessed_runs() == ["young"]
        assert place.store.witness_problems() == []
    assert verify_chain("young", place.store.events("young"), place.store.witness("young")) == []
    again = RunLedger(place.store, "young", clock=place.clock, redactor=Redactor())
    again.append(said("notice.given", text="later"))
    assert place.store.witness("young") == (young.state.seq + 1, again.state.head)
    assert place.store.witness_problems() == []
