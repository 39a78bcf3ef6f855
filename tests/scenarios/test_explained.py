"""Explain, resume and budget: what people ask of a run besides work."""

from __future__ import annotations

from app.agent.models.scripted import bash, fault, finish
from tests.scenarios import stories


def ask_for_a_fix(github, repo):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    return issue


def test_explain_says_who_asked_which_rule_decided_and_what_came_of_it(bot, github, repo, model):
    stories.fix(model)
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()
    github.contributor.comment(issue, "/agent explain")
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert f"{github.maintainer.login} put the label agent-fix on" in said
    assert f"`main` at `{repo.tip('main')[:7]}`" in said and "Ended: proposed" in said
    assert "yes: The command starts a run, and none is at work" in said
    assert "no model was asked" in said
    assert len(said.partition("<details>")[0].splitlines()) <= 15
    bot.read_everything(issue)


def test_resume_goes_on_before_its_time(bot, github, repo, model):
    model.will(fault(529, times=40), finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    issue = ask_for_a_fix(github, repo)
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    assert bot.runs[0].phase == "parked"
    until = bot.runs[0].park_until
    github.maintainer.comment(issue, "/agent resume")
    bot.step_until(lambda: bot.runs[0].phase == "working")

    assert bot.clock.now().isoformat() < until
    bot.run_until_idle()
    bot.read_everything(issue)


def test_budget_is_for_maintainers_and_counts_for_the_run_at_work(bot, github, repo, model):
    model.will(bash("true"), finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    issue = ask_for_a_fix(github, repo)
    bot.step_until(lambda: bot.workers.waiting)
    github.contributor.comment(issue, "/agent budget 9")
    github.maintainer.comment(issue, "/agent budget plenty")
    github.maintainer.comment(issue, "/agent budget 3")
    bot.run_until_idle()

    words = "\n".join(comment.read() for comment in issue.comments)
    assert "needs the **maintain** role" in words and "takes an amount in US dollars" in words
    assert "of $3.00" in words
    worked = next(run for run in bot.runs if run.reason == "nothing_to_do")
    assert bot.state_of(worked.run_id).run_usd == 3.0

    github.maintainer.comment(issue, "/agent budget 4")
    bot.run_until_idle()
    assert "`/agent retry --budget 4`" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_model_chosen_in_mid_run_is_asked_from_the_next_call_on(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.question_then_fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    github.maintainer.comment(issue, "/agent model depe")
    asked = github.maintainer.comment(issue, "/agent model deep")
    github.contributor.comment(issue, "/agent answer 1a")
    bot.run_until_idle()

    assert any("Did you mean `/agent model deep`?" in comment.read() for comment in issue.comments)
    assert [reaction.content for reaction in asked.reactions] == ["eyes"]
    [run] = [run for run in bot.runs if run.reason == "proposed"]
    calls = [event.data for event in bot.platform.store.events(run.run_id) if event.kind == "model.called"]
    names = bot.settings.models
    assert [call["model"] for call in calls] == [names.default] * 2 + [names.deep] * (len(calls) - 2)
    assert [call["effort"] for call in calls[1:3]] == ["high", "xhigh"]
    assert f"Agent-Model: {names.deep}" in repo.commit(repo.pulls[0].head_sha).message
    github.maintainer.comment(issue, "/agent model fast")
    bot.run_until_idle()
    assert "`/agent retry --model fast`" in issue.comments[-1].read()
    bot.read_everything(issue)
