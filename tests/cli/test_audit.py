"""Whoever can write the files of a home is found out: changed, removed, reordered, cut off, and behind the database."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.homes import Home
from app.cli.verification import examine, known_runs
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.asked import CREATED
from tests.said import said

RUN = "0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one short run that holds an output, a proposal and a snapshot as blobs."""
    store = SqliteStore(tmp_path / "home", SystemClock())
    found = Home(path=tmp_path / "home", store=store, is_local=False)
    ledger = RunLedger(store, RUN, clock=SystemClock(), redactor=Redactor())
    ledger.append(said("run.created", **CREATED))
    ledger.append(said("attempt.started", attempt=1, worker="w", sandbox="jail"))
    ledger.append(
        said("command.ran", purpose="verify", at="base", command="make test", exit_code=1, seconds=0.5, killed_by="",
        output=ledger.blob("boom\n"), counts=None))  # fmt: skip
    kept = store.put_blob(b"kept by the snapshot")
    manifest = json.dumps({"files": {"a": ["100644", kept, 20]}, "deleted": [], "skipped": []})
    ledger.append(said("snapshot.taken", manifest=ledger.blob(manifest), files=1, size_bytes=20))
    digest = store.put_blob(b"proposed\n")
    ledger.append(
        said("proposal.made", changes=[{"path": "x", "kind": "add", "mode": "100644", "digest": digest, "size": 9}])
    )
    ledger.append(said("run.ended", outcome="failed", reason="because", next_step=""))
    return found


def tampered(home: Home, *statements: str) -> list[str]:
    """What `examine` says after somebody ran SQL on the file."""
    home.store.close()
    with sqlite3.connect(home.path / "ledger.db") as connection:
        connection.execute("DROP TRIGGER events_stay_until_retired")
        connection.execute("DROP TRIGGER events_keep")
        for statement in statements:
            connection.execute(statement)
    connection.close()
    fresh = Home(path=home.path, store=SqliteStore(home.path, SystemClock()), is_local=False)
    return examine(fresh, RUN)[1]


def test_an_untouched_ledger_is_whole(home, lamplighter):
    assert examine(home, RUN) == (6, [], 0)
    done = lamplighter("audit", "verify", RUN[:3])
    assert (done.returncode, done.stdout) == (0, f"{RUN}: whole (6 events)\n")
    assert lamplighter("audit", "verify", "--all").returncode == 0


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["UPDATE events SET data = replace(data, '\"exit_code\":1', '\"exit_code\":0') WHERE seq = 3"], "was changed"),
        (["UPDATE events SET at = '2020-01-01T00:00:00.000+00:00' WHERE seq = 2"], "was changed"),
        (["UPDATE events SET kind = 'run.admitted' WHERE seq = 2"], "was changed"),
        (["DELETE FROM events WHERE seq = 3"], "removed"),
        (["DELETE FROM events WHERE seq = 1"], "removed"),
        (["DELETE FROM events WHERE seq >= 5"], "cut off"),
        (
            [
                "UPDATE events SET seq = 99 WHERE seq = 2",
                "UPDATE events SET seq = 2 WHERE seq = 3",
                "UPDATE events SET seq = 3 WHERE seq = 99",
            ],
            "reordered",
        ),
        (["UPDATE events SET data = '{' WHERE seq = 2"], "cannot be read"),
        (["DELETE FROM events"], "gone"),
        (["UPDATE runs SET summary = replace(summary, 'failed', 'proposed')"], "list of runs was changed"),
        (["DELETE FROM runs"], "list of runs is gone"),
    ],
)
def test_a_changed_database_is_found_out(home, statements, says):
    assert says in " ".join(tampered(home, *statements))


def test_a_rewritten_chain_is_found_by_the_witness(home):
    from app.ledger import Event

    events = home.events(RUN)
    forged = Event.make(
        run_id=RUN,
        seq=6,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        kind="run.ended",
        data={"outcome": "proposed", "reason": "", "next_step": ""},
        previous=events[4].digest,
    )
    says = tampered(
        home, f"UPDATE events SET digest = '{forged.digest}', at = '{forged.at}', data = '{json.dumps(forged.data)}'"
        " WHERE seq = 6"
    )  # fmt: skip
    assert "witnessed" in " ".join(says)


@pytest.mark.parametrize("content", [b"boom!\n", b"kept by the snapshot", b"proposed\n"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_changed_blob_is_found_out(home, content, is_gone):
    import hashlib

    known = content if content != b"boom!\n" else b"boom\n"
    digest = hashlib.sha256(known).hexdigest()
    path = home.path / "blobs" / digest[:2] / digest[2:]
    path.unlink() if is_gone else path.write_bytes(b"another")
    (problem,) = examine(home, RUN)[1]
    assert digest[:12] in problem
    assert ("is gone" if is_gone else "was changed") in problem


def test_a_witness_that_is_gone_or_changed_is_found_out(home, lamplighter):
    heads = home.path / "heads.log"
    lines = heads.read_bytes().splitlines(keepends=True)
    heads.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    done = lamplighter("audit", "verify", "--all")
    assert done.returncode == 1
    assert "lines before it were removed" in done.stderr
    heads.unlink()
    done = lamplighter("audit", "verify", RUN)
    assert done.returncode == 1
    assert "no head of it was witnessed" in done.stderr


def test_a_run_that_was_removed_altogether_is_found_out(home, lamplighter):
    says = tampered(home, "DELETE FROM events", "DELETE FROM runs")
    assert says == ["all of its events are gone"]
    assert known_runs(home) == [RUN]
    assert lamplighter("audit", "verify", "--all").returncode == 1
    done = lamplighter("audit", "verify", RUN, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)[RUN]["problems"] == ["all of its events are gone"]


def test_the_page_says_that_the_ledger_is_not_whole(home, lamplighter):
    tampered(home, "UPDATE events SET data = replace(data, 'make test', 'make lint') WHERE seq = 3")
    done = lamplighter("audit", RUN)
    assert done.returncode == 0
    assert "NOT WHOLE" in done.stdout
