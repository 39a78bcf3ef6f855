"""What GitHub lets an installation write goes to what people wait for, and a limit met by one run stops all."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from app.github.pacer import WRITES, Pacer
from app.ports.rate import Priority
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix


def comment(issue, part):
    """The bot's comment of this kind, read; None while there is none."""
    return next((found for found in issue.comments if f"part={part} " in found.read()), None)


def others_write(bot, count, priority):
    """Another process of ours writes for other runs of the same installation."""
    pacer = Pacer(bot.clock, bot.platform.store)
    (installation,) = bot.github.world.installations
    for _ in range(count):
        pacer.wait(installation, priority)


COMMENTS = "POST /repos/*/*/comments"
LIMITS = {  # plans one for the next request of its kind; and how long nobody may write
    "with Retry-After": (lambda faults, _now: faults.secondary_limit(COMMENTS, retry_after=61), 61),
    "as 429 without": (lambda faults, _now: faults.secondary_limit(COMMENTS, status=429, retry_after=None), 60),
    "of a read": (lambda faults, _now: faults.secondary_limit("GET /repos/*/*/labels", retry_after=75), 75),
    "of the hour": (lambda faults, now: faults.primary_limit(COMMENTS, reset_at=int(now.timestamp()) + 600), 500),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_met_by_one_run_stops_all_writers_of_the_installation(bot, github, repo, model, limit):
    """That nobody writes while it is on is a law of every story; here is that the writing paused, and went on."""
    plan, seconds = LIMITS[limit]
    plan(github.faults, bot.clock.now())
    issues = [ask_for_a_fix(github, repo, title=f"Bug {number}") for number in (1, 2)]
    stories.fix(model)
    stories.fix(model)
    bot.run_until_idle()

    (times,) = github.limits.written.values()
    assert max(later - earlier for earlier, later in pairwise(times)) >= seconds
    assert len(repo.pulls) == 2
    for issue in issues:
        assert comment(issue, "status") and comment(issue, "result")
        assert "agent:done" in issue.labels


def test_an_hour_used_up_by_the_rest_still_has_room_for_results(bot, github, repo, model):
    others_write(bot, WRITES.most_for(Priority.MARKS), Priority.MARKS)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    asked = bot.clock.now()
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    bot.control.drain_publishing()

    assert bot.clock.now() - asked < timedelta(seconds=30)
    assert len(repo.pulls) == 1
    assert "ready for you to look at" in comment(issue, "result").body
    assert "Pull request opened" in comment(issue, "status").body
    assert "agent:done" not in issue.labels
    assert issue.reactions == []

    bot.run_until_idle()  # what could wait comes when the hour is over
    assert bot.clock.now() - asked > timedelta(minutes=45)
    assert "agent:done" in issue.labels
    assert [found.content for found in issue.reactions] == ["eyes"]


def test_a_question_and_a_stop_go_out_while_the_rest_waits(bot, github, repo, model):
    others_write(bot, WRITES.most_for(Priority.MARKS), Priority.MARKS)
    issue = ask_for_a_fix(github, repo)
    stories.question_then_fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    bot.control.drain_publishing()
    assert "a question before I go on" in comment(issue, "question-1").body
    assert "agent:needs-info" not in issue.labels

    github.maintainer.comment(issue, "/agent stop")
    stopped = bot.clock.now()
    bot.step_until(lambda: bot.runs[0].phase != "parked")
    bot.control.drain_publishing()
    assert "Stopped by maya" in comment(issue, "status").body
    assert bot.clock.now() - stopped < timedelta(seconds=30)
    bot.run_until_idle()
    assert "agent-fix" not in issue.labels


def test_a_full_hour_loses_nothing(bot, github, repo, model):
    others_write(bot, WRITES.most, Priority.PEOPLE)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert comment(issue, "result")
    assert "Pull request opened" in comment(issue, "status").body
    assert "agent:done" in issue.labels
