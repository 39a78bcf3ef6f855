"""Where a plan is approved before anything is changed."""

from __future__ import annotations

import pytest

from app.admission.github_facts import Facts
from app.admission.request import plans_first
from app.config.repo_config import RepoConfig
from app.events.asked import AdmissionFacts
from app.events.configured import BudgetWanted
from app.events.deciding import Protection, PullTarget
from app.jobs.job import Command
from app.playbooks import PLAYBOOKS

SHA = "a" * 40


@pytest.mark.parametrize(
    ("autonomy", "verb", "book", "pull", "gathers", "first"),
    [
        ("draft", "fix", "fix", "", "", False),
        ("draft", "plan", "fix", "", "", True),
        ("draft", "plan", "follow_up", "ours", "", True),
        ("draft", "instruct", "follow_up", "ours", "", False),
        ("plan", "fix", "fix", "", "", True),
        ("plan", "instruct", "follow_up", "ours", "", True),
        ("plan", "instruct", "follow_up", "fork", "", False),  # a patch in a comment changes nothing
        ("plan", "instruct", "follow_up", "ours", "review", False),  # its threads say what is wanted
        ("plan", "ci", "ci", "ours", f"checks:{SHA}", False),
        ("plan", "rebase", "rebase", "ours", "base", False),
    ],
)
def test_what_is_planned_first(autonomy, verb, book, pull, gathers, first):
    config = RepoConfig.model_validate({"autonomy": autonomy})
    facts = Facts(
        book=PLAYBOOKS[book],
        base_ref="main",
        base_sha=SHA,
        target=PullTarget(base_ref="main", base_sha=SHA, fork=pull == "fork") if pull else None,
        config=config,
        config_source={},
        budget=BudgetWanted(),
        comments=[],
        admission=AdmissionFacts(),
        protection=Protection(),
    )
    assert plans_first(Command(verb=verb), facts, gathers) == first
