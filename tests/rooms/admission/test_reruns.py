"""When failed jobs run again, and what is said of them afterwards: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.admission.check_facts import Checks
from app.admission.reruns import are_on_their_way, by_chance, made, worth
from app.checkpoints.explain_text import explanation
from app.events.asked import AdmissionFacts
from app.events.deciding import PullTarget, RerunAsked, RunCreated, WorkflowAttempt
from app.events.parts import CheckFailure
from app.runs.state.run_state import RunState
from app.runs.state.told import Published, Told

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHA = "a" * 40


def failure(kind: str = "external", cause: str = "registry", job: str = "install") -> CheckFailure:
    return CheckFailure(kind=kind, why="", cause=cause, signature=f"{kind}{job}", key="503", jobs=[job])


def state(*, ours: bool = True, by_checks: bool = True, fork: bool = False, reruns: str = "") -> RunState:
    """`reruns`: of each what came of it, `d`one, `r`efused, `w`aiting."""
    found = RunState(run_id="r")
    found.created = RunCreated(
        gathers=f"checks:{SHA}" if by_checks else "asked",
        target=PullTarget(base_ref="main", base_sha=SHA, ours=ours),
        admission=AdmissionFacts(from_fork=fork),
    )
    for number, what in enumerate(reruns, start=1):
        again = WorkflowAttempt(run=7, attempt=number)
        asked = RerunAsked(sha=SHA, runs=[again], failures=[failure()])
        found.reruns.append(Told(seq=number, at=AT.isoformat(), said=asked))
        if what != "w":
            error = "403" if what == "r" else ""
            found.published[again.key] = Published(digest="", at=AT.isoformat(), result={}, error=error)
    return found


@pytest.mark.parametrize(
    ("run", "failures", "count"),
    [
        (state(), [failure()], 1),
        (state(), [], 0),
        (state(), [failure(), failure("infrastructure", "secret")], 1),
        (state(), [failure(), failure("ours", "test")], 0),
        (state(), [failure("deterministic", "lint")], 0),
        (state(), [failure("base-is-red", "test")], 0),
        (state(ours=False), [failure()], 0),
        (state(ours=False, by_checks=False), [failure()], 1),
        (state(fork=True), [failure()], 0),
        (state(reruns="dd"), [failure()], 1),
        (state(reruns="ddd"), [failure()], 0),
        (state(reruns="r"), [failure()], 0),
        (state(reruns="w"), [failure()], 0),
    ],
)
def test_which_failures_run_again(run, failures, count):
    assert len(worth(run, failures)) == count


@pytest.mark.parametrize(
    ("reruns", "seconds", "waits"),
    [("", 0, False), ("w", 60, True), ("w", 700, False), ("d", 10, True), ("d", 60, False), ("r", 60, False)],
)
def test_github_is_given_time_to_begin(reruns, seconds, waits):
    assert are_on_their_way(state(reruns=reruns), AT + timedelta(seconds=seconds)) == waits


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (Checks(sha=SHA), 1),
        (Checks(sha="b" * 40), 0),
        (Checks(sha=SHA, failures=(failure(),)), 0),
        (Checks(sha=SHA, failures=(failure(job="lint"),)), 1),
        (Checks(sha=SHA, pending=("install",)), 0),
    ],
)
def test_what_passed_is_told_once(found, count):
    asked = [told.said for told in made(state(reruns="dd"))]
    assert len(by_chance(asked, found)) == count


def test_an_explanation_names_them():
    run = state(reruns="dd")
    run.created_at = AT.isoformat()
    assert f"Had failed jobs of `{SHA[:7]}` run again 2 times." in explanation(run)
