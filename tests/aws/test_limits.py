"""What SQS, DynamoDB and S3 take, keep and cost: long messages, big events, many pages, a locked witness, requests."""

from __future__ import annotations

import json

import pytest

from app.aws.bodies import MOST_BYTES
from app.ledger import Event
from app.log import Redactor
from app.ports.rate import Pace
from app.runs.read_model import summarise
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from tests.aws.ledgers import whole
from tests.said import said

pytestmark = pytest.mark.aws


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
    ledger.append(said("notice.given", text="x" * 200_000))
    ledger.append(said("notice.given", text="x" * 300_000))
    items = aws.clients.get("dynamodb").query(
        TableName=aws.cloud.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "RUN#run"}},
    )["Items"]
    assert ["blob" in item for item in items if item["sk"]["S"].startswith("E#")] == [False, False, True]
    assert [len(event.data.get("text", "")) for event in store.events("run")] == [0, 200_000, 300_000]


def test_a_ledger_of_many_pages_is_read_whole(aws, store, ledger, clock):
    for number in range(12):
        ledger.append(said("notice.given", text=f"{number}" * 150_000))
    aws.calls.clear()
    assert len(whole(store, clock)) == 12
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
                    data={"about": "a", "text": "x" * 60_000},
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
    assert len(whole(store, clock)) == 97


def test_the_same_blob_is_sent_once(aws, store):
    for _ in range(3):
        store.put_blob(b"same")
    assert aws.calls["s3", "PutObject"] == 1


def test_two_who_store_the_same_bytes_at_once_both_have_stored_them(aws, store):
    aws.fails("s3", "PutObject", code="ConditionalRequestConflict", status=409, times=2)
    assert store.get_blob(store.put_blob(b"same")) == b"same"


# ---------------------------------------------------------------- the witness


def test_a_deleted_witness_still_vouches_and_is_reported(aws, store, ledger):
    ledger.append(said("notice.given", text="x"))
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


def test_of_two_witnesses_of_one_height_the_first_counts(store, ledger, clock):
    clock.advance(1.1)  # S3 tells an object's time in whole seconds
    store._heads.append("run", 1, "0" * 64)
    assert store.witness("run") == (1, ledger.state.head)
    assert "two heads" in store.witness_problems()[0]


# ---------------------------------------------------------------- costs


def test_a_list_of_the_newest_reads_one_page_of_each_phase(aws, store, clock):
    for number in range(120):
        clock.advance(1)
        ledger = RunLedger(store, f"run{number:03d}", clock=clock, redactor=Redactor())
        ledger.append(said("run.created", thread={"repository_id": 7, "number": number, "repository": "acme/calc"}))
        if number % 2:
            ledger.append(said("run.ended", outcome="failed"))
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
    assert cost(lambda: ledger.append(said("notice.given", text="x"))) == {
        "dynamodb TransactWriteItems": 1,
        "s3 PutObject": 1,
    }
    assert cost(lambda: store.count("working")) == {"dynamodb Query": 1}
    assert cost(lambda: store.charged_on(7, clock.now().date().isoformat())) == {
        "dynamodb BatchGetItem": 1,
        "dynamodb Query": 1,
    }
    assert cost(lambda: store.take_slot("k", pace, within_seconds=60)) == {
        "dynamodb GetItem": 1,
        "dynamodb PutItem": 1,
    }
    assert cost(lambda: store.take_slot("k", pace, within_seconds=60)) == {"dynamodb PutItem": 1}
    assert cost(lambda: store.slots("k")) == {"dynamodb GetItem": 1}
    assert cost(lambda: store.claim_all(["a", "b"], "me", ttl_seconds=9)) == {"dynamodb TransactWriteItems": 1}
