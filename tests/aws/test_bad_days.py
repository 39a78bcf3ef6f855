"""The data side on AWS's bad days: away, slow, throttled, an answer lost, a process dead half-way, limits, denials."""

from __future__ import annotations

import json
import time

import pytest

from app.aws.bodies import MOST_BYTES
from app.aws.queue import SqsQueue
from app.aws.store import DynamoStore
from app.errors import Conflict, TransientError, UserError
from app.ledger import Event, verify_chain
from app.log import Redactor
from app.pace import Pace
from app.run_ledger import RunLedger, summarise
from app.run_state import fold
from tests.aws.emulator import TRIES, Fault

pytestmark = pytest.mark.aws


class Died(BaseException):
    """The process is gone; no `except Exception` may survive it."""


@pytest.fixture
def store(aws, clock):
    return DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)


@pytest.fixture
def queue(aws):
    return SqsQueue(aws.clients, aws.cloud.jobs_queue_url)


@pytest.fixture
def ledger(store, clock):
    return _open(store, clock)


def _open(store, clock) -> RunLedger:
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    if not ledger.state.seq:
        ledger.append("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"})
    return ledger


def _whole(store, clock) -> list[str]:
    """The texts of the notices of a ledger that is whole."""
    events = store.events("run")
    assert verify_chain("run", events, store.witness("run")) == []
    assert store.summary("run") == summarise(fold("run", events))
    return [event.data["text"] for event in events if event.kind == "notice.given"]


CALLS = {
    "send": ("sqs", "SendMessage", lambda queue, store: queue.send("{}", group="g", dedup_id="d")),
    "receive": ("sqs", "ReceiveMessage", lambda queue, store: queue.receive()),
    "append": ("dynamodb", "TransactWriteItems", lambda queue, store: _append(store)),
    "events": ("dynamodb", "Query", lambda queue, store: store.events("run")),
    "runs": ("dynamodb", "BatchGetItem", lambda queue, store: store.runs(thread_key="7#1")),
    "claim": ("dynamodb", "PutItem", lambda queue, store: store.claim("k", "me", ttl_seconds=9)),
    "claim_all": ("dynamodb", "TransactWriteItems", lambda queue, store: store.claim_all(["k"], "me", ttl_seconds=9)),
    "add": ("dynamodb", "UpdateItem", lambda queue, store: store.add("n", 1)),
    "take_slots": (
        "dynamodb",
        "PutItem",
        lambda queue, store: store.take_slots("k", Pace(1, 10, 60), count=1, within_seconds=9),
    ),
    "put_blob": ("s3", "PutObject", lambda queue, store: store.put_blob(b"x")),
    "get_blob": ("s3", "GetObject", lambda queue, store: store.get_blob(store.put_blob(b"x"))),
}


def _append(store) -> None:
    event = Event.make(run_id="r", seq=1, at=store._clock.now(), kind="notice.given", data={}, previous="0" * 64)
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
        if operation not in {"ReceiveMessage", "GetObject", "Query", "BatchGetItem"}:
            aws.loses_the_answer(service, operation)
    ledger.append("notice.given", text="once")
    assert store.claim("claim", "me", ttl_seconds=60)
    aws.loses_the_answer("dynamodb", "TransactWriteItems")
    assert store.claim_all(["one", "two"], "me", ttl_seconds=60) is None
    assert store.add("count", 1) == 1
    aws.loses_the_answer("dynamodb", "PutItem")
    pace, now = Pace(1, 10, 60), clock.now().timestamp()
    assert store.take_slots("k", pace, count=1, within_seconds=9) == [now]
    assert store.take_slots("k", pace, count=1, within_seconds=9) == [now + 1]
    store.put_blob(b"once")
    queue.send("once", group="g", dedup_id="d")
    assert all(fault.times == 0 for fault in aws.faults)
    assert _whole(store, clock) == ["once"]
    assert store.add("count", 0) == 1
    assert [message.body for message in queue.receive()] == ["once"]


def test_an_append_whose_answers_are_all_lost_is_found_on_reading_on(aws, store, ledger, clock):
    aws.loses_the_answer("dynamodb", "TransactWriteItems", times=TRIES)
    with pytest.raises(TransientError):
        ledger.append("notice.given", text="lost")
    ledger.append("notice.given", text="next")
    assert _whole(store, clock) == ["lost", "next"]


def test_an_append_that_another_overtook_is_a_conflict_though_it_was_repeated(aws, store, ledger, clock):
    """boto3's second try is refused by somebody else's event, not by the first try."""
    other = _open(store, clock)
    event = Event.make(
        run_id="run", seq=2, at=clock.now(), kind="notice.given", data={"text": "mine"}, previous=ledger.state.head
    )
    aws.fails("dynamodb", "TransactWriteItems")
    other.append("notice.given", text="theirs")
    aws.fails("dynamodb", "TransactWriteItems")
    with pytest.raises(Conflict):
        store.append("run", 1, [event], summarise(ledger.state))
    assert _whole(store, clock) == ["theirs"]


