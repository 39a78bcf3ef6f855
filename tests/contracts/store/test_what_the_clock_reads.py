"""What the clock asks every second costs what is active, however many runs have ended: counted, not timed."""

from __future__ import annotations

import itertools
import sqlite3
from datetime import UTC, datetime

import pytest

from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.said import said

FEW, MANY = 20, 2_000
DAY = "2026-03-03"
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
QUESTIONS = {
    "what is due": lambda store: store.due(AT),
    "active": lambda store: store.runs(active=True),
    "news": lambda store: store.runs(active=False, unpublished=True, limit=200),
    "all news": lambda store: store.runs(unpublished=True),
    "room": lambda store: [store.count("working"), store.count("queued")],
    "the day": lambda store: store.charged_on(7, DAY),
    "the thread": lambda store: store.runs(active=True, thread_key="7#1"),
}


def make(store, clock, run_id: str, *, number: int, ends: bool) -> None:
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    ledger.append(said("run.created", thread={"repository_id": 7, "number": number, "repository": "acme/calc"}))
    if ends:
        ledger.append(said("run.ended", outcome="failed"))
        ledger.append(said("publish.settled", through=ledger.state.visible_seq))


@pytest.fixture
def counted(tmp_path, clock):
    """A store with one active run, one with news, and a function that lets so many others have ended yesterday."""
    store = SqliteStore(tmp_path / "home", clock)
    make(store, clock, "long-ago", number=3, ends=True)
    clock.advance(86_400)
    make(store, clock, "active", number=1, ends=False)
    ledger = RunLedger(store, "news", clock=clock, redactor=Redactor())
    ledger.append(said("run.created", thread={"repository_id": 7, "number": 2, "repository": "acme/calc"}))
    ledger.append(said("run.ended", outcome="failed"))

    def end(count: int) -> None:
        with sqlite3.connect(tmp_path / "home/ledger.db") as connection:
            connection.execute("DELETE FROM runs WHERE run_id LIKE 'ended-%'")
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                " INSERT INTO runs SELECT 'ended-' || i, '7#' || (1 + i % 9), 0, created_at, summary"
                " FROM n, runs WHERE run_id = 'long-ago'",
                (count,),
            )
        connection.close()

    yield store, end
    store.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_the_clock_takes_as_many_steps_when_a_hundred_times_as_many_runs_have_ended(counted, question):
    store, end = counted

    def steps(ended: int) -> int:
        end(ended)
        taken = itertools.count()
        with store._database.read() as connection:  # the one there is: this thread puts it back and gets it again
            connection.set_progress_handler(lambda: next(taken) and None, 1)
        QUESTIONS[question](store)
        return next(taken)

    with_few = steps(FEW)
    assert with_few > 0
    assert steps(MANY) <= with_few + 5  # a tree of indexes is one level higher


def test_the_answers_are_right(counted):
    store, end = counted
    end(FEW)
    assert [run.run_id for run in store.runs(active=True)] == ["active"]
    assert [run.run_id for run in store.runs(active=False, unpublished=True)] == ["news"]
    assert {run.run_id for run in store.runs(unpublished=True)} == {"active", "news"}
    assert store.count("ended") == FEW + 2
    assert (store.count("created"), store.count("working")) == (1, 0)


@pytest.mark.aws
def test_the_same_in_the_cloud(clock):
    """Bytes that DynamoDB answers with, for fewer runs: moto is slow."""
    from app.aws.store import DynamoStore
    from tests.aws.emulator import emulated

    with emulated(clock) as aws:
        store = DynamoStore(aws.clients, aws.cloud.table, aws.cloud.bucket, clock)
        make(store, clock, "active", number=1, ends=False)

        def read() -> int:
            aws.got_bytes.clear()
            store.due(AT)
            store.runs(active=True)
            store.runs(active=False, unpublished=True, limit=200)
            store.count("working")
            store.charged_on(7, DAY)
            return sum(size for (service, _), size in aws.got_bytes.items() if service == "dynamodb")

        make(store, clock, "first", number=2, ends=True)
        read()  # the first looks for rows of older versions
        before = read()
        for number in range(30):
            make(store, clock, f"ended-{number}", number=3 + number, ends=True)
        assert read() == before > 0
