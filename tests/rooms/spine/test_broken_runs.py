"""One run is broken, by its worker or by a defect: the clock, cancelling and the command line go on with the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import log
from app.cli import main
from app.cli.homes import home_in
from app.cli.page import tell
from app.cli.story import line
from app.cli.verification import examine
from app.errors import Conflict, TransientError, UserError
from app.events import WORKER_KINDS
from app.ports.platform import RunSummary
from app.runs.each_run import each_run
from app.runs.run_ledger import RunLedger
from app.runs.summary_row import read
from tests.contracts.store.test_hostile_rows import EVENTS, ROWS, write_event, write_row
from tests.rooms.spine.playing import ledger_of
from tests.said import said


def at_work(store: Any, clock: Any, run_id: str) -> RunLedger:
    ledger = ledger_of(store, clock, run_id)
    ledger.append(said("run.admitted", reason=""))
    return ledger


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_clock_passes_a_row_that_nobody_can_read(store, clock, scheduler, playing, row):
    at_work(store, clock, "broken")
    at_work(store, clock, "whole")
    write_row(store, "broken", json.dumps(row))
    playing.running = lambda run_ids: {run_id: run_id == "other" for run_id in run_ids}
    scheduler.tick()
    assert "whole" in playing.went_on
    clock.advance(40)
    scheduler.tick()
    assert "whole" in playing.announced


@pytest.mark.parametrize("phase", ["working", "parked", "queued"])
def test_a_run_whose_worker_wrote_nonsense_ends_when_its_turn_comes(store, clock, scheduler, playing, phase):
    ledger = at_work(store, clock, "broken")
    if phase == "parked":
        ledger.append(said("run.parked", reason="outage", until=clock.now().isoformat()))
    if phase == "queued":
        ledger.append(said("run.queued", reason=""))
    write_event(store, "broken", 4 if phase != "working" else 3, EVENTS["wrong types"])
    playing.running = lambda run_ids: dict.fromkeys(run_ids, False)
    assert scheduler.tick() == 1
    state = RunLedger(store, "broken", clock=clock, redactor=ledger.redactor).state
    assert (state.phase, state.outcome) == ("ended", "failed")
    assert "I cannot read" in state.reason
    assert state.next_step.startswith("Retry.")
    assert playing.announced == ["broken"]
    assert scheduler.tick() == 0


def test_a_platform_that_says_the_worker_is_gone_asks_the_ledger_not_its_row(store, clock, scheduler, playing):
    at_work(store, clock, "liar")
    row = vars(store.summary("liar")) | {"phase": "ended", "unpublished": False}
    write_row(store, "liar", json.dumps(row))
    assert scheduler.worker_ended("liar", 1)
    assert playing.went_on == ["liar"]


def test_news_with_a_time_to_come_is_announced(store, clock, scheduler, playing):
    at_work(store, clock, "ahead")
    row = vars(store.summary("ahead")) | {"updated_at": "2199-01-01T00:00:00.000+00:00"}
    write_row(store, "ahead", json.dumps(row))
    scheduler.tick()
    assert "ahead" in playing.announced


@pytest.mark.parametrize("error", [Conflict("cut off"), KeyError("thread"), UserError("denied"), RecursionError()])
def test_one_broken_run_is_told_once_and_the_others_have_their_turn(error):
    runs = [_row(f"{type(error).__name__}-{number}") for number in range(3)]
    seen: list[str] = []

    def do(run: RunSummary) -> bool:
        seen.append(run.run_id)
        if run is runs[1]:
            raise error
        return True

    with log.captured() as lines:
        assert each_run(runs, do) == each_run(runs, do) == 2
    assert seen == [run.run_id for run in runs] * 2
    assert [(told["action"], told["run"]) for told in lines] == [("run.broken", runs[1].run_id)]


def test_a_store_that_is_away_is_away_for_all():
    def away(_run: RunSummary) -> bool:
        raise TransientError("away")

    with pytest.raises(TransientError):
        each_run([_row("a"), _row("b")], away)


@pytest.mark.parametrize("kind", sorted(WORKER_KINDS))
def test_the_command_line_tells_of_it(store, clock, tmp_path, kind):
    at_work(store, clock, "broken")
    write_event(store, "broken", 3, "{}", kind=kind, at="now")
    home = home_in(tmp_path / "home", is_local=False, days=30)
    assert home is not None
    events, problems, _retired = examine(home, "broken")
    assert events == 3
    assert any(f"event 3 ({kind}) is malformed" in problem for problem in problems)
    assert json.dumps(tell(home, "broken"), allow_nan=False)
    (told,) = [line(event) for event in home.events("broken", after=2)]
    assert told is not None
    assert "malformed" in told.text
    home.close()


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS)
def test_who_watches_it_as_json_is_told_why_it_means_nothing(store, clock, tmp_path, text, monkeypatch, capsys):
    at_work(store, clock, "broken").append(said("run.ended", outcome="failed", reason="", next_step=""))
    write_event(store, "broken", 4, text)
    (tmp_path / "home").rename(tmp_path / "local")
    monkeypatch.setenv("LAMPLIGHTER_HOME", str(tmp_path))
    assert main(["watch", "broken", "--json"]) == 0
    told = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["seq"] for row in told] == [1, 2, 3, 4]
    assert "malformed" in told[3]["objection"]


def test_a_list_of_files_that_is_none_is_named(store, clock, tmp_path):
    at_work(store, clock, "broken")
    digest = store.put_blob(b'{"files": 3}')
    data = {"manifest": {"blob": digest, "size": 1}, "files": 1, "size_bytes": 1}
    write_event(store, "broken", 3, json.dumps(data), kind="snapshot.taken")
    home = home_in(tmp_path / "home", is_local=False, days=30)
    assert home is not None
    assert "the list of files of event 3 (snapshot.taken) cannot be read" in examine(home, "broken")[1]
    home.close()


def _row(run_id: str) -> RunSummary:
    return read(run_id, "{}")
