"""What a worker that was taken over writes past every adapter: the lists of runs and other ledgers stay readable."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from app.errors import Conflict
from app.events import WORKER
from app.ledger import GENESIS
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.runs.worker_store import WorkerStore
from tests.said import said

AT = "2026-03-02T09:00:00.000+00:00"
ROWS: dict[str, Any] = {
    "empty": {},
    "a list": [],
    "a number": 3,
    "numbers": {name: 10**30 for name in ("seq", "number", "cost_usd", "attempt", "thread_key", "updated_at", "title")},
    "texts": {name: "x y" for name in ("seq", "cost_usd", "phase", "unpublished", "park_until", "updated_at", "spent")},
    "objects": {name: {"a": [{}]} for name in ("seq", "cost_usd", "phase", "park_until", "title", "spent", "head")},
    "nothing": dict.fromkeys(("seq", "cost_usd", "phase", "created_at", "updated_at", "repository", "unpublished")),
    "another's": {"run_id": "other", "phase": "working", "unpublished": True},
    "half a letter": {"title": "\ud800", "repository": "\udfff", "requester": "\ud83d"},
}
EVENTS = {
    "no JSON": "{",
    "deep": "[" * 5_000,
    "a list": "[]",
    "no number": '{"call": 1, "error": "", "cost_usd": NaN}',
    "too much": '{"call": 1, "error": "", "cost_usd": 1e999}',
    "wrong types": '{"call": "1", "error": 3}',
}


def opened(store: Any, clock: Any, run_id: str, number: int) -> RunLedger:
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    thread = {"repository_id": 7, "number": number, "repository": "acme/calc", "installation_id": 5}
    ledger.append(said("run.created", thread=thread))
    return ledger


def write_row(store: Any, run_id: str, text: str) -> None:
    if isinstance(store, SqliteStore):
        with store._database.write() as connection:
            connection.execute("UPDATE runs SET summary = ? WHERE run_id = ?", (text, run_id))
        return
    head = store._table.get({"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "HEAD"}})
    store._table._dynamo.put_item(TableName=store._table.name, Item=head | {"summary": {"S": text}})


def write_event(store: Any, run_id: str, seq: int, text: str, *, at: str = AT, kind: str = "model.failed") -> None:
    if isinstance(store, SqliteStore):
        row = (run_id, seq, at, kind, text, GENESIS, GENESIS, WORKER)
        with store._database.write() as connection:
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return
    item = {"pk": f"RUN#{run_id}", "sk": f"E#{seq:012d}", "at": at, "kind": kind, "previous": GENESIS,
            "digest": GENESIS, "data": text}  # fmt: skip
    store._table._dynamo.put_item(
        TableName=store._table.name, Item={name: {"S": value} for name, value in item.items()}
    )


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_of_any_shape_stands_beside_the_others(store, clock, row):
    for number, run_id in enumerate(("run", "other"), start=1):
        opened(store, clock, run_id, number)
    whole = store.summary("other")
    write_row(store, "run", json.dumps(row))
    assert {run.run_id for run in store.runs()} == {"run", "other"}
    assert store.summary("other") == whole
    store.charged_on(7, AT[:10])
    broken = store.summary("run")
    assert broken.run_id == "run"
    assert json.dumps(vars(broken), allow_nan=False).encode()
    assert (broken.phase, broken.unpublished) == ("working", True) or isinstance(row, dict)


def test_the_next_event_mends_the_row(store, clock):
    ledger = opened(store, clock, "run", 1)
    whole = store.summary("run")
    write_row(store, "run", "{}")
    ledger.append(said("run.queued", reason="full"))
    assert store.summary("run").thread_key == whole.thread_key


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS)
def test_an_event_of_any_shape_is_read_and_means_nothing(store, clock, text):
    opened(store, clock, "run", 1)
    write_event(store, "run", 2, text)
    state = _fold(store, clock)
    assert (state.cost_usd, state.seq, state.created.thread.number) == (0.0, 2, 1)
    assert "Event 2 (`model.failed`) is malformed" in state.fault


@pytest.mark.parametrize(("at", "kind"), [("now", "model.failed"), (AT, "no.such"), (AT, "")])
def test_nor_does_one_of_another_time_or_kind(store, clock, at, kind):
    opened(store, clock, "run", 1)
    write_event(store, "run", 2, '{"call": 1, "error": ""}', at=at, kind=kind)
    state = _fold(store, clock)
    assert (state.seq, state.doing) == (2, "")


@pytest.mark.aws
def test_items_of_no_shape_at_all(aws_store, clock):
    opened(aws_store, clock, "run", 1)
    table = aws_store._table
    for sk, rest in {
        "E#000000000002": {},
        "E#000000000003": {"data": {"N": "3"}, "kind": {"L": []}, "at": {"BOOL": True}},
        "E#000000000004": {"blob": {"S": "ab" * 32}, "kind": {"S": "model.failed"}},
        "E#000000000004x": {},
        "E#00000000000a": {},
    }.items():
        table._dynamo.put_item(TableName=table.name, Item={"pk": {"S": "RUN#run"}, "sk": {"S": sk}, **rest})
    assert [event.is_rightful for event in aws_store.events("run")] == [True, False, False, False]
    write_row(aws_store, "run", "no JSON")
    assert aws_store.summary("run").phase == "working"


@pytest.mark.aws
@pytest.mark.parametrize("content", [b"another", b"x" * (33 * 2**20), b"\xff{}"], ids=["another", "large", "no text"])
def test_an_event_whose_data_lies_elsewhere_and_is_unfit(aws_store, clock, content):
    """Nobody reads five gigabytes because a worker says so."""
    opened(aws_store, clock, "run", 1)
    digest = hashlib.sha256(content).hexdigest() if content != b"another" else "ab" * 32
    aws_store._blobs._s3.put_object(Bucket=aws_store._blobs._bucket, Key=f"blobs/{digest}", Body=content)
    row = {"pk": {"S": "RUN#run"}, "sk": {"S": "E#000000000002"}, "blob": {"S": digest}, "kind": {"S": "tool.ran"}}
    aws_store._table._dynamo.put_item(TableName=aws_store._table.name, Item=row)
    assert [event.is_rightful for event in aws_store.events("run")] == [True, False]


@pytest.mark.aws
@pytest.mark.parametrize(
    "head",
    [{"seq": {"N": "1000000000"}, "digest": {"S": "ab" * 32}}, {"seq": {"S": "x"}}, {"digest": {"L": []}}, {}],
    ids=["far ahead", "no number", "no digest", "nothing"],
)
def test_a_wrecked_head_keeps_the_control_side_from_nothing(aws_store, clock, head):
    """Else a run whose worker wrecked it could not even end."""
    ledger = opened(aws_store, clock, "run", 1)
    table = aws_store._table
    for sk, rest in {"HEAD": head, "E#999999999999": {"kind": {"S": "run.ended"}}}.items():
        table._dynamo.put_item(TableName=table.name, Item={"pk": {"S": "RUN#run"}, "sk": {"S": sk}, **rest})
    worker = RunLedger(WorkerStore(aws_store, "run"), "run", clock=clock, redactor=Redactor())
    with pytest.raises(Conflict):
        worker.append(said("stage.started", stage="work", note=""))
    ledger.append(said("run.ended", outcome="failed", reason="", next_step=""))
    assert (aws_store.summary("run").phase, aws_store.summary("run").seq) == ("ended", 2)
    ledger.append(said("publish.settled", through=2))
    assert [event.seq for event in aws_store.events("run")] == [1, 2, 3]


@pytest.fixture
def aws_store(clock):
    from app.aws.store import DynamoStore
    from tests.aws.emulator import emulated

    with emulated(clock) as aws:
        yield DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)


def _fold(store: Any, clock: Any) -> RunState:
    return RunLedger(store, "run", clock=clock, redactor=Redactor()).state
