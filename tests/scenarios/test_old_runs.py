"""What is left of a run after a month, and after a year: as much as was promised, and no trace that looks like harm."""

from __future__ import annotations

from tests.scenarios import stories
from tests.scenarios.test_bad_days import parts
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_kept_work import NO_PERMISSION, PULLS, model_calls


def test_after_a_month_the_contents_are_gone_and_the_ledger_is_whole(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    assert parts(issue) == ["status", "result"]
    run_id = bot.runs[0].run_id
    before = bot.examined(run_id)
    assert (before.problems, before.retired) == ([], 0)

    bot.days_pass(29)
    assert bot.examined(run_id) == before
    bot.days_pass(4)
    after = bot.examined(run_id)
    assert (after.events, after.problems) == (before.events, [])
    assert after.retired > 0
    assert bot.run_until_idle() is None
    assert len(repo.pulls) == 1


def test_contents_that_go_before_their_time_are_an_error(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    assert parts(issue) == ["status", "result"]
    bot.days_pass(33)
    bot.settings = bot.settings._replace(retention_days=60)
    assert all(problem.endswith("is gone") for problem in bot.examined(bot.runs[0].run_id).problems)
    assert bot.examined(bot.runs[0].run_id).problems


def test_finished_work_that_was_not_published_is_kept_and_published_after_forty_days(bot, github, repo, model):
    github.faults.add(PULLS, status=403, message=NO_PERMISSION, times=None)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    assert bot.runs[0].reason == "failed"
    paid = model_calls(bot)

    bot.days_pass(40)
    assert bot.examined(bot.runs[0].run_id).problems == []
    assert bot.examined(bot.runs[0].run_id).retired == 0
    github.faults.clear()
    github.maintainer.comment(issue, "/agent retry")
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    assert model_calls(bot) == paid
    bot.read_everything(issue)


def test_a_question_that_waits_for_months_keeps_everything(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.question_then_fix(model)
    bot.run_until_idle()
    (run,) = bot.runs
    bot.days_pass(60)
    assert bot.examined(run.run_id).problems == []
    assert bot.examined(run.run_id).retired == 0
    github.maintainer.comment(issue, "1a")
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_after_four_hundred_days_the_ledger_is_gone_and_nobody_misses_it(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    assert parts(issue) == ["status", "result"]
    (old,) = bot.runs
    bot.clock.advance(397 * 86_400)
    bot.days_pass(2)
    assert bot.known_runs() == [old.run_id]
    assert bot.examined(old.run_id).problems == []

    bot.days_pass(5)
    assert bot.known_runs() == []
    assert bot.platform.store.witness_problems() == []
    assert bot.platform.store.events(old.run_id) == []

    again = ask_for_a_fix(github, repo, title="Divide by zero, again")
    stories.fix(model)
    bot.run_until_idle()
    assert bot.known_runs() == [run.run_id for run in bot.runs]
    bot.read_everything(again)
