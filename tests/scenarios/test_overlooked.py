"""A label that nobody heard of: the delivery is gone for good, and the issue is found by looking."""

from __future__ import annotations

import pytest

from app import wiring
from app.recovery.missed_labels import Overlooked
from tests.scenarios import stories


def looker(bot, **options) -> Overlooked:
    platform = bot.platform

    return Overlooked(
        access=wiring.access(platform),
        store=platform.store,
        clock=platform.clock,
        secret=lambda: bot.settings.webhook_secrets[0],
        accept=wiring.door(platform),
        **options,
    )


@pytest.fixture
def looking(bot) -> Overlooked:
    return looker(bot)


def forgotten(github, repo, title="Divide by zero"):
    """A labelled issue whose delivery never was."""
    issue = github.maintainer.open_issue(repo, title, body="It raises.")
    github.deliver_pending()
    github.maintainer.label(issue, "agent-fix")
    github.world.outbox.queue.clear()
    return issue


def test_forgotten_label_becomes_a_pull_request(bot, github, repo, model, clock, looking):
    issue = forgotten(github, repo)
    stories.fix(model)
    assert looking.sweep() == 0  # its delivery may still come
    clock.advance(16 * 60)
    assert looking.sweep() == 1
    assert looking.sweep() == 0
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    assert [run.requester for run in bot.runs] == [github.maintainer.login]
    bot.read_everything(issue)
    clock.advance(16 * 60)
    assert looking.sweep() == 0
    assert len(bot.runs) == 1


def test_label_that_was_heard_is_left_alone(bot, github, repo, model, clock, looking):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.step_until(lambda: bot.runs)
    clock.advance(16 * 60)
    assert looking.sweep() == 0
    bot.run_until_idle()
    assert len(bot.runs) == 1
    bot.read_everything(issue)


def test_forgotten_label_by_a_triager_starts_nothing(bot, github, repo, clock, looking):
    issue = forgotten(github, repo)
    github.maintainer.unlabel(issue, "agent-fix")
    github.triager.label(issue, "agent-fix")
    github.world.outbox.queue.clear()
    clock.advance(16 * 60)
    assert looking.sweep() == 1  # the door lets it in, admission does not
    bot.run_until_idle()
    assert repo.pulls == []
    bot.read_everything(issue)


def test_label_that_a_run_could_not_take_off_starts_nothing_again(bot, github, repo, model, clock, looking):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    issue.labels.append("agent-fix") if isinstance(issue.labels, list) else issue.labels.add("agent-fix")
    clock.advance(16 * 60)
    assert looking.sweep() == 0
    bot.read_everything(issue)


def test_many_installations_are_looked_through_in_turn(bot, github, clock):
    looking = looker(bot, at_once=1)
    repos = [
        github.repository(f"{owner}/calc", files=stories.PROJECT, default_branch="main") for owner in ("one", "two")
    ]
    issues = [forgotten(github, repo) for repo in repos]
    clock.advance(16 * 60)
    assert sum(looking.sweep() for _ in range(4)) == len(issues)
    for run in bot.runs:
        assert run.phase != "ended"
