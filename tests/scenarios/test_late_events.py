"""Label, close and lock events come late, twice and in any order; GitHub's reads lag behind them."""

from __future__ import annotations

import itertools

import pytest

from tests.scenarios import stories

LAGS = [0.0, 1.0, 2.0, 3.0, 10.0]  # seconds: of the three events below a read shows all, two, one, none


def labelled_on_off_on(github, repo, clock, *, seconds_apart):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.deliver_pending()
    clock.advance(60)
    github.maintainer.label(issue, "agent-fix")
    clock.advance(seconds_apart)
    github.maintainer.unlabel(issue, "agent-fix")
    clock.advance(seconds_apart)
    github.maintainer.label(issue, "agent-fix")
    return issue


@pytest.mark.parametrize("order", list(itertools.permutations("LUl")), ids="".join)
@pytest.mark.parametrize("lag", LAGS)
def test_a_label_on_off_and_on_again_is_one_run_that_goes_on(bot, github, repo, model, clock, order, lag):
    """`L` on, `U` off, `l` on again, delivered in any order (the `twice` telling: each of them twice)."""
    issue = labelled_on_off_on(github, repo, clock, seconds_apart=1 if lag else 0)
    sent = dict(zip("LUl", github.pending, strict=True))
    github.world.outbox.queue[:] = [sent[name] for name in order]
    github.stale_threads(lag)
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert [run.reason for run in bot.runs].count("proposed") == 1
    assert {run.reason for run in bot.runs} <= {"proposed", "cancelled"}
    assert not any("already on this" in comment.body for comment in issue.comments)
    assert issue.labels == ["agent:done"]
    bot.read_everything(issue)


@pytest.mark.parametrize("order", ["LU", "UL"])
@pytest.mark.parametrize("lag", LAGS)
def test_a_label_that_is_off_again_is_no_run_that_goes_on(bot, github, repo, clock, order, lag):
    """Whichever comes first. In the right order a run has begun, and is stopped before it costs anything."""
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.deliver_pending()
    clock.advance(60)
    github.maintainer.label(issue, "agent-fix")
    clock.advance(1 if lag else 0)
    github.maintainer.unlabel(issue, "agent-fix")
    if order == "UL":
        github.reorder_pending()
    github.stale_threads(lag)
    for _ in range(8):  # dispatch runs ahead of the workers
        github.deliver_pending()
        bot.control.drain_jobs()
        clock.advance(10)
    bot.run_until_idle()

    assert repo.pulls == []
    assert {run.reason for run in bot.runs} <= {"cancelled"}
    assert sum(run.cost_usd for run in bot.runs) == 0
    if order == "UL":
        assert bot.runs == []
        assert issue.comments == []
    bot.read_everything(issue)


def test_a_label_that_a_read_does_not_show_yet_is_not_lost(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    github.stale_threads(8)
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    bot.read_everything(issue)


@pytest.mark.parametrize(
    ("do", "undo"),
    [
        (lambda person, issue: person.close(issue), lambda person, issue: person.reopen(issue)),
        (
            lambda person, issue: person.label(issue, "agent:off"),
            lambda person, issue: person.unlabel(issue, "agent:off"),
        ),
    ],
    ids=["closed", "switched off"],
)
def test_what_was_taken_back_long_ago_stops_nothing(bot, github, repo, model, clock, do, undo):
    """The delivery that says so was held up, and arrives when work has begun anew."""
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.deliver_pending()
    do(github.maintainer, issue)
    held_up = list(github.pending)
    github.world.outbox.queue.clear()
    undo(github.maintainer, issue)
    clock.advance(60)
    github.maintainer.label(issue, "agent-fix")
    stories.fix(model)
    bot.step_until(lambda: bot.runs)
    github.world.outbox.queue[:] = held_up
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["proposed"]
    bot.read_everything(issue)


def test_a_request_while_the_run_before_stops_is_not_lost(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.comment(issue, "/agent stop")
    github.maintainer.comment(issue, "/agent fix")
    stories.fix(model)
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled", "proposed"]
    assert not any("already on this" in comment.body for comment in issue.comments)
    bot.read_everything(issue)
