"""What only one machine has to let go of: what workers left behind, and the beginning of the witness."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.local.heads import HeadsLog
from app.local.retention import LocalKeeping
from app.local.store import SqliteStore
from tests.contracts.keeping.conftest import Place


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def keeping(home, clock):
    keeping = LocalKeeping(home, clock)
    yield keeping
    keeping.close()


LEFT = ["logs/RUN-1.log", "workers/RUN/1.json", "work/RUN-1/tree/a.py", "sandboxes/RUN-0a1b2c3d/home/x"]


@pytest.mark.parametrize("left", LEFT)
def test_what_workers_left_behind_goes_but_not_of_runs_at_work(home, clock, keeping, left):
    now = clock.now().timestamp()
    for run, age in (("old", 31), ("active", 31), ("young", 29)):
        path = home / left.replace("RUN", run)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for place in (path, *path.parents):
            if place.is_relative_to(home) and place != home:
                os.utime(place, (now - age * 86_400,) * 2)
    keeping.expire(clock.now() - timedelta(days=30), at_work=["active"])
    assert [(home / left.replace("RUN", run)).exists() for run in ("old", "active", "young")] == [False, True, True]
    assert (home / left.partition("/")[0]).is_dir()


def test_a_content_stored_again_is_never_lost_to_an_expiry_at_the_same_moment(home, clock, keeping):
    store = SqliteStore(home, clock)
    for number in range(50):
        store.put_blob(b"%d" % number)
    clock.advance(31 * 86_400)
    before = clock.now() - timedelta(days=30)
    with ThreadPoolExecutor(8) as pool:
        expiring = [pool.submit(keeping.expire, before, at_work=[]) for _ in range(4)]
        digests = list(pool.map(store.put_blob, [b"%d" % number for number in range(50)]))
        assert all(isinstance(done.result(), int) for done in expiring)
    assert [store.get_blob(digest) for digest in digests] == [b"%d" % number for number in range(50)]
    store.close()


def test_a_home_of_an_older_version_lets_retired_runs_go_and_no_others(home, clock, keeping):
    store = SqliteStore(home, clock)
    place = Place(store=store, keeping=keeping, clock=clock, age=lambda: None)
    place.run("old")
    place.run("stays")
    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute(
            "CREATE TRIGGER events_stay BEFORE DELETE ON events"
            " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        )
    connection.close()
    place.keeping.retire("old")
    with (
        sqlite3.connect(home / "ledger.db") as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("DELETE FROM events")
    connection.close()
    assert (len(store.events("old")), len(store.events("stays"))) == (0, 3)
    store.close()


def _heads(home, *runs: str) -> HeadsLog:
    home.mkdir(exist_ok=True)
    heads = HeadsLog(home / "heads.log")
    for seq, run in enumerate(runs, start=1):
        heads.append(run, seq, f"{seq:064x}")
    return heads


def test_the_witness_loses_lines_from_its_beginning_only(home):
    heads = _heads(home, "a", "b", "a", "c", "b", "a")
    other = HeadsLog(home / "heads.log")
    assert other.head("b") == (5, f"{5:064x}")
    assert heads.drop({"b"}) == 0
    assert heads.drop({"a", "b"}) == 3
    for log in (heads, other, HeadsLog(home / "heads.log")):
        assert log.runs() == ["c", "b", "a"]
        assert log.head("a") == (6, f"{6:064x}")
        assert log.problems() == []
    other.append("c", 7, f"{7:064x}")
    assert heads.head("c") == (7, f"{7:064x}")
    assert heads.drop({"a", "b", "c"}) == 4
    heads.append("d", 8, f"{8:064x}")
    assert (other.runs(), other.problems()) == (["d"], [])


def test_lines_taken_out_by_hand_are_found_after_some_were_dropped(home):
    heads = _heads(home, "a", "b", "c", "d")
    heads.drop({"a"})
    path = home / "heads.log"
    lines = path.read_bytes().splitlines(keepends=True)
    for without in (1, 2):
        path.write_bytes(b"".join(lines[:without] + lines[without + 1 :]))
        assert HeadsLog(path).problems()
    path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert HeadsLog(path).problems()


def test_nobody_s_head_is_lost_while_lines_are_dropped(home):
    heads = _heads(home, *["old"] * 200)

    def write(name: str) -> None:
        log = HeadsLog(home / "heads.log")
        for seq in range(1, 51):
            log.append(name, seq, f"{seq:064x}")

    with ThreadPoolExecutor(5) as pool:
        writing = [pool.submit(write, name) for name in "abcd"]
        heads.drop({"old"})
        for done in writing:
            done.result()
    log = HeadsLog(home / "heads.log")
    assert {name: log.head(name) for name in "abcd"} == dict.fromkeys("abcd", (50, f"{50:064x}"))
    assert log.problems() == []
