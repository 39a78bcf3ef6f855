"""Logs that real tools printed: how well they are read may only become better, and the page says how well that is."""

from __future__ import annotations

import re

import pytest

from app.failures import MAX_LINES, merge, read_log
from tests.rooms.failures.golden import MEASURES, PAGE, corpus, one_signature_for_two, page, same_signature

FAILURES = [golden for golden in corpus() if golden.is_scored]
TOOLS = sorted({golden.tool for golden in FAILURES})
LEAST_HELD_OUT = {"found": 1.0, "step": 1.0, "tool": 0.9, "cause": 0.9, "key line": 0.9, "places": 0.9, "class": 0.85}


def test_the_page_says_how_well_logs_are_read():
    """If not: `python -m tests.rooms.failures.golden`."""
    assert PAGE.read_text("utf-8") == page()


def test_there_are_enough_of_them():
    assert len(FAILURES) >= 80 and sum(golden.made == "by the tool" for golden in FAILURES) >= 80
    assert len([golden for golden in corpus() if golden.outcome == "success"]) >= 20
    assert len([golden for golden in corpus() if golden.outcome == "cancelled"]) >= 10


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool or "no tool")
def test_what_was_seen_is_read(tool: str):
    seen = [golden for golden in FAILURES if golden.tool == tool and not golden.held_out]
    assert {golden.name: missed for golden in seen if (missed := golden.missed())} == {}


@pytest.mark.parametrize("measure", MEASURES)
def test_what_was_held_out_is_read_well(measure: str):
    held = [golden for golden in FAILURES if golden.held_out]
    right = sum(measure not in golden.missed() for golden in held)
    assert right / len(held) >= LEAST_HELD_OUT[measure]


def test_a_run_that_passed_is_no_alarm():
    assert [golden.name for golden in corpus() if golden.outcome == "success" and golden.findings] == []


def test_a_run_that_was_stopped_is_no_failure():
    stopped = [golden for golden in corpus() if golden.outcome == "cancelled"]
    assert {golden.name: missed for golden in stopped if (missed := golden.missed())} == {}


def test_one_failure_in_two_ways_has_one_signature():
    differing = [one.name for one, two in same_signature() if one.finding.signature != two.finding.signature]
    assert differing == []


def test_different_failures_have_different_signatures():
    assert one_signature_for_two() == []


def test_matrix_jobs_with_one_cause_are_one_finding():
    jobs = [golden.finding for golden in FAILURES if golden.name.startswith("pytest-matrix-")]
    [finding] = merge(jobs)
    assert finding.jobs == ("test (3.11)", "test (3.12)")


def test_what_is_shown_fits_a_screen():
    assert all(0 < len(golden.finding.lines) <= MAX_LINES for golden in FAILURES)
    assert all(len(golden.finding.key) <= 300 for golden in FAILURES)


def again(log: str) -> str:
    """Another run of it: on another day, in another folder, after other lines, and slower."""
    log = log.replace("/home/runner/work/shop/shop", "/home/runner/work/store/store")
    log = re.sub(r"\b\d+\.\d+(?= ?m?s\b)", "7.25", log.replace("2026-11-29T1", "2027-03-05T0"))
    for place in (r"(\.(?:py|[jt]s|go|rs|c|rb|php|java)[:(])(\d+)", r"(\", line )(\d+)"):
        log = re.sub(place, lambda found: f"{found[1]}{int(found[2]) + 40}", log)
    return log


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool or "no tool")
def test_another_run_of_the_same_failure_has_the_same_signature(tool: str):
    differing = []
    for golden in FAILURES:
        if golden.tool == tool and golden.made == "by the tool":
            [one], [two] = read_log(golden.log), read_log(again(golden.log))
            differing += [golden.name] if one.signature != two.signature else []
    assert differing == []
