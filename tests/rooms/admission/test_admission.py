"""Who is admitted, who waits, who is refused and with which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.admission.admit import admit, objection, refusal
from app.events.asked import AdmissionFacts
from app.jobs.job import Command, Job, Person, Thread

FINE = AdmissionFacts(role="write", label="agent-fix", wanted_usd=2.0)


def job(action: str, trigger: str, *commands: Command) -> Job:
    thread = Thread(installation_id=9, repository_id=5, repository="o/r", number=7)
    return Job(
        id="g",
        action=action,
        reason="",
        trigger=trigger,
        thread=thread,
        sender=Person(login="ada", id=1),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        commands=commands,
    )


def test_somebody_who_may_is_admitted():
    assert admit(FINE).verdict == "admit"
    assert admit(FINE.model_copy(update={"label": ""})).verdict == "admit"
    assert admit(FINE.model_copy(update={"label": "Agent-Fix"})).verdict == "admit"


FAILED = {"is_pull_request": True, "playbook": "ci", "by_checks": True, "role": "none", "needed_role": "none"}


@pytest.mark.parametrize(
    ("change", "verdict", "says"),
    [
        ({"label": "agent-lunch"}, "ignore", "`agent-fix`"),
        ({"archived": True}, "ignore", "archived"),
        ({"role": "triage"}, "refuse", "This needs the write role on this repository, and you have the triage role"),
        ({"role": "none"}, "refuse", "you are not a collaborator"),
        ({"role": "sultan"}, "refuse", "you are not a collaborator"),
        ({"thread_labels": ("bug", "Agent:Off")}, "refuse", "`agent:off` is on"),
        ({"thread_open": False}, "refuse", "closed"),
        ({"thread_locked": True}, "refuse", "locked"),
        ({"is_pull_request": True}, "refuse", "works on issues only"),
        ({"is_pull_request": True, "playbook": "follow_up"}, "admit", ""),
        ({"is_pull_request": True, "playbook": "follow_up", "open_pull_requests": 5}, "admit", ""),
        ({"is_pull_request": True, "playbook": "ci", "from_fork": True}, "refuse", "in a fork"),
        ({"is_pull_request": True, "playbook": "follow_up", "from_fork": True}, "admit", ""),
        ({"is_pull_request": True, "playbook": "follow_up", "head_is_default": True}, "refuse", "default branch"),
        ({**FAILED, "from_fork": True}, "admit", ""),
        ({**FAILED, "head_is_default": True}, "admit", ""),
        ({**FAILED, "thread_labels": ("agent:off",)}, "refuse", "`agent:off` is on"),
        ({"empty": True}, "refuse", "no commit"),
        ({"phase": 1}, "refuse", "`phase: 1`"),
        ({"phase": 3}, "admit", ""),
        ({"playbook_enabled": False}, "refuse", "playbooks.fix.enabled"),
        ({"autonomy": "diagnose"}, "refuse", "`autonomy: diagnose`"),
        ({"autonomy": "plan"}, "admit", ""),
        ({"autonomy": "ready"}, "admit", ""),
        ({"active_run": "r1"}, "active", "already"),
        ({"open_pull_requests": 4}, "admit", ""),
        ({"open_pull_requests": 5}, "refuse", "at most 5 (`limits.open_pull_requests`)"),
        ({"spent_today_usd": 18.0}, "admit", ""),
        ({"spent_today_usd": 18.5}, "refuse", "$18.50 of $20.00 (`budget.day_usd`), and this may cost $2.00."),
        ({"spent_today_usd": 19.99, "wanted_usd": 0.01}, "admit", ""),
        ({"spent_today_usd": 0.0, "day_usd": 0.01}, "admit", ""),  # a day is all that a run can get
        ({"spent_today_usd": 0.0062, "day_usd": 0.01}, "refuse", "$0.0062 of $0.01 (`budget.day_usd`)"),
        ({"spent_today_usd": 20.0}, "refuse", "$20.00 of $20.00 (`budget.day_usd`). It starts anew at midnight UTC."),
        ({"working": 7}, "admit", ""),
        ({"working": 8}, "queue", "8 runs are at work (at most 8 at once)."),
        ({"working": 8, "ahead": 1}, "queue", "at once), and 1 waits before this one."),
        ({"working": 1, "concurrency": 1, "ahead": 3}, "queue", "1 run is at work"),
        ({"working": 3, "ahead": 2}, "queue", "2 wait before this one"),
    ],
)
def test_verdict(change, verdict, says):
    result = admit(FINE.model_copy(update=change))
    assert result.verdict == verdict
    assert says in result.reason
    assert "\n" not in result.reason


def test_outsider_hears_of_nothing_but_the_role():
    full = FINE.model_copy(
        update={"role": "read", "active_run": "r1", "spent_today_usd": 99, "phase": 1, "thread_open": False}
    )
    assert "role" in admit(full).reason


def test_running_thread_is_steered_even_when_the_day_is_spent():
    assert admit(FINE.model_copy(update={"active_run": "r1", "spent_today_usd": 99, "working": 8})).verdict == "active"


def test_role_needed_is_a_parameter():
    assert admit(FINE.model_copy(update={"needed_role": "maintain"})).verdict == "refuse"
    assert admit(FINE.model_copy(update={"role": "maintain", "needed_role": "maintain"})).verdict == "admit"


@pytest.mark.parametrize(
    ("change", "says", "withdrawn"),
    [
        ({}, None, False),
        ({"label_off": True}, "The label `agent-fix` was taken off.", True),
        ({"archived": True}, "archived", True),
        ({"thread_labels": ("agent:off",)}, "`agent:off` is on", True),
        ({"switched_off": 1}, "`agent:off` is on #1", True),
        ({"thread_open": False}, "closed", True),
        ({"thread_locked": True}, "locked", True),
        ({"role": "triage"}, "has the triage role here now, and it needs the write role", False),
        ({"needed_role": "maintain"}, "needs the maintain role", False),
        ({"open_pull_requests": 5}, "at most 5", False),
        ({"spent_today_usd": 99.0, "phase": 1, "autonomy": "plan", "working": 9}, None, False),
    ],
)
def test_what_stands_against_a_run_that_was_let_in(change, says, withdrawn):
    found = objection(FINE.model_copy(update=change))
    assert (found is None) == (says is None)
    if found and says:
        assert says in found.reason
        assert found.withdrawn == withdrawn
        assert bool(found.next_step) != withdrawn  # a person is told only where somebody has something to do


def test_refusal_is_none_for_those_who_may():
    assert refusal("write", "write") is None
    assert refusal("none", "none") is None
    assert "maintain role" in str(refusal("write", "maintain"))
