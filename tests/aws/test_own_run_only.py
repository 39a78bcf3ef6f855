"""A worker reaches its own run's items and objects and nothing else, with credentials that are renewed as it works."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app import log
from app.aws.clients import Clients
from app.aws.run_clients import run_clients
from app.aws.store import DynamoStore
from app.errors import TransientError, UserError
from app.events import WORKER
from app.events.record import VERSION
from app.ledger import canonical, verify_chain
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from app.runs.worker_store import WorkerStore
from tests.aws.brokered import Brokered
from tests.said import said

pytestmark = pytest.mark.aws

LONG = "x" * 300_000  # an event beyond what an item holds


@pytest.fixture
def parts(tmp_path, aws, clock, store):
    """Two runs, `run` and `other`, each with events, a long one, a lease and heads."""

    def mint(_thread, _fresh):
        raise UserError("nobody asks for a token here")

    for run_id in ("run", "other"):
        ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
        ledger.append(said("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"}))
        ledger.append(said("notice.given", **SAID))
        store.claim(f"worker:{run_id}", "somebody", ttl_seconds=60)
    parts = Brokered(tmp_path, aws, store, clock, mint)
    yield parts
    parts.close()


class Holder:
    """A worker of `run` that was taken over: its task's role, and what the broker gives it."""

    def __init__(self, parts: Brokered, aws, clock) -> None:
        self.parts, self.aws = parts, aws
        self.task, self.role = parts.worker("work", "run", "--attempt", "1")
        self.broker = parts.broker(self.role)
        self.redactor = Redactor()
        self.own = run_clients(self.broker, "run", clock, self.redactor)
        self.clients = {"RunRole": self.own, "WorkerRole": Clients(credentials=self.role.keys)}
        cloud = aws.cloud
        self.store = DynamoStore(self.own, cloud.table, cloud.bucket, clock, of_one_run=True)

    def try_(self, role: str, service: str, operation: str, **request: Any) -> Any:
        if service == "s3":
            request["Bucket"] = self.aws.cloud.bucket
        elif service == "dynamodb" and not {"RequestItems", "TransactItems"} & set(request):
            request["TableName"] = self.aws.cloud.table
        return getattr(self.clients[role].get(service), operation)(**request)


@pytest.fixture
def holder(parts, aws, clock):
    return Holder(parts, aws, clock)


def key(pk: str, sk: str = "-") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def event(pk: str, **more: Any) -> dict[str, Any]:
    return (
        key(pk, "E#000000000009") | {name: {"S": "x"} for name in ("at", "kind", "previous", "digest", "data")} | more
    )


def of(pk: str) -> dict[str, Any]:
    return {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}}