# ---------------------------------------------------------------- writers who meet


def test_transactions_that_meet_are_tried_again(aws, store, ledger, clock):
    aws.cancels("TransactionConflict", "None", times=3)
    ledger.append("notice.given", text="in the end")
    assert _whole(store, clock) == ["in the end"]
    assert len(clock.slept) == 3
    assert sum(clock.slept) < 1


def test_transactions_that_always_meet_are_transient(aws, store, ledger):
    aws.cancels("None", "TransactionConflict", times=99)
    with pytest.raises(TransientError, match="others write"):
        ledger.append("notice.given", text="never")


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_no_conflict(aws, store, ledger, code):
    aws.cancels("None", code, times=9)
    with pytest.raises(TransientError, match="slows"):
        ledger.append("notice.given", text="later")


# ---------------------------------------------------------------- dead half-way


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", ["PutObject", "TransactWriteItems"])
def test_a_process_that_dies_while_it_appends_leaves_a_whole_ledger(aws, store, ledger, clock, operation, after):
    """A long event: its data goes to S3 first, then the transaction, then the witness."""
    aws.dies_at("s3" if operation == "PutObject" else "dynamodb", operation, Died(), after=after)
    with pytest.raises(Died):
        ledger.append("notice.given", text="x" * 300_000)
    written = operation == "TransactWriteItems" and after
    assert len(_whole(store, clock)) == int(written)
    again = _open(store, clock)
    again.append("notice.given", text="next")
    assert len(_whole(store, clock)) == int(written) + 1
    assert store.witness("run") == (again.state.seq, again.state.head)


def test_a_run_that_changes_its_phase_while_runs_are_listed_is_listed_once(aws, store, ledger):
    def ends_meanwhile(emulator, name, request):
        ledger.append("run.ended", outcome="failed", reason="because", next_step="")
        return emulator.answer(name, request)

    aws.faults.append(Fault(service="dynamodb", operation="Query", how=ends_meanwhile, times=1, skip=1))
    assert [run.run_id for run in store.runs()] == [ledger.run_id]


def test_a_witness_that_cannot_be_written_only_falls_behind(aws, store, ledger, clock):
    aws.fails("s3", "PutObject", times=TRIES)
    ledger.append("notice.given", text="not witnessed")
    assert store.witness("run") == (1, store.events("run")[0].digest)
    ledger.append("notice.given", text="witnessed")
    assert _whole(store, clock) == ["not witnessed", "witnessed"]
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


# ---------------------------------------------------------------- limits


def test_a_long_pause_is_cut_to_what_sqs_can_hide(queue, clock):
    queue.send("{}", group="g", dedup_id="d")
    queue.retry(queue.receive()[0], delay_seconds=10**6)
    clock.advance(12 * 3600)
    assert [message.attempt for message in queue.receive()] == [2]


@pytest.mark.parametrize("body", ["\0", "\x1b[31m", "\ud800", "\ufffe"])
def test_characters_that_sqs_refuses_never_get_there(queue, body):
    with pytest.raises(ValueError, match="characters"):
        queue.send(body, group="g", dedup_id="d")
    queue.send(json.dumps(body), group="g", dedup_id="d")
    assert json.loads(queue.receive()[0].body) == body


def test_the_longest_job_fits(queue):
    """GitHub's longest bodies are 65,536 characters: the issue's, the comment's and the command's, all of them rare."""
    job = {name: "\U0001f600" * 65_536 for name in ("body", "comment", "text")} | {"odd": "\0\ud800\ufffe"}
    body = json.dumps(job)
    assert len(body) > MOST_BYTES
    queue.send(body, group="g", dedup_id="d")
    assert json.loads(queue.receive()[0].body) == job


def test_a_message_beyond_sqs_is_a_defect(queue):
    with pytest.raises(ValueError, match="longer"):
        queue.send(json.dumps("x" * MOST_BYTES), group="g", dedup_id="d")


def test_a_dedup_id_of_any_kind_is_taken(queue):
    for _ in range(2):
        queue.send("{}", group="g", dedup_id="é" * 300)
    assert len(queue.receive()) == 1


def test_data_beyond_an_item_is_a_blob(aws, store, ledger):
    ledger.append("notice.given", text="x" * 200_000)
    ledger.append("notice.given", text="x" * 300_000)
    items = aws.clients.get("dynamodb").query(
        TableName=aws.cloud.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "RUN#run"}},
    )["Items"]
    assert ["blob" in item for item in items if item["sk"]["S"].startswith("E#")] == [False, False, True]
    assert [len(event.data.get("text", "")) for event in store.events("run")] == [0, 200_000, 300_000]


