"""The runner's log cut into steps: whatever stands in it, however long it is, wherever it begins and ends."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.failures import Job, Step, read_log
from app.failures.runner_log import MAX_WIDTH, read_sections

STAMP = "2026-11-29T10:11:{:02d}.1234567Z "
FAILED = [
    "##[group]Run pytest -q",
    "\x1b[36;1mpytest -q\x1b[0m",
    "shell: /usr/bin/bash -e {0}",
    "env:",
    "  TOKEN: ***",
    "##[endgroup]",
    "=================================== FAILURES ===================================",
    "__________________________________ test_total __________________________________",
    "E       assert 4 == 3",
    "tests/test_cart.py:5: AssertionError",
    "=========================== short test summary info ============================",
    "FAILED tests/test_cart.py::test_total - assert 4 == 3",
    "1 failed in 0.14s",
    "##[error]Process completed with exit code 1.",
]


def log(lines: list[str], second: int = 12) -> str:
    return "\ufeff" + "".join(f"{STAMP.format(second)}{line}\n" for line in lines)


def job(*steps: Step, conclusion: str = "failure") -> Job:
    return Job(name="test (3.12)", conclusion=conclusion, steps=steps)


def step(name: str, conclusion: str, began: int, ended: int) -> Step:
    at = [datetime(2026, 11, 29, 10, 11, second, tzinfo=UTC) for second in (began, ended)]
    return Step(name=name, conclusion=conclusion, started_at=at[0], completed_at=at[1])


def test_a_step_has_its_script_its_lines_and_its_exit_code():
    [finding] = read_log(log(["Post job cleanup.", *FAILED, "Post job cleanup.", "Cleaning up orphan processes"]))
    assert (finding.step, finding.command, finding.exit_code) == ("Run pytest -q", "pytest -q", 1)
    assert (finding.tool, finding.cause, finding.key) == ("pytest", "test", "assert 4 == 3")
    assert (finding.failed, finding.ran, finding.tests) == (1, 1, ("tests/test_cart.py::test_total",))
    assert [(place.path, place.line) for place in finding.places] == [("tests/test_cart.py", 5)]
    assert finding.is_whole


def test_the_api_names_the_step_and_says_which_one_counts():
    """`continue-on-error` prints an error and is a success; the runner's log has no names."""
    first = log(
        [
            "##[group]Run flake8",
            "##[endgroup]",
            "a.py:1:1: F401 unused",
            "##[error]Process completed with exit code 1.",
        ],
        5,
    )
    whole = first + log(FAILED, 20)
    steps = (step("Lint, if you like", "success", 4, 6), step("Tests", "failure", 19, 21))
    assert [(f.step, f.tool) for f in read_log(whole, job=job(*steps))] == [("Tests", "pytest")]
    assert [f.tool for f in read_log(whole)] == ["flake8", "pytest"]


@pytest.mark.parametrize("conclusion", ["success", "skipped", "neutral"])
def test_a_job_that_passed_has_no_finding(conclusion: str):
    assert read_log(log(FAILED), job=job(conclusion=conclusion)) == ()
    assert read_log(iter([log(FAILED)]), job=job(conclusion=conclusion)) == ()


def test_a_log_without_an_error_has_no_finding():
    assert read_log(log([*FAILED[:6], "ERROR: 0 errors, 0 failed", "12 passed in 0.01s"])) == ()
    assert read_log("") == () == read_log(b"\xff\xfe")


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_it_may_come_in_pieces_that_cut_characters(size: int):
    data = log([*FAILED[:6], "naïve → ✖ „Wörter“", *FAILED[6:]]).encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert read_log(iter(pieces)) == read_log(data.decode()) == read_log(data)


def test_colours_progress_and_broken_utf8_are_no_obstacle():
    coloured = [f"\x1b[31m{line}\x1b[0m" if "assert" in line else line for line in FAILED]
    data = (
        log(["##[group]Run x", "##[endgroup]", "10%\r50%\r100% done", *coloured])
        .encode()
        .replace(b"1 failed", b"\xe2\x82 1 failed")
    )
    [finding] = read_log(data)
    assert finding.key == "assert 4 == 3"
    sections = list(read_sections(log(["##[group]Run x", "##[endgroup]", "10%\r50%\r100% done\r"])))
    assert [line.text for line in sections[-1].lines] == ["100% done"]


