"""The same commands look into the cloud when the settings name one."""

from __future__ import annotations

import json
import os

import pytest

from app.aws.queue import SqsQueue
from app.aws.store import DynamoStore
from app.cli import main
from app.local.clock import SystemClock
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.asked import CREATED
from tests.said import said

pytestmark = pytest.mark.aws

RUN, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def cloud(aws, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("LAMPLIGHTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAMPLIGHTER_PLATFORM", "aws")
    monkeypatch.setenv("LAMPLIGHTER_HOME", str(tmp_path / "home"))
    for name in ("table", "bucket", "jobs_queue_url", "publish_queue_url"):
        monkeypatch.setenv(f"LAMPLIGHTER_{name.upper()}", getattr(aws.cloud, name))
    return aws


@pytest.fixture
def store(cloud):
    store = DynamoStore(cloud.clients, cloud.cloud.table, cloud.cloud.bucket, SystemClock())
    for run_id, ends in ((RUN, True), (OTHER, False)):
        ledger = RunLedger(store, run_id, clock=SystemClock(), redactor=Redactor())
        ledger.append(said("run.created", **CREATED))
        if ends:
            ledger.append(said("run.ended", outcome="failed", reason="because", next_step=""))
            ledger.append(said("publish.settled", through=2))
    return store


def _says(capsys, *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def test_runs_are_listed_and_followed(store, capsys):
    rows = json.loads(_says(capsys, "runs", "--json"))
    assert {row["run_id"] for row in rows} == {RUN, OTHER}
    assert [row["run_id"] for row in json.loads(_says(capsys, "runs", "--active", "--json"))] == [OTHER]
    assert "run.ended" in _says(capsys, "watch", RUN[:4], "--json")


def test_a_run_is_stopped_and_github_hears_of_it(store, cloud, capsys):
    assert "stopped" in _says(capsys, "stop", OTHER)
    assert store.summary(OTHER).phase == "ended"
    assert SqsQueue(cloud.clients, cloud.cloud.publish_queue_url).depth() == 2  # that it was asked to, and that it has


def test_a_run_is_told_and_its_ledger_is_whole(store, capsys):
    assert json.loads(_says(capsys, "audit", RUN, "--json"))
    assert _says(capsys, "audit", "verify", RUN) == f"{RUN}: whole (3 events)\n"
    assert _says(capsys, "audit", "verify", "--all").count("whole") == 2


def test_events_that_were_removed_are_missed(store, cloud, capsys):
    table = cloud.clients.get("dynamodb")
    rows = table.query(
        TableName=cloud.cloud.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"RUN#{RUN}"}},
    )["Items"]
    for row in rows:
        table.delete_item(TableName=cloud.cloud.table, Key={"pk": row["pk"], "sk": row["sk"]})
    assert main(["audit", "verify", "--all"]) == 1
    assert f"{RUN}: all of its events are gone" in capsys.readouterr().err


def test_dead_letters_are_tried_again(store, cloud, capsys):
    queue = SqsQueue(cloud.clients, cloud.cloud.jobs_queue_url)
    queue.send("{}", group="g", dedup_id="d")
    for _ in range(13):
        for message in queue.receive():
            queue.retry(message, delay_seconds=0)
    assert len(queue.dead_letters()) == 1
    cloud.clock.advance(60)
    assert json.loads(_says(capsys, "redrive", "--json")) == {"jobs": 1, "publish": 0}


def test_without_its_parts_the_cloud_is_not_asked(cloud, capsys, monkeypatch):
    monkeypatch.delenv("LAMPLIGHTER_TABLE")
    assert main(["runs"]) == 2
    assert "LAMPLIGHTER_TABLE is not set" in capsys.readouterr().err
