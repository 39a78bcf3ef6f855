"""A question is answered, reminded of once, or ends the run; an answer is never too early."""

from __future__ import annotations

import pytest

from tests.scenarios import stories
from tests.scenarios.stage import every_message_twice, replace
from tests.scenarios.test_manners import said

HOUR, DAY = 3600, 24 * 3600


class Watched:
    """A store that tells of every append, and counts how often a ledger was read."""

    def __init__(self, real) -> None:
        self._real = real
        self.on_append = lambda kind: None
        self.read = 0

    def __getattr__(self, name):
        return getattr(self._real, name)

    def events(self, *args, **named):
        self.read += 1
        return self._real.events(*args, **named)

    def append(self, run_id, expected_seq, events, summary):
        self._real.append(run_id, expected_seq, events, summary)
        self.on_append(events[-1].kind)


@pytest.fixture
def watched(github):
    stores: list[Watched] = []

    def change(platform):
        stores.append(Watched(platform.store))
        platform = replace(platform, store=stores[-1])
        return every_message_twice(platform) if github.redelivery_mode else platform

    change.stores = stores
    return change


def asked(bot, github, repo, model, config=""):
    """An issue whose run waits for an answer."""
    if config:
        github.maintainer.push(repo, "main", {".github/lamplighter.yml": stories.CONFIG + config})
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.question_then_fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    return issue


def later(bot, clock, seconds):
    clock.advance(seconds)
    bot.run_until_idle()


@pytest.mark.parametrize("moment", ["question.asked", "snapshot.taken", "run.parked", "publish.settled"])
def test_an_answer_wakes_the_run_whenever_it_comes(make_bot, github, repo, model, watched, moment):
    bot = make_bot(change=watched)
    [store] = watched.stores
    seen: list[str] = []

    def on_append(kind):
        seen.append(kind)
        if kind == moment and "question.asked" in seen and not any(name == "answer" for name in seen):
            seen.append("answer")
            github.contributor.comment(repo.threads[1], "/agent answer 1a")
            github.deliver_pending()
            bot.control.drain_jobs()

    store.on_append = on_append
    issue = asked(bot, github, repo, model)

    [run] = bot.runs
    assert run.reason == "proposed"
    assert [answer.said.by for answer in bot.state_of(run.run_id).answers] == [github.contributor.login]
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_whoever_asked_is_reminded_once_and_the_run_ends_after_a_week(bot, github, repo, model, clock):
    issue = asked(bot, github, repo, model)
    before = len(said(issue))
    later(bot, clock, 23 * HOUR)
    assert len(said(issue)) == before
    later(bot, clock, HOUR)
    reminder = said(issue)[-1]
    assert f"@{github.maintainer.login} I still need an answer" in reminder
    assert "What should" in reminder and "`/agent answer 1a`" in reminder and "I stop on" in reminder
    for _ in range(5):
        later(bot, clock, DAY)
    assert len(said(issue)) == before + 1
    assert bot.runs[0].phase == "parked"

    later(bot, clock, DAY)
    assert bot.runs[0].reason == "needs_decision"
    assert "I waited 7 days for an answer" in said(issue)[-1]
    assert "`/agent retry`" in said(issue)[-1]
    assert "agent-fix" not in issue.labels and "agent:needs-info" not in issue.labels


def test_an_answer_after_the_reminder_goes_on(bot, github, repo, model, clock):
    issue = asked(bot, github, repo, model)
    later(bot, clock, DAY)
    github.contributor.comment(issue, "None, please.")
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    later(bot, clock, 8 * DAY)
    assert [run.reason for run in bot.runs] == ["proposed"]
    bot.read_everything(issue)


@pytest.mark.parametrize(
    ("config", "reminders", "ends"),
    [
        ("questions: {remind_after: 1h, end_after: 2h}\n", 1, True),
        ("questions: {remind_after: never, end_after: 2h}\n", 0, True),
        ("questions: {remind_after: 1h, end_after: never}\n", 1, False),
        ("questions: {remind_after: never, end_after: never}\n", 0, False),
    ],
)
def test_a_repository_says_how_long_its_questions_wait(bot, github, repo, model, clock, config, reminders, ends):
    issue = asked(bot, github, repo, model, config)
    for _ in range(6):
        later(bot, clock, HOUR / 2)
    later(bot, clock, 30 * DAY)

    assert sum("I still need an answer" in text for text in said(issue)) == reminders
    assert (bot.runs[0].phase == "ended") == ends


def test_a_tick_reads_no_ledger_while_a_question_waits(make_bot, github, repo, model, clock, watched):
    bot = make_bot(change=watched)
    issue = asked(bot, github, repo, model)
    [store] = watched.stores
    store.read = 0
    for _ in range(20):
        clock.advance(60)
        bot.control.scheduler.tick()

    assert store.read == 0
    bot.read_everything(issue)