@pytest.mark.parametrize("cut", [0, 40, 200, 400])
def test_a_log_that_begins_in_the_middle_is_read_and_said_to_be_cut(cut: int):
    [finding] = read_log(log(FAILED)[cut:], is_whole=False)
    assert (finding.tool, finding.is_whole) == ("pytest", False) and "assert 4 == 3" in finding.key


def test_a_log_that_breaks_off_names_no_failure_unless_the_api_does():
    broken = log(FAILED[:-1])
    assert read_log(broken) == ()
    [finding] = read_log(broken, job=job(step("Tests", "failure", 11, 13)))
    assert (finding.tool, finding.step, finding.exit_code) == ("pytest", "Tests", None)


def test_further_lines_of_an_annotation_have_no_timestamp():
    text = log(["##[group]Run actions/deploy@v1", "##[endgroup]", "##[error]Deploy failed"]) + "because of this\n"
    [finding] = read_log(text + log(["Post job cleanup."]))
    assert (finding.key, finding.cause) == ("Deploy failed", "unknown")
    assert "because of this" in [line.text for line in finding.lines]


def test_text_from_the_log_is_cleaned_and_short():
    evil = "E       assert \u202e4 == \u200b3 \x00" + "x" * 9000
    [finding] = read_log(log([*FAILED[:8], evil, *FAILED[9:]]))
    assert all(len(line.text) <= 300 for line in finding.lines) and len(finding.lines) <= 40
    assert not {"\u202e", "\u200b", "\x00"} & set("".join([finding.key, *(line.text for line in finding.lines)]))


def huge(megabytes: int) -> Iterator[bytes]:
    """A log with its failure in the middle of a step that goes on and on."""
    noise = (
        STAMP.format(30) + "ERROR: at 0x7f12 nothing of this matters, it is only long: " + "y" * 120 + "\n"
    ).encode() * 500
    yield log(FAILED[:10]).encode()
    for _ in range(megabytes * 1_000_000 // len(noise)):
        yield noise
    yield log(FAILED[10:]).encode()


def test_a_huge_log_takes_seconds_and_little_memory():
    tracemalloc.start()
    began = time.process_time()
    [finding] = read_log(huge(1))
    assert time.process_time() - began < 3  # tracemalloc makes it five times slower
    assert tracemalloc.get_traced_memory()[1] < 25_000_000
    tracemalloc.stop()
    assert finding.key == "assert 4 == 3" and not finding.is_whole


HOSTILE = [
    "=" * 5000,
    "_" * 5000,
    " " * 5000,
    "\t" * 3000,
    "at " * 2000,
    "(" * 3000,
    'File "' * 800,
    "a/" * 2000 + "x.py:1:1: error: x",
    "1) " * 900,
    "#1 " * 900,
    "E   " * 900,
    "--- FAIL: " * 300,
    "[1/" * 900,
    "a.b.c." * 900,
    "\x1b[" * 2000,
    "FAILED a::" + "[" * 4000,
    "\r" * 4000,
    "::error::" * 500,
    "not ok 1 - " + "# " * 2000,
    "error[" * 900,
    "0x" + "0" * 4000,
    "/" * 4000,
    "npm error " * 400,
    "." * 4000 + "Failed",
    ": " * 2000,
    "‖é" * 2000,
]


@pytest.mark.parametrize("evil", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_takes_long(evil: str):
    began = time.process_time()
    text = log(["##[group]Run x", "##[endgroup]", *[evil] * 20, *FAILED[6:]])
    read_log(text)
    assert time.process_time() - began < 1


_LINES = st.lists(st.one_of(st.sampled_from(FAILED + HOSTILE[:8]), st.text(max_size=60)), max_size=40)


@settings(max_examples=30, deadline=None)
@given(lines=_LINES, raw=st.binary(max_size=200))
def test_nothing_that_a_log_holds_raises(lines: list[str], raw: bytes):
    for finding in read_log(log(lines).encode() + raw):
        assert len(finding.lines) <= 40 and len(finding.places) <= 50 and finding.signature.digest
        assert all(len(line.text) <= MAX_WIDTH for line in finding.lines)
