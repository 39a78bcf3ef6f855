"""The harness of `make bench` works, shown on a miniature. Nothing here asserts a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import checks, door, histories, lambda_door, steps, tokens
from tests.bench.measure import MINIATURE, Row, in_turns, ratio
from tests.bench.steps import overheads, script
from tests.bench.table import lines
from tests.scenarios.ground import GROUNDS


def test_door_is_measured_against_its_floor(tmp_path: Path) -> None:
    rows = door.rows(tmp_path, MINIATURE)
    assert [row.what for row in rows if row.aim] == [
        "cold start to first accepted event",
        "CPU of an accepted event",
        "CPU of an unwanted event",
    ]
    assert all(row.ratio is not None and row.ratio > 0 for row in rows)


def test_steps_are_those_of_a_run_that_reached_its_end(tmp_path: Path) -> None:
    (row,) = steps.rows(tmp_path, MINIATURE)
    assert row.ratio is not None and row.ratio > 0


def test_a_section_that_breaks_meets_no_aim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def breaks(place: Path, scale: object) -> list[Row]:
        raise RuntimeError("no room")

    monkeypatch.setattr(steps, "rows", breaks)
    assert bench.main(["steps"]) == 1
    told = capsys.readouterr().out
    assert "no room" in told and "1 missed: BROKEN: RuntimeError" in told


def test_input_cost_comes_from_the_ledger(tmp_path: Path) -> None:
    (row,) = tokens.rows(tmp_path, MINIATURE)
    assert "7 calls" in row.note, row


def test_repositories_are_the_same_each_time(tmp_path: Path) -> None:
    shas = {histories.make(tmp_path / f"{i}.git", files=20, commits=3, megabytes=0).sha for i in range(2)}
    assert len(shas) == 1


def test_sides_take_turns() -> None:
    order: list[str] = []
    times = {"a": 2.0, "b": 1.0}
    sides = {name: lambda name=name: order.append(name) or times[name] for name in times}
    found = in_turns(2, sides)
    assert order == ["a", "b", "b", "a"]
    assert ratio(found["a"], found["b"]) == 2.0


def test_overhead_is_what_lies_between_two_calls() -> None:
    log = [{"arrived": 0.0, "ended": 1.0}, {"arrived": 1.5, "ended": 2.0}]
    assert overheads(log) == [0.5]
    assert len(script(4)) == 5


def test_table_names_what_misses_its_aim() -> None:
    rows = [Row(what="slow", ours="3 ms", floor="1 ms", ratio=3.0, aim=1.5, note="because"), Row(what="fine", ours="1")]
    text = "\n".join(lines([("Speed", rows)]))
    assert "3.00 ×" in text and "MISSED" in text and "because" in text


def test_function_is_measured_against_its_floor(tmp_path: Path) -> None:
    rows = lambda_door.rows(tmp_path, MINIATURE)
    assert [row.what for row in rows if row.aim] == [
        "cold start to first accepted event",
        "CPU of an accepted event",
        "CPU of an unwanted event",
        "peak memory after the first accepted event",
        "zip (floor: the aim)",
    ]
    [calls] = [row for row in rows if row.what == "calls of an accepted event"]
    assert "SendMessage 1 " in calls.note and "TransactWriteItems 1 " in calls.note


def test_a_dropped_check_event_is_measured_against_its_signature(tmp_path: Path) -> None:
    row = checks.dropped(tmp_path / "door", MINIATURE)
    assert row.ratio is not None and row.ratio > 0
    assert "nothing written" in row.note


@pytest.mark.parametrize("kind", GROUNDS)
def test_a_storm_costs_little_more_than_one_check(tmp_path: Path, kind: str) -> None:
    rows = {row.what.rpartition(": ")[2]: row for row in checks.stormed(tmp_path / kind, kind, kind, MINIATURE.storm)}
    counted = {"calls of GitHub", "KB to and from GitHub", "messages sent to queues", "writes to the store"}
    assert set(rows) == counted | ({"calls of AWS", "dollars"} if kind == "aws" else set())
    assert all(row.ratio is not None and 1 <= row.ratio < 2 * MINIATURE.storm for row in rows.values())


@pytest.mark.aws
def test_flow_on_aws_is_counted(tmp_path: Path) -> None:
    from tests.bench import lambda_flow

    rows = {row.what: row for row in lambda_flow.rows(tmp_path, MINIATURE)}
    assert "TransactWriteItems 1, SendMessage 1" in rows["one run: the door"].note
    assert "RunTask 1" in rows["one run: dispatch"].note
    assert "one run: pull request published" in rows
