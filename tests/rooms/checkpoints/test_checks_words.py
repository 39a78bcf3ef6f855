"""What is said of failed checks: whose they are, since when, and who can do what."""

from __future__ import annotations

import pytest

from app.checkpoints.checks_text import diagnosis, since_when
from app.events.asked import AdmissionFacts
from app.events.deciding import ChecksRead, RunCreated
from app.events.parts import CheckFailure
from app.runs.state.run_state import RunState

HEAD, OLDER, GREEN = "a" * 40, "b" * 40, "c" * 40
LINK = "https://github.com/acme/calc/runs/1"


def failure(kind: str = "ours", **more) -> CheckFailure:
    given = {"why": "Because.", "cause": "test", "signature": "5" * 16, "key": "boom", "jobs": ["test"], "link": LINK}
    return CheckFailure(kind=kind, **{**given, **more})


def said(*failures: CheckFailure, **facts) -> str:
    state = RunState(run_id="0" * 16, created=RunCreated(admission=AdmissionFacts(**facts)))
    return diagnosis(state, ChecksRead(sha=HEAD, failures=list(failures)))


@pytest.mark.parametrize(
    ("kind", "words", "asks_for_code"),
    [
        ("ours", "`/agent ci` lets me repair it", True),
        ("deterministic", "`/agent ci` lets me repair it", True),
        ("base-is-red", "Repair the base branch first", False),
        ("flaky", "can re-run [the failed job]", False),
        ("external", "can re-run [the failed job]", False),
        ("infrastructure", "Whoever keeps the workflows has to look at [the failed job]", False),
        ("unknown", "can re-run [the failed job]", False),
        ("cancelled", "it was cancelled", False),
    ],
)
def test_who_can_do_what(kind, words, asks_for_code):
    assert words in said(failure(kind))
    assert ("repair it" in said(failure(kind), from_fork=True)) == asks_for_code
    assert "/agent" not in said(failure(kind), from_fork=True)


def test_a_matrix_with_one_cause_is_one_finding():
    text = said(failure(jobs=[f"test (3.{minor})" for minor in range(9, 15)]))
    assert "6 checks failed" in text and "and 2 more" in text
    assert text.count("Whose:") == 1


@pytest.mark.parametrize(
    ("since", "green", "words"),
    [
        ("", "", ""),
        (HEAD, "", ""),
        (HEAD, GREEN, "It fails with this commit; `ccccccc` passed."),
        (OLDER, GREEN, "It fails since `bbbbbbb`; `ccccccc` passed."),
        (OLDER, "", "It fails since `bbbbbbb` or longer."),
    ],
)
def test_since_when(since, green, words):
    assert since_when(failure(since=since, green=green), HEAD) == words
    assert words in said(failure(since=since, green=green))
