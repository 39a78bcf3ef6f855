"""The data side on AWS's bad days: away, slow, throttled, an answer lost, writers who meet, a process dead half-way."""

from __future__ import annotations

import pytest

from app.errors import Conflict, TransientError, UserError
from app.ledger import Event
from app.ports.rate import Pace
from app.runs.read_model import summarise
from app.runs.state import fold
from tests.aws.emulator import TRIES, Fault
from tests.aws.ledgers import opened, whole
from tests.said import said

pytestmark = pytest.mark.aws


class Died(BaseException):
    """The process is gone; no `except Exception` may survive it."""


CALLS = {
    "send": ("sqs", "SendMessage", lambda queue, store: queue.send("{}", group="g", dedup_id="d")),
    "receive": ("sqs", "ReceiveMessage", lambda queue, store: queue.receive()),
    "append": ("dynamodb", "TransactWriteItems", lambda queue, store: _append(store)),
    "events": ("dynamodb", "Query", lambda queue, store: store.events("run")),
    "runs": ("dynamodb", "BatchGetItem", lambda queue, store: store.runs(thread_key="7#1")),
    "claim": ("dynamodb", "PutItem", lambda queue, store: store.claim("k", "me", ttl_seconds=9)),
    "claim_all": ("dynamodb", "TransactWriteItems", lambda queue, store: store.claim_all(["k"], "me", ttl_seconds=9)),
    "add": ("dynamodb", "UpdateItem", lambda queue, store: store.add("n", 1)),
    "take_slot": ("dynamodb", "PutItem", lambda queue, store: store.take_slot("k", Pace(1, 10, 60), within_seconds=9)),
    "hold_slots": ("dynamodb", "PutItem", lambda queue, store: store.hold_slots("k", Pace(1, 10, 60), until=9)),
    "slots": ("dynamodb", "GetItem", lambda queue, store: store.slots("k")),
    "put_blob": ("s3", "PutObject", lambda queue, store: store.put_blob(b"x")),
    "get_blob": ("s3", "GetObject", lambda queue, store: store.get_blob(store.put_blob(b"x"))),
}


def _append(store) -> None:
    event = Event.make(
        run_id="r",
        seq=1,
        at=store._clock.now(),
        kind="notice.given",
        data={"about": "a", "text": ""},
        previous="0" * 64,
    )
    store.append("r", 0, [event], summarise(fold("r", [event])))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", ["away", "slow", "broken", "throttled"])
def test_a_service_that_does_not_serve_is_transient_and_all_is_well_afterwards(aws, queue, store, ledger, call, how):
    service, operation, do = CALLS[call]
    do_badly = {"away": aws.is_away, "slow": aws.is_slow, "broken": aws.fails, "throttled": aws.throttles}[how]
    do_badly(service, operation, times=9)
    with pytest.raises(TransientError) as caught:
        do(queue, store)
    assert 0 < caught.value.retry_after_seconds <= 60
    aws.faults.clear()
    do(queue, store)


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("send", "AccessDenied", "role"),
        ("append", "AccessDeniedException", "role"),
        ("append", "ResourceNotFoundException", "settings"),
        ("put_blob", "NoSuchBucket", "settings"),
        ("send", "AWS.SimpleQueueService.NonExistentQueue", "settings"),
        ("claim", "InvalidSignatureException", "clock"),
    ],
)
def test_what_a_person_must_mend_is_said_and_not_repeated(aws, queue, store, ledger, call, code, said):
    service, operation, do = CALLS[call]
    aws.calls.clear()
    aws.fails(service, operation, code=code, status=400, times=9)
    with pytest.raises(UserError, match=said):
        do(queue, store)
    assert aws.calls[service, operation] == 1


# ---------------------------------------------------------------- answers that are lost


def test_a_lost_answer_doubles_nothing(aws, queue, store, ledger, clock):
    for service, operation in {(service, operation) for service, operation, _ in CALLS.values()}:
        if operation not in {"ReceiveMessage", "GetObject", "Query", "BatchGetItem", "GetItem"}:
            aws.loses_the_answer(service, operation)
    ledger.append(said("notice.given", text="once"))
    assert store.claim("claim", "me", ttl_seconds=60)
    aws.loses_the_answer("dynamodb", "TransactWriteItems")
    assert store.claim_all(["one", "two"], "me", ttl_seconds=60) is None
    assert store.add("count", 1) == 1
    aws.loses_the_answer("dynamodb", "PutItem")
    pace, now = Pace(1, 10, 60), clock.now().timestamp()
    assert store.take_slot("k", pace, within_seconds=9) == now
    assert store.take_slot("k", pace, within_seconds=9) == now + 1
    store.put_blob(b"once")
    queue.send("once", group="g", dedup_id="d")
    assert all(fault.times == 0 for fault in aws.faults)
    assert whole(store, clock) == ["once"]
    assert store.add("count", 0) == 1
    assert [message.body for message in queue.receive()] == ["once"]