SAID = {"about": "verification", "text": LONG}
DIGEST = hashlib.sha256(canonical({"version": VERSION, "agent": "main", **SAID})).hexdigest()
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-worker"]}}
# What a worker that was taken over would try: (service, operation, request).
ATTEMPTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "read another run's head": ("dynamodb", "get_item", {"Key": key("RUN#other", "HEAD")}),
    "read another run's events": ("dynamodb", "query", of("RUN#other")),
    "read a run whose name begins like its own": ("dynamodb", "query", of("RUN#run2")),
    "read several": ("dynamodb", "batch_get_item", {}),
    "read everything": ("dynamodb", "scan", {}),
    "list runs": ("dynamodb", "query", {"IndexName": "by-activity", "KeyConditionExpression": "gsi1pk = :pk",
                                        "ExpressionAttributeValues": {":pk": {"S": "working"}}}),
    "read a thread's runs": ("dynamodb", "query", of("THREAD#7#1")),
    "read a cell": ("dynamodb", "get_item", {"Key": key("CELL#rounds")}),
    "append to another run": ("dynamodb", "put_item", {"Item": event("RUN#other")}),
    "append to both": ("dynamodb", "transact_write_items", {}),
    "speak as the control side": ("dynamodb", "put_item", {"Item": event("RUN#run", control={"BOOL": True})}),
    "delete an event of its own": ("dynamodb", "delete_item", {"Key": key("RUN#run", "E#000000000001")}),
    "change an event of its own": ("dynamodb", "update_item", {"Key": key("RUN#run", "E#000000000001")}),
    "take another run's lease": ("dynamodb", "put_item", {"Item": key("CLAIM#worker:other")}),
    "give up another run's lease": ("dynamodb", "delete_item", {"Key": key("CLAIM#worker:other")}),
    "assign a run to itself": ("dynamodb", "put_item", {"Item": key("CLAIM#assigned:me")}),
    "take a place in the pool": ("dynamodb", "put_item", {"Item": key("CLAIM#warm:0")}),
    "claim that a task was started": ("dynamodb", "put_item", {"Item": key("CLAIM#task:other")}),
    "write a thread's row": ("dynamodb", "put_item", {"Item": key("THREAD#7#1", "RUN#other")}),
    "write a day's row": ("dynamodb", "put_item", {"Item": key("DAY#7#2026-03-02", "other")}),
    "list the bucket": ("s3", "list_objects_v2", {}),
    "list contents": ("s3", "list_objects_v2", {"Prefix": "blobs/day/"}),
    "list contents by half a digest": ("s3", "list_objects_v2", {"Prefix": f"blobs/day/{'a' * 32}"}),
    "list the heads": ("s3", "list_objects_v2", {"Prefix": "heads/"}),
    "list versions": ("s3", "list_object_versions", {}),
    "read another run's long event": ("s3", "get_object", {"Key": f"blobs/ledger/other/{DIGEST}"}),
    "read a head": ("s3", "get_object", {"Key": "heads/other/99999998-x"}),
    "witness another run's head": ("s3", "put_object", {"Key": "heads/other/99999990-x", "Body": b""}),
    "store into another run's ledger": ("s3", "put_object", {"Key": "blobs/ledger/other/x", "IfNoneMatch": "*"}),
    "replace a content": ("s3", "put_object", {"Key": f"blobs/day/{'a' * 64}/2026-03-02", "Body": b"x"}),
    "delete a content": ("s3", "delete_object", {"Key": f"blobs/ledger/run/{DIGEST}"}),
    "take another run's role itself": ("sts", "assume_role", {"RoleArn": "RunRole", "RoleSessionName": "me",
                                                              "Tags": [{"Key": "run", "Value": "other"}]}),
    "start a worker": ("ecs", "run_task", {"cluster": "lamplighter", "taskDefinition": "lamplighter-worker",
                                           "networkConfiguration": NETWORK}),
    "stop another worker": ("ecs", "stop_task", {"cluster": "lamplighter"}),
    "ask for a job": ("sqs", "send_message", {"MessageBody": "{}", "MessageGroupId": "g"}),
}  # fmt: skip


def completed(holder: Holder, what: str) -> tuple[str, str, dict[str, Any]]:
    """What only a test's own account can name."""
    service, operation, request = ATTEMPTS[what]
    table, puts = holder.aws.cloud.table, [event("RUN#run"), event("RUN#other")]
    more: dict[str, dict[str, Any]] = {
        "read several": {"RequestItems": {table: {"Keys": [key("RUN#run", "HEAD"), key("RUN#other", "HEAD")]}}},
        "append to both": {"TransactItems": [{"Put": {"TableName": table, "Item": item}} for item in puts]},
        "change an event of its own": {"UpdateExpression": "REMOVE kind"},
        "take another run's role itself": {"RoleArn": holder.parts.cloud.run_role},
        "stop another worker": {"task": holder.parts.worker("work", "other", "--attempt", "1")[0].arn},
        "ask for a job": {"QueueUrl": holder.aws.cloud.jobs_queue_url},
    }
    return service, operation, {**request, **more.get(what, {})}


@pytest.mark.parametrize("role", ["RunRole", "WorkerRole"])
def test_a_worker_that_was_taken_over_can_do_none_of_that(holder, role):
    said = {}
    for what in ATTEMPTS:
        service, operation, request = completed(holder, what)
        try:
            holder.try_(role, service, operation, **request)
            said[what] = "done"
        except ClientError as error:
            said[what] = error.response["Error"]["Code"]
    assert {what: code for what, code in said.items() if code not in {"AccessDenied", "AccessDeniedException"}} == {}


def test_a_tasks_role_reaches_nothing_of_its_own_run_either(holder):
    for service, operation, request in [
        ("dynamodb", "get_item", {"Key": key("RUN#run", "HEAD")}),
        ("dynamodb", "put_item", {"Item": event("RUN#run")}),
        ("dynamodb", "put_item", {"Item": key("CLAIM#worker:run")}),
        ("s3", "get_object", {"Key": f"blobs/ledger/run/{DIGEST}"}),
        ("s3", "put_object", {"Key": f"blobs/day/{'a' * 64}/2026-03-02", "Body": b"x", "IfNoneMatch": "*"}),
    ]:
        with pytest.raises(ClientError, match="AccessDenied"):
            holder.try_("WorkerRole", service, operation, **request)
        if operation != "put_item":
            assert holder.try_("RunRole", service, operation, **request)


