"""While finished work waits for GitHub people change their minds, and somebody else may ask for it later."""

from __future__ import annotations

import pytest

from tests.scenarios import stories
from tests.scenarios.test_asked_again import lower_role, unheard
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_kept_work import NO_PERMISSION, PULLS, model_calls


def waits_for_its_pull_request(bot, github, repo, model, times=3):
    github.faults.add(PULLS, status=403, message=NO_PERMISSION, times=times)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    while "pull" not in bot.state_of(bot.runs[0].run_id).delayed:
        bot.work_waiting()
        bot.control.drain_publishing()
        bot.clock.advance(1)
    return issue


def read(issue):
    return "\n".join(comment.read() for comment in issue.comments).replace("\\", "")


@pytest.mark.parametrize("how", ["label off", "closed", "agent:off", "role"])
def test_called_off_while_it_waits_is_kept_for_whoever_asks_again(bot, github, repo, model, how):
    issue = waits_for_its_pull_request(bot, github, repo, model)
    person = github.maintainer
    do, undo = {
        "label off": (lambda *_: person.unlabel(issue, "agent-fix"), lambda: None),
        "closed": (lambda *_: person.close(issue), lambda: person.reopen(issue)),
        "agent:off": (lambda *_: person.label(issue, "agent:off"), lambda: person.unlabel(issue, "agent:off")),
        "role": (lower_role, lambda: None),
    }[how]
    unheard(github, do, repo, issue)
    bot.run_until_idle()
    assert repo.pulls == []
    assert bot.runs[0].reason == ("failed" if how == "role" else "cancelled")
    assert not bot.runs[0].unpublished
    assert not {"agent-fix", "agent:working"} & set(issue.labels)
    assert "The change is ready and kept" in read(issue)
    paid = model_calls(bot)

    undo()
    asked_by = github.contributor if how == "role" else person
    asked_by.comment(issue, "/agent retry")
    bot.run_until_idle()
    assert "could not be opened" not in issue.comments[0].read()
    bot.read_everything(issue)
    assert model_calls(bot) == paid
    assert len(repo.pulls) == 1
    assert [run.reason for run in bot.runs] == ["proposed"]


def test_stop_while_it_waits_opens_nothing(bot, github, repo, model):
    issue = waits_for_its_pull_request(bot, github, repo, model)
    github.maintainer.comment(issue, "/agent stop")
    bot.run_until_idle()
    assert repo.pulls == []
    assert [run.reason for run in bot.runs if run.reason != "replied"] == ["cancelled"]
    assert not bot.runs[0].unpublished
    assert "Stopped by" in read(issue)
    paid = model_calls(bot)

    github.maintainer.comment(issue, "/agent retry")
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    assert model_calls(bot) == paid
    bot.read_everything(issue)


def label_again(github, issue):
    github.maintainer.unlabel(issue, "agent-fix")
    github.maintainer.label(issue, "agent-fix")


@pytest.mark.parametrize(
    ("ask", "told"),
    [(lambda github, issue: github.maintainer.comment(issue, "/agent fix"), True), (label_again, False)],
    ids=["comment", "label"],
)
def test_who_asks_again_while_it_waits_pays_for_no_second_run(bot, github, repo, model, ask, told):
    issue = waits_for_its_pull_request(bot, github, repo, model)
    paid = model_calls(bot)
    ask(github, issue)
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    assert model_calls(bot) == paid
    assert ("GitHub has refused its pull request so far" in read(issue)) == told