def test_an_append_whose_answers_are_all_lost_is_found_on_reading_on(aws, store, ledger, clock):
    aws.loses_the_answer("dynamodb", "TransactWriteItems", times=TRIES)
    with pytest.raises(TransientError):
        ledger.append(said("notice.given", text="lost"))
    ledger.append(said("notice.given", text="next"))
    assert whole(store, clock) == ["lost", "next"]


def test_an_append_that_another_overtook_is_a_conflict_though_it_was_repeated(aws, store, ledger, clock):
    """boto3's second try is refused by somebody else's event, not by the first try."""
    other = opened(store, clock)
    event = Event.make(
        run_id="run", seq=2, at=clock.now(), kind="notice.given", data={"text": "mine"}, previous=ledger.state.head
    )
    aws.fails("dynamodb", "TransactWriteItems")
    other.append(said("notice.given", text="theirs"))
    aws.fails("dynamodb", "TransactWriteItems")
    with pytest.raises(Conflict):
        store.append("run", 1, [event], summarise(ledger.state))
    assert whole(store, clock) == ["theirs"]


# ---------------------------------------------------------------- writers who meet


def test_transactions_that_meet_are_tried_again(aws, store, ledger, clock):
    aws.cancels("TransactionConflict", "None", times=3)
    ledger.append(said("notice.given", text="in the end"))
    assert whole(store, clock) == ["in the end"]
    assert len(clock.slept) == 3
    assert sum(clock.slept) < 1


def test_transactions_that_always_meet_are_transient(aws, store, ledger):
    aws.cancels("None", "TransactionConflict", times=99)
    with pytest.raises(TransientError, match="others write"):
        ledger.append(said("notice.given", text="never"))


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_no_conflict(aws, store, ledger, code):
    aws.cancels("None", code, times=9)
    with pytest.raises(TransientError, match="slows"):
        ledger.append(said("notice.given", text="later"))


# ---------------------------------------------------------------- dead half-way


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", ["PutObject", "TransactWriteItems"])
def test_a_process_that_dies_while_it_appends_leaves_a_whole_ledger(aws, store, ledger, clock, operation, after):
    """A long event: its data goes to S3 first, then the transaction, then the witness."""
    aws.dies_at("s3" if operation == "PutObject" else "dynamodb", operation, Died(), after=after)
    with pytest.raises(Died):
        ledger.append(said("notice.given", text="x" * 300_000))
    written = operation == "TransactWriteItems" and after
    assert len(whole(store, clock)) == int(written)
    again = opened(store, clock)
    again.append(said("notice.given", text="next"))
    assert len(whole(store, clock)) == int(written) + 1
    assert store.witness("run") == (again.state.seq, again.state.head)


def test_a_run_that_changes_its_phase_while_runs_are_listed_is_listed_once(aws, store, ledger):
    def ends_meanwhile(emulator, name, request):
        ledger.append(said("run.ended", outcome="failed", reason="because", next_step=""))
        return emulator.answer(name, request)

    aws.faults.append(Fault(service="dynamodb", operation="Query", how=ends_meanwhile, times=1, skip=1))
    assert [run.run_id for run in store.runs()] == [ledger.run_id]


def test_a_witness_that_cannot_be_written_only_falls_behind(aws, store, ledger, clock):
    aws.fails("s3", "PutObject", times=TRIES)
    ledger.append(said("notice.given", text="not witnessed"))
    assert store.witness("run") == (1, store.events("run")[0].digest)
    ledger.append(said("notice.given", text="witnessed"))
    assert whole(store, clock) == ["not witnessed", "witnessed"]
    assert store.witness("run")[0] == 3


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", ["SendMessage", "DeleteMessage"])
@pytest.mark.parametrize("skip", [0, 2])
def test_a_redrive_that_dies_loses_nothing_and_doubles_nothing(aws, queue, clock, operation, after, skip):
    for number in range(4):
        queue.send(f'"{number}"', group="g", dedup_id=str(number))
        _kill_letter(queue)
    assert [letter.body for letter in queue.dead_letters()] == ['"0"', '"1"', '"2"', '"3"']
    aws.dies_at("sqs", operation, Died(), after=after, skip=skip)
    with pytest.raises(Died):
        queue.redrive()
    clock.advance(61)  # what the dead process held is shown again
    queue.redrive()
    assert queue.dead_letters() == []
    seen = []
    while messages := queue.receive():
        seen += [message.body for message in messages]
        for message in messages:
            queue.ack(message)
    assert seen == ['"0"', '"1"', '"2"', '"3"']


def _kill_letter(queue) -> None:
    while messages := queue.receive(limit=1):
        queue.retry(messages[0], delay_seconds=0)


def test_dead_letters_can_be_listed_again_and_again(queue):
    queue.send("{}", group="g", dedup_id="d")
    _kill_letter(queue)
    for _ in range(3):
        assert [letter.body for letter in queue.dead_letters()] == ["{}"]