def test_a_ledger_of_many_pages_is_read_whole(aws, store, ledger, clock):
    for number in range(12):
        ledger.append("notice.given", text=f"{number}" * 150_000)
    aws.calls.clear()
    assert len(_whole(store, clock)) == 12
    assert aws.calls["dynamodb", "Query"] > 1


def test_many_events_are_one_transaction_and_too_many_a_defect(aws, store, clock):
    def chain(count: int) -> list[Event]:
        events: list[Event] = []
        for seq in range(1, count + 1):
            previous = events[-1].digest if events else "0" * 64
            events.append(
                Event.make(
                    run_id="run",
                    seq=seq,
                    at=clock.now(),
                    kind="notice.given",
                    data={"text": "x" * 60_000},
                    previous=previous,
                )
            )
        return events

    with pytest.raises(ValueError, match="98 events"):
        store.append("run", 0, chain(98), summarise(fold("run", chain(98))))
    store.append("run", 0, chain(97), summarise(fold("run", chain(97))))
    assert aws.calls["dynamodb", "TransactWriteItems"] == 1
    assert aws.sent_bytes["dynamodb", "TransactWriteItems"] < 4 * 1024 * 1024
    assert aws.sent_bytes["s3", "PutObject"] > 60_000  # what did not fit; all of them are equal
    assert len(_whole(store, clock)) == 97


def test_the_same_blob_is_sent_once(aws, store):
    for _ in range(3):
        store.put_blob(b"same")
    assert aws.calls["s3", "PutObject"] == 1


def test_two_who_store_the_same_bytes_at_once_both_have_stored_them(aws, store):
    aws.fails("s3", "PutObject", code="ConditionalRequestConflict", status=409, times=2)
    assert store.get_blob(store.put_blob(b"same")) == b"same"


# ---------------------------------------------------------------- the witness


def test_a_deleted_witness_still_vouches_and_is_reported(aws, store, ledger):
    ledger.append("notice.given", text="x")
    s3 = aws.clients.get("s3")
    newest = s3.list_objects_v2(Bucket=aws.cloud.bucket, Prefix="heads/run/")["Contents"][0]["Key"]
    assert store.witness_problems() == []
    s3.delete_object(Bucket=aws.cloud.bucket, Key=newest)
    assert store.witness("run") == (ledger.state.seq, ledger.state.head)
    assert "event 2 of run was deleted" in store.witness_problems("run")[0]


def test_a_locked_witness_cannot_be_deleted(aws, store, ledger):
    s3 = aws.clients.get("s3")
    version = s3.list_object_versions(Bucket=aws.cloud.bucket, Prefix="heads/run/")["Versions"][0]
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=aws.cloud.bucket, Key=version["Key"], VersionId=version["VersionId"])


def test_of_two_witnesses_of_one_height_the_first_counts(store, ledger):
    time.sleep(1.1)  # S3 tells an object's time in whole seconds
    store._heads.append("run", 1, "0" * 64)
    assert store.witness("run") == (1, ledger.state.head)
    assert "two heads" in store.witness_problems()[0]


# ---------------------------------------------------------------- costs


def test_a_list_of_the_newest_reads_one_page_of_each_phase(aws, store, clock):
    for number in range(120):
        clock.advance(1)
        ledger = RunLedger(store, f"run{number:03d}", clock=clock, redactor=Redactor())
        ledger.append("run.created", thread={"repository_id": 7, "number": number, "repository": "acme/calc"})
        if number % 2:
            ledger.append("run.ended", outcome="failed")
    aws.calls.clear()
    assert [run.run_id for run in store.runs(limit=3)] == ["run119", "run118", "run117"]
    assert aws.calls["dynamodb", "Query"] == 5
    assert len(store.runs()) == 120


def test_what_the_common_calls_cost_in_requests(aws, store, ledger, clock):
    """No admission reads a list of runs; the first taking of a turn reads, the next ones only write."""

    def cost(do) -> dict[str, int]:
        aws.calls.clear()
        do()
        return {f"{service} {operation}": count for (service, operation), count in sorted(aws.calls.items())}

    pace = Pace(1, 500, 3600)
    assert cost(lambda: ledger.append("notice.given", text="x")) == {
        "dynamodb TransactWriteItems": 1,
        "s3 PutObject": 1,
    }
    assert cost(lambda: store.count("working")) == {"dynamodb Query": 1}
    assert cost(lambda: store.spent_usd(7, clock.now().date().isoformat())) == {
        "dynamodb BatchGetItem": 1,
        "dynamodb Query": 1,
    }
    assert cost(lambda: store.take_slots("k", pace, count=3, within_seconds=60)) == {
        "dynamodb GetItem": 1,
        "dynamodb PutItem": 1,
    }
    assert cost(lambda: store.take_slots("k", pace, count=3, within_seconds=60)) == {"dynamodb PutItem": 1}
    assert cost(lambda: store.claim_all(["a", "b"], "me", ttl_seconds=9)) == {"dynamodb TransactWriteItems": 1}
