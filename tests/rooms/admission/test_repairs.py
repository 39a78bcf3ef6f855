"""When failed checks are repaired without a person's word."""

from __future__ import annotations

import pytest

from app.admission.take_in import is_to_repair
from app.events.asked import AdmissionFacts
from app.events.deciding import ChecksRead, PullTarget, RunCreated
from app.events.parts import CheckFailure
from app.runs.state.run_state import RunState

SHA = "a" * 40


@pytest.mark.parametrize(
    ("by_checks", "ours", "autofix", "facts", "read", "repairs"),
    [
        (True, True, "", {}, {}, True),
        (True, True, "on", {}, {}, True),
        (True, True, "off", {}, {}, False),
        (True, False, "", {}, {}, False),
        (True, False, "on", {}, {}, True),
        (True, False, "off", {}, {}, False),
        (True, False, "on", {"from_fork": True}, {}, False),
        (True, True, "on", {"head_is_default": True}, {}, False),
        (True, False, "on", {}, {"rounds": 3}, False),
        (True, True, "on", {}, {"again": True}, False),
        (True, True, "on", {}, {"undone": True}, False),
        (True, False, "on", {}, {"failures": []}, False),
        (False, False, "off", {}, {}, True),  # a person asked
        (False, False, "", {}, {"rounds": 3, "again": True, "undone": True}, True),
    ],
)
def test_who_is_repaired(by_checks, ours, autofix, facts, read, repairs):
    target = PullTarget(base_ref="main", base_sha=SHA, ours=ours)
    gathers = f"checks:{SHA}" if by_checks else "asked"
    created = RunCreated(gathers=gathers, target=target, admission=AdmissionFacts(**facts))
    failure = CheckFailure(kind="deterministic", why="", cause="lint", signature="5" * 16, key="boom")
    found = ChecksRead(sha=SHA, autofix=autofix, **{"failures": [failure], **read})
    assert is_to_repair(RunState(run_id="r", created=created), found) == repairs


@pytest.mark.parametrize(
    ("kind", "repairs"), [("ours", True), ("unknown", False), ("external", False), ("flaky", False)]
)
def test_what_a_repair_may_help_with(kind, repairs):
    created = RunCreated(gathers=f"checks:{SHA}", target=PullTarget(base_ref="main", base_sha=SHA, ours=True))
    failure = CheckFailure(kind=kind, why="", cause="lint", signature="5" * 16, key="boom")
    assert is_to_repair(RunState(run_id="r", created=created), ChecksRead(sha=SHA, failures=[failure])) == repairs
