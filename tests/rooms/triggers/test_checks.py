"""What the end of checks and commit statuses ask for, from their payloads alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from app.triggers.policy import decide
from app.webhooks.parse import parse

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHA = "a" * 40
REPOSITORY = {"id": 5, "full_name": "o/r", "default_branch": "main"}
AROUND = {"repository": REPOSITORY, "installation": {"id": 9}}
ADA = {"login": "ada", "id": 1, "type": "User"}
OURSELVES = {"login": "lamplighter[bot]", "id": 3, "type": "Bot"}
OWN_PULL = [{"number": 7, "base": {"repo": {"id": 5}}}]


def suite(conclusion="failure", branch="topic", pulls=(), app="github-actions", action="completed", sender=ADA):
    found = {"head_sha": SHA, "head_branch": branch, "conclusion": conclusion, "app": {"slug": app}}
    return "check_suite", {
        **AROUND,
        "action": action,
        "check_suite": {**found, "pull_requests": pulls},
        "sender": sender,
    }


def status(state="failure", branches=("topic",), sender=ADA):
    rows = [{"name": name} for name in branches]
    return "status", {**AROUND, "sha": SHA, "state": state, "context": "ci", "branches": rows, "sender": sender}


def ran(attempt=2, conclusion="success", branch="topic", pulls=OWN_PULL, action="completed", sender=ADA):
    found = {"head_sha": SHA, "head_branch": branch, "conclusion": conclusion, "run_attempt": attempt}
    shown = {"action": action, "workflow_run": {**found, "pull_requests": pulls}, "sender": sender}
    return "workflow_run", {**AROUND, **shown}


def decided(name, payload):
    event = parse(name, json.dumps(payload).encode())
    return decide(event, delivery_id="guid", received_at=AT, slug="lamplighter")


@pytest.mark.parametrize(
    ("delivery", "number", "trigger"),
    [
        (suite(pulls=OWN_PULL), 7, "check_suite.completed"),
        (suite("timed_out", pulls=OWN_PULL), 7, "check_suite.completed"),
        (suite("startup_failure"), 0, "check_suite.completed"),
        (suite(sender=OURSELVES, pulls=OWN_PULL), 7, "check_suite.completed"),  # we pushed the commit
        (suite(branch="main"), 0, "check_suite.completed"),
        (suite(branch="main", pulls=OWN_PULL), 0, "check_suite.completed"),  # a pull request from main is one of two
        (suite("success", branch="main"), 0, "check_suite.completed:success"),
        (status(), 0, "status"),
        (status("error", branches=()), 0, "status"),
        (status("success", branches=("topic", "main")), 0, "status:success"),
        (ran(), 7, "workflow_run.completed:success"),
        (ran(3, pulls=()), 0, "workflow_run.completed:success"),  # of a fork
    ],
)
def test_what_is_gathered_by_its_commit(delivery, number, trigger):
    job = decided(*delivery).job
    assert (job.action, job.gathers, job.thread.number, job.trigger) == ("start", f"checks:{SHA}", number, trigger)
    assert job.is_by_checks and job.commit == SHA


@pytest.mark.parametrize(
    ("delivery", "why"),
    [
        (suite("success", pulls=OWN_PULL), "Nothing failed"),
        (suite("success"), "Nothing failed"),
        (suite("neutral", branch="main"), "Nothing failed"),
        (suite("cancelled", branch="main"), "Nothing failed"),
        (suite(action="requested"), "does nothing on check_suite.requested"),
        (suite(app="lamplighter", pulls=OWN_PULL), "own checks"),
        (suite("success", branch="main", app="Lamplighter"), "own checks"),
        (suite(branch=None, conclusion=None), "Nothing failed"),
        (status("pending", branches=("main",)), "Nothing failed: the state is pending"),
        (status("success"), "Nothing failed"),
        (status("success", branches=()), "Nothing failed"),
        (status(sender=OURSELVES), "own checks"),
        (ran(1), "checks tell of the others"),
        (ran(conclusion="failure"), "checks tell of the others"),
        (ran(action="requested", conclusion=None), "checks tell of the others"),
        (ran(sender=OURSELVES), "waits for it"),
        (ran(branch="main", pulls=()), "the suite of checks tells"),
    ],
)
def test_what_is_dropped_at_the_door(delivery, why):
    result = decided(*delivery)
    assert (result.decision, result.job) == ("ignore", None)
    assert why in result.reason


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("check_suite", {**AROUND, "action": "completed", "check_suite": {"head_sha": "main"}}),
        ("status", {**AROUND, "sha": None, "state": "failure"}),
        ("status", {**AROUND, "sha": SHA, "state": "failure", "repository": {}}),
    ],
)
def test_a_payload_without_its_commit_is_dropped(name, payload):
    assert "has no usable" in decided(name, payload).reason


@pytest.mark.parametrize("branches", [None, {}, "main", [None], [{"name": None}], [["main"]]])
def test_branches_that_cannot_be_read_are_none(branches):
    name, payload = status("success")
    assert "Nothing failed" in decided(name, {**payload, "branches": branches}).reason
