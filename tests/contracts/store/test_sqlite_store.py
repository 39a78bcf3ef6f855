"""What only the adapter of one machine promises: kill -9, several processes, damaged files, a full disk."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from app.errors import TransientError, UserError
from app.ledger import GENESIS, Event, verify_chain
from app.local.clock import SystemClock
from app.local.database import Database
from app.local.heads import HeadsLog
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.said import said

WRITER = """
import sys
from pathlib import Path
from app.events.working import CommandRan
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
store = SqliteStore(Path(sys.argv[1]), SystemClock())
ledger = RunLedger(store, "run", clock=SystemClock(), redactor=Redactor())
count = int(sys.argv[3])
while count:
    count -= 1
    blob = ledger.blob("output " * 500 + str(ledger.state.seq))
    event = ledger.append(CommandRan(purpose=sys.argv[2], command="make", output=blob))
    print(event.seq, flush=True)
"""


def _writer(home, name, count=-1) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(home), name, str(count)], stdout=subprocess.PIPE)


def _whole(store: SqliteStore) -> int:
    events = store.events("run")
    witness = store.witness("run")
    assert verify_chain("run", events, witness) == []
    assert store.witness_problems() == []
    assert witness is not None and witness[0] >= len(events) - 2  # one behind for each writer that was killed
    assert store.summary("run").seq == len(events)
    for event in events:
        store.get_blob(event.data["output"]["blob"])
    return len(events)


def test_kill_9_at_any_moment_loses_nothing_that_was_said_to_be_written(tmp_path):
    dice, said = random.Random(7), 0
    for _ in range(12):
        writer = _writer(tmp_path, "w")
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(dice.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        lines = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        said = int(lines[-1]) if lines else said
        store = SqliteStore(tmp_path, SystemClock())
        assert _whole(store) >= said
        store.close()
    assert said > 0


def test_several_processes_write_one_ledger(tmp_path):
    writers = [_writer(tmp_path, str(number), 25) for number in range(6)]  # all make the database at once, too
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    store = SqliteStore(tmp_path, SystemClock())
    assert _whole(store) == 6 * 25
    store.close()


def test_home_and_files_are_private(tmp_path, clock):
    home = tmp_path / "deep" / "home"
    before = os.umask(0)
    try:
        store = SqliteStore(home, clock)
        RunLedger(store, "run", clock=clock, redactor=Redactor()).append(said("notice.given", text="x"))
        store.put_blob(b"secret")
    finally:
        os.umask(before)
    store.close()
    assert home.stat().st_mode & 0o777 == 0o700
    for file in home.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0 or file.name.startswith("ledger.db-"), file


def test_events_cannot_be_changed_by_a_slip(tmp_path, clock):
    store = SqliteStore(tmp_path, clock)
    RunLedger(store, "run", clock=clock, redactor=Redactor()).append(said("notice.given", text="x"))
    store.close()
    connection = sqlite3.connect(tmp_path / "ledger.db")
    for statement in ("DELETE FROM events", "UPDATE events SET data = '{}'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 9000])
def test_damaged_database_is_said_in_a_sentence(tmp_path, clock, content):
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(UserError, match=r"ledger\.db.*damaged"):
        SqliteStore(tmp_path, clock)


def test_home_that_cannot_be_used_is_said_in_a_sentence(tmp_path, clock):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be used"):
        SqliteStore(tmp_path / "file" / "home", clock)


def test_a_database_locked_for_too_long_is_transient(tmp_path):
    database = Database(tmp_path / "x.db", "CREATE TABLE IF NOT EXISTS t (a INTEGER)", busy_seconds=0.1)
    holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransientError, match="locked"), database.write():
        pass
    with database.read() as connection:  # readers do not wait for writers
        connection.execute("SELECT * FROM t")
    holder.rollback()
    holder.close()
    with database.write() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    database.close()


def test_a_full_disk_is_transient_and_changes_nothing(tmp_path):
    database = Database(tmp_path / "x.db", "CREATE TABLE IF NOT EXISTS t (a BLOB)")
    with pytest.raises(TransientError, match="disk full"), database.write() as connection:
        connection.execute("PRAGMA max_page_count = 8")
        connection.execute("INSERT INTO t VALUES (zeroblob(1000000))")
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
    database.close()


def test_blob_changed_on_disk_is_noticed(tmp_path, clock):
    store = SqliteStore(tmp_path, clock)
    digest = store.put_blob(b"good")
    path = tmp_path / "blobs" / digest[:2] / digest[2:]
    path.write_bytes(b"evil")
    with pytest.raises(UserError, match="damaged or changed"):
        store.get_blob(digest)
    path.write_bytes(b"torn write")  # of another length: what a power loss leaves; storing it again heals it
    assert store.put_blob(b"good") == digest
    assert store.get_blob(digest) == b"good"
    store.close()


# ---------------------------------------------------------------- the witness


def _heads(tmp_path, count=5) -> HeadsLog:
    heads = HeadsLog(tmp_path / "heads.log")
    for seq in range(1, count + 1):
        heads.append("run", seq, f"{seq:064x}")
    return heads


@pytest.mark.parametrize("line", range(5))
def test_witness_lines_changed_or_removed_are_found(tmp_path, line):
    _heads(tmp_path)
    path = tmp_path / "heads.log"
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines.copy()
    changed[line] = changed[line].replace(b'"seq": %d' % (line + 1), b'"seq": 9')
    path.write_bytes(b"".join(changed))
    assert HeadsLog(path).problems()
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    assert HeadsLog(path).problems() or line == 4  # of a cut-off tail only the heads before are left to vouch


def test_a_torn_witness_line_harms_nothing_else(tmp_path):
    heads = _heads(tmp_path, 2)
    with (tmp_path / "heads.log").open("ab") as file:
        file.write(b'{"run": "run", "se')
    assert heads.head("run") == (2, f"{2:064x}")
    heads.append("run", 3, f"{3:064x}")
    for log in (heads, HeadsLog(tmp_path / "heads.log")):
        assert log.head("run") == (3, f"{3:064x}")
        assert log.problems() == []


def test_a_head_once_witnessed_is_not_replaced(tmp_path):
    heads = _heads(tmp_path, 2)
    heads.append("run", 2, "f" * 64)
    heads.append("run", 1, "e" * 64)
    assert heads.head("run") == (2, f"{2:064x}")


# ---------------------------------------------------------------- the home


def test_a_directory_of_others_is_neither_used_nor_closed(tmp_path, clock):
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other files"):
        SqliteStore(tmp_path / "shared", clock)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755


def test_an_empty_directory_becomes_private(tmp_path, clock):
    (tmp_path / "volume").mkdir(mode=0o755)
    SqliteStore(tmp_path / "volume", clock).close()
    assert (tmp_path / "volume").stat().st_mode & 0o777 == 0o700


def test_a_witness_that_cannot_be_written_does_not_undo_what_was(tmp_path, clock):
    store = SqliteStore(tmp_path, clock)
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    (tmp_path / "heads.log").mkdir()
    ledger.append(said("notice.given", text="x"))
    assert [event.seq for event in store.events("run")] == [1]
    store.close()


def test_a_file_of_a_version_that_kept_no_authors_is_read_and_written(tmp_path, clock):
    home = tmp_path / "home"
    SqliteStore(home, clock).close()
    with contextlib.closing(sqlite3.connect(home / "ledger.db")) as old:
        old.execute("ALTER TABLE events DROP COLUMN author")
    store = SqliteStore(home, clock)
    with contextlib.closing(sqlite3.connect(home / "ledger.db")) as old, old:
        event = Event.make(run_id="old", seq=1, at=clock.now(), kind="run.created", data={}, previous=GENESIS)
        old.execute(
            "INSERT INTO events (run_id, seq, at, kind, data, previous, digest) VALUES (?, ?, ?, ?, '{}', ?, ?)",
            ("old", 1, event.at, event.kind, GENESIS, event.digest),
        )
    ledger = RunLedger(store, "old", clock=clock, redactor=Redactor())
    ledger.append(said("run.queued", reason=""))
    assert [event.author for event in store.events("old")] == ["", "control"]
    assert ledger.state.phase == "queued"
    store.close()