# ---------------------------------------------------------------- what it needs


def test_a_run_is_worked_on_with_its_own_credentials_alone(holder, store, clock):
    own = WorkerStore(holder.store, "run")
    store.release("worker:run", "somebody")
    assert own.claim("worker:run", "me", ttl_seconds=60)
    ledger = RunLedger(own, "run", clock=clock, redactor=Redactor())
    ledger.append(said("notice.given", about="verification", text=LONG + "y"))
    content = own.put_blob(b"content")
    large = own.put_blob(b"x" * 400_000)
    clock.advance(3 * 86_400)
    fresh = DynamoStore(holder.own, holder.aws.cloud.table, holder.aws.cloud.bucket, clock, of_one_run=True)
    assert (fresh.get_blob(content), len(fresh.get_blob(large))) == (b"content", 400_000)
    assert len(fresh.events("run")[-1].data["text"]) == 300_001
    own.release("worker:run", "me")
    assert store.claimed_by("worker:run") is None
    assert verify_chain("run", store.events("run"), store.witness("run")) == []
    assert store.events("run")[-1].author == WORKER


def test_a_content_that_is_not_there_is_missing_and_not_forbidden(holder, aws):
    with pytest.raises(KeyError):
        holder.store.get_blob("a" * 64)
    aws.fails("s3", "ListObjectsV2", code="AccessDenied", status=403, times=9)
    with pytest.raises(UserError, match="denies"):  # a role that may not even look
        holder.store.get_blob("a" * 64)


def test_contents_of_older_versions_are_still_read(holder, aws):
    digest = hashlib.sha256(b"old").hexdigest()
    aws.clients.get("s3").put_object(Bucket=aws.cloud.bucket, Key=f"blobs/{digest}", Body=b"old")
    assert holder.store.get_blob(digest) == b"old"


# ---------------------------------------------------------------- an hour


def test_credentials_are_renewed_in_the_middle_of_a_long_run_and_nothing_is_lost(holder, store, clock):
    own = WorkerStore(holder.store, "run")
    ledger = RunLedger(own, "run", clock=clock, redactor=Redactor())
    for minute in range(0, 180, 5):
        ledger.append(said("notice.given", about="verification", text=f"minute {minute}"))
        clock.advance(300)
    told = [event.data["text"] for event in store.events("run") if event.kind == "notice.given"][1:]
    assert told == [f"minute {minute}" for minute in range(0, 180, 5)]
    assert 4 <= len(holder.parts.function.asked) <= 6  # a quarter of an hour before each ends
    assert {session for session, _ in holder.parts.function.asked} == {holder.task.id}


def test_while_the_broker_is_away_the_old_ones_serve_to_their_end(holder, store, clock):
    holder.store.events("run")
    holder.parts.function.fail(503, times=10**6)
    clock.advance(47 * 60)
    assert holder.store.events("run")
    clock.advance(5 * 60)
    with pytest.raises(TransientError):
        holder.store.events("run")
    holder.parts.function.faults.clear()
    assert holder.store.events("run")


def test_a_task_that_has_stopped_gets_no_new_ones(holder, clock):
    holder.store.events("run")
    holder.parts.ecs.finished("run")
    clock.advance(59 * 60)
    with log.captured() as lines, pytest.raises(UserError, match="has stopped"):
        holder.store.events("run")
    assert [line["action"] for line in lines if line["action"].startswith("broker")] == ["broker.refused"]


def test_credentials_are_no_secret_of_the_logs(holder, clock):
    with log.captured() as lines:
        holder.store.events("run")
    keys = holder.own._session.get_credentials().get_frozen_credentials()
    assert all(secret not in str(lines) for secret in (keys.secret_key, keys.token))
    assert holder.redactor.text(f"{keys.secret_key} {keys.token}").count(keys.token) == 0


def test_an_event_of_the_control_side_stays_its_own(holder, store, clock):
    """Another attempt's worker, the publisher and this one write to one ledger."""
    control = RunLedger(store, "run", clock=clock, redactor=Redactor())
    worker = RunLedger(WorkerStore(holder.store, "run"), "run", clock=clock, redactor=Redactor())
    worker.append(said("notice.given", about="verification", text="one"))
    control.append(said("cancel.requested", by="maintainer"))
    worker.append(said("notice.given", about="verification", text="two"))
    assert [event.author for event in store.events("run")][-3:] == ["worker", "control", "worker"]
