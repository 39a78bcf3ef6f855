"""A home that was backed up while it was written to comes back whole, with its App; anything less is refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.local.clock import SystemClock
from app.local.queue import SqliteQueue
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.asked import CREATED
from tests.said import said

KEY = "-----BEGIN RSA PRIVATE KEY-----\nnot a real one\n-----END RSA PRIVATE KEY-----\n"
RUN = "0123456789abcdef"


def write_run(home: Path, run_id: str, events: int = 3) -> None:
    ledger = RunLedger(SqliteStore(home, SystemClock()), run_id, clock=SystemClock(), redactor=Redactor())
    ledger.append(said("run.created", **CREATED))
    for number in range(events):
        ran = {"purpose": "verify", "at": "base", "command": "make test", "exit_code": 1, "seconds": 0.5}
        ledger.append(said("command.ran", **ran, output=ledger.blob(f"boom {run_id} {number}\n")))


@pytest.fixture
def home(lamplighter) -> Path:
    """One run, one local run, one message, and an App."""
    home = lamplighter.home
    write_run(home, RUN)
    write_run(home / "local", "f" * 16)
    SqliteQueue(home, "jobs", SystemClock()).send("a job", group="g", dedup_id="d")
    (home / "app").mkdir()
    (home / "app/app-key.pem").write_text(KEY)
    key = home / "app/app-key.pem"
    (home / "app/app.env").write_text(
        f"LAMPLIGHTER_APP_ID=7\nLAMPLIGHTER_APP_SLUG=acme\nLAMPLIGHTER_PRIVATE_KEY={key}\n"
        "LAMPLIGHTER_WEBHOOK_SECRET='old new'\nLAMPLIGHTER_CONCURRENCY=3\n"
    )
    return home


@pytest.fixture
def copy(home, lamplighter, tmp_path) -> Path:
    done = lamplighter("backup", tmp_path / "copy")
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "copy"


def refused(done, word: str) -> None:
    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_was_backed_up_comes_back_whole(home, lamplighter, copy, tmp_path):
    known = json.loads(lamplighter("runs", "--json").stdout)
    shutil.rmtree(home)
    there = tmp_path / "there"
    done = lamplighter("restore", copy, LAMPLIGHTER_HOME=str(there))
    assert done.returncode == 0, done.stderr
    assert f"set -a; . {there}/app/app.env; set +a" in done.stdout
    assert lamplighter("audit", "verify", "--all", LAMPLIGHTER_HOME=str(there)).returncode == 0
    assert json.loads(lamplighter("runs", "--json", LAMPLIGHTER_HOME=str(there)).stdout) == known
    assert SqliteQueue(there, "jobs", SystemClock()).receive(limit=1, visibility_seconds=1)[0].body == "a job"
    env = (there / "app/app.env").read_text()
    assert f"LAMPLIGHTER_PRIVATE_KEY={there}/app/app-key.pem" in env
    assert "LAMPLIGHTER_WEBHOOK_SECRET='old new'" in env
    assert "LAMPLIGHTER_CONCURRENCY=3" in env
    assert (there / "app/app-key.pem").read_text() == KEY


def test_what_somebody_put_beside_a_backup_is_left_behind(home, lamplighter, tmp_path):
    shutil.rmtree(home / "local")
    copy, there = tmp_path / "copy", tmp_path / "there"
    lamplighter("backup", copy)
    (copy / "local").mkdir()
    (copy / "local/ledger.db").touch()
    done = lamplighter("restore", copy, LAMPLIGHTER_HOME=str(there))
    assert (done.returncode, done.stderr) == (0, "")
    assert not (there / "local").exists()


def test_only_its_owner_may_look_into_a_backup_or_what_came_back(copy, lamplighter, tmp_path):
    lamplighter("restore", copy, LAMPLIGHTER_HOME=str(tmp_path / "there"))
    for root in (copy, tmp_path / "there"):
        for path in (root, *root.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_app_of_the_environment_is_the_one_that_serves(home, lamplighter, tmp_path):
    """An operator keeps the key elsewhere, or has rotated it since it was registered."""
    (tmp_path / "new.pem").write_text(KEY.replace("not a", "a new"))
    env = {"LAMPLIGHTER_PRIVATE_KEY": str(tmp_path / "new.pem"), "LAMPLIGHTER_WEBHOOK_SECRET": "newest"}
    told = json.loads(lamplighter("backup", "copy", "--json", **env).stdout)
    assert told == {
        "folder": str(tmp_path / "copy"), "runs": 2, "events": 8, "blobs": 6, "app": True, "problems": []
    }  # fmt: skip
    assert "a new real one" in (tmp_path / "copy/app/app-key.pem").read_text()
    assert "LAMPLIGHTER_WEBHOOK_SECRET=newest" in (tmp_path / "copy/app/app.env").read_text()


def test_without_an_app_it_is_said(home, lamplighter):
    shutil.rmtree(home / "app")
    done = lamplighter("backup", "copy")
    assert done.returncode == 0
    assert "without the App's key" in done.stderr


def test_runs_that_go_on_meanwhile_do_not_make_it_less_whole(home, lamplighter, tmp_path):
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            write_run(home, f"{number:016x}", events=2)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        done = lamplighter("backup", "copy")
    finally:
        stop.set()
        thread.join()
    assert (done.returncode, done.stderr) == (0, "")
    assert lamplighter("restore", "copy", LAMPLIGHTER_HOME=str(tmp_path / "there")).returncode == 0


def damage_blob(copy: Path) -> None:
    next(path for path in (copy / "blobs").rglob("*") if path.is_file()).write_bytes(b"another")


def lose_blob(copy: Path) -> None:
    next(path for path in (copy / "blobs").rglob("*") if path.is_file()).unlink()


def cut_ledger(copy: Path) -> None:
    path = copy / "ledger.db"
    path.write_bytes(path.read_bytes()[:5000])


def swap_key(copy: Path) -> None:
    (copy / "app/app-key.pem").write_text("another")


def lose_queue(copy: Path) -> None:
    (copy / "queue-jobs.db").unlink()


def unfinished(copy: Path) -> None:
    (copy / "backup.json").unlink()


def scribbled(copy: Path) -> None:
    (copy / "backup.json").write_text('{"format": 1, "files": 7}')


def climbing(copy: Path) -> None:
    path = copy / "backup.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../escaped"] = "0" * 64
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (damage_blob, "was changed or damaged"),
        (lose_blob, "is gone"),
        (cut_ledger, "ledger.db was changed"),
        (swap_key, "app/app-key.pem was changed"),
        (lose_queue, "queue-jobs.db is gone"),
        (unfinished, "no finished backup"),
        (scribbled, "is damaged"),
        (climbing, "is damaged"),
        (shutil.rmtree, "no finished backup"),
    ],
)
def test_a_damaged_copy_is_refused_and_leaves_nothing(copy, lamplighter, tmp_path, harm, word):
    harm(copy)
    refused(lamplighter("restore", copy, LAMPLIGHTER_HOME=str(tmp_path / "there")), word)
    assert not (tmp_path / "there").exists()


def test_nothing_is_written_over(home, lamplighter, copy, tmp_path):
    before = (home / "ledger.db").stat().st_mtime_ns
    refused(lamplighter("backup", copy), "empty folder")
    refused(lamplighter("restore", copy), "empty folder")
    refused(lamplighter("backup", copy / "backup.json"), "empty folder")
    assert (home / "ledger.db").stat().st_mtime_ns == before


@pytest.mark.parametrize(("folder", "word"), [("home/backups/today", "in the home"), ("missing", "nothing to back up")])
def test_a_folder_that_makes_no_sense(lamplighter, folder, word):
    if folder.startswith("home"):
        write_run(lamplighter.home, RUN)
    refused(lamplighter("backup", folder), word)


def test_a_disk_that_is_full_leaves_nothing_behind(home, lamplighter, tmp_path):
    """A limit on the size of files stands in for the disk's end: the same calls fail."""
    words = f"ulimit -f 24; exec {sys.executable} -P -m app.cli backup {tmp_path}/copy"
    done = subprocess.run(["bash", "-c", words], env=lamplighter.env, capture_output=True, text=True, check=False)
    refused(done, "could not be copied")
    assert not (tmp_path / "copy").exists()


def test_a_home_that_was_damaged_before_is_copied_as_it_is_and_says_so(home, lamplighter, tmp_path):
    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute("DROP TRIGGER events_keep")
        connection.execute("UPDATE events SET at = '2020-01-01T00:00:00.000+00:00' WHERE seq = 2")
    connection.close()
    done = lamplighter("backup", "copy")
    assert done.returncode == 1
    assert "damaged before it was copied" in done.stderr
    done = lamplighter("restore", "copy", LAMPLIGHTER_HOME=str(tmp_path / "there"))
    assert done.returncode == 0
    assert "damaged before it was copied" in done.stderr
