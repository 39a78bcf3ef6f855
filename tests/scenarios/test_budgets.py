"""Money: the day's budget is asked whenever a run starts to spend, and nobody is promised the same dollar twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.agent.models.scripted import ask, bash, finish, question
from tests.scenarios import stories


def with_budget(github, budget, name="acme/thrifty"):
    config = stories.CONFIG + f"budget: {budget}\n"
    return github.repository(name, files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main")


def labelled(github, repo, count):
    issues = [github.maintainer.open_issue(repo, f"Bug {n}", body="It raises.") for n in range(count)]
    for issue in issues:
        github.maintainer.label(issue, "agent-fix")
    return issues


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_day_that_pays_one_run_starts_one_and_tells_the_others(make_bot, github, model, concurrency):
    bot = make_bot(concurrency=concurrency)
    repo = with_budget(github, "{day_usd: 0.01}")
    issues = labelled(github, repo, 5)
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert sorted(run.reason for run in bot.runs) == ["proposed", *["refused"] * 4]
    assert 0 < sum(run.cost_usd for run in bot.runs) < 0.02  # no call begins above a cent
    for issue in issues[1:]:
        told = issue.comments[-1].read()
        assert "Today's budget is spent: $0.0" in told
        assert "of $0.01 (`budget.day_usd`)" in told
        assert "midnight UTC" in told
        assert [label for label in issue.labels if label.startswith("agent:")] == []
    bot.read_everything(*issues)


def test_runs_at_work_hold_what_they_may_cost(make_bot, github, model):
    """Two dollars a run and five a day: the third waits for money, not for room, and starts when some comes back."""
    bot = make_bot()
    repo = with_budget(github, "{run_usd: 2, day_usd: 5}")
    issues = labelled(github, repo, 3)
    bot.step_until(lambda: len(bot.runs) == 3)
    bot.control.drain_publishing()

    assert sorted(run.phase for run in bot.runs) == ["parked", "working", "working"]
    (third,) = [run for run in bot.runs if run.phase == "parked"]  # threads keep no order among one another
    (waiting,) = [comment.read() for issue in issues if issue.number == third.number for comment in issue.comments]
    assert "Runs at work may need what is left of today's budget of $5.00" in waiting
    assert "It goes on by itself" in waiting
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()
    assert {run.reason for run in bot.runs} == {"nothing_to_do"}
    bot.read_everything(*issues)


def test_money_counts_for_the_day_on_which_it_is_spent(make_bot, github, model, clock):
    bot = make_bot()
    repo = with_budget(github, "{run_usd: 1, day_usd: 1}")
    first, second = (github.maintainer.open_issue(repo, f"Bug {n}", body="It raises.") for n in (1, 2))
    github.maintainer.label(first, "agent-fix")
    model.will(bash("true"), ask(question("What should it give?", "None", "an error")))
    bot.run_until_idle()  # it has spent something today, and holds nothing while it waits for an answer
    assert bot.runs[0].phase == "parked"
    today = clock.now().date().isoformat()
    spent_today = bot.runs[0].spent_on(today)
    assert spent_today == pytest.approx(bot.runs[0].cost_usd)

    clock.advance(86_400)
    tomorrow = clock.now().date().isoformat()
    github.maintainer.comment(first, "/agent answer 1a")
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()
    assert bot.runs[0].spent_on(today) == spent_today
    assert bot.runs[0].spent_on(tomorrow) == pytest.approx(bot.runs[0].cost_usd - spent_today, abs=1e-5)
    charged = bot.platform.store.charged_on(repo.id, tomorrow)
    assert [run.run_id for run in charged] == [bot.runs[0].run_id]

    github.maintainer.label(second, "agent-fix")  # a run of yesterday has spent of today's dollar
    bot.run_until_idle()
    assert bot.runs[1].reason == "refused"
    assert "Today's budget is spent" in second.comments[-1].read()
    bot.read_everything(first, second)


def test_an_answer_on_a_day_without_money_waits_for_midnight(make_bot, github, model, clock):
    bot = make_bot()
    repo = with_budget(github, "{run_usd: 1, day_usd: 0.5}")
    first, second = (github.maintainer.open_issue(repo, f"Bug {n}", body="It raises.") for n in (1, 2))
    github.maintainer.label(first, "agent-fix")
    model.will(ask(question("What should it give?", "None", "an error")))
    bot.run_until_idle()
    clock.advance(86_400)
    github.maintainer.label(second, "agent-fix")
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["question", "question"]  # the second one has spent of this day

    github.maintainer.comment(first, "/agent answer 1a")
    bot.step_until(lambda: bot.runs[0].reason == "budget")
    bot.control.drain_publishing()
    assert "It starts anew at midnight UTC." in first.comments[0].read()
    assert "agent:parked" in first.labels
    until = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert bot.runs[0].park_until == until.isoformat()
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["nothing_to_do", "question"]
    assert clock.now() >= until
    bot.read_everything(first, second)


def test_work_that_used_up_the_day_goes_on_with_the_next(make_bot, github, model, clock):
    bot = make_bot()
    repo = with_budget(github, "{run_usd: 1, day_usd: 0.012}")
    issue = labelled(github, repo, 1)[0]
    for number in range(4):
        model.will(bash(f"seq {number} {number + 1000}"))
    stories.fix(model)
    began = clock.now()
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert clock.now() - began > timedelta(hours=12)
    days = [
        event.data["until"] for event in bot.platform.store.events(bot.runs[0].run_id) if event.kind == "run.parked"
    ]
    assert days and all("T00:00:00" in day for day in days)
    bot.read_everything(issue)


def test_working_minutes_do_not_follow_the_wall_clock(make_bot, github, model, clock):
    """NTP puts the clock back and forth by hours while the run works: it has worked for as long as it has."""
    bot = make_bot()
    repo = with_budget(github, "{minutes: 30}")
    issue = labelled(github, repo, 1)[0]
    moves = iter([7200.0, -7200.0, 0.0, 86_400.0 * 3])

    class Wavering:
        def reply(self, request, on_text=None):
            clock.advance(60)
            clock.set_wall(next(moves, 0.0))
            return real.reply(request, on_text)

    real = bot.platform.model()
    bot.use_model(Wavering())
    stories.fix(model)
    bot.run_until_idle()
    state = bot.state_of(bot.runs[0].run_id)
    assert state.outcome == "proposed"
    assert state.turns * 60 <= state.worked_seconds < 30 * 60
    (status,) = [text for comment in issue.comments if "part=status" in (text := comment.read())]
    assert f"| Work | {state.turns} min |" in status  # as people read it, too
    bot.read_everything(issue)
