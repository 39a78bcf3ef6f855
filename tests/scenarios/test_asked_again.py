"""GitHub is asked again when a run goes on and before its pull request; the delivery that would have told is lost."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import ask, finish, question
from tests.scenarios import stories


def lower_role(github, _repo, _issue):
    github.world.person_roles[github.maintainer.login] = "read"


def switch_off(github, repo, _issue):
    mine = github.world.app.bot
    from app.simulator.people import Person

    onboarding = Person(github.world, mine).open_issue(
        repo, "Lamplighter is here", body="<!-- lamplighter onboarding -->"
    )
    github.maintainer.label(onboarding, "agent:off")


def fill_with_pulls(github, repo, _issue):
    for number in range(5):
        github.maintainer.push(repo, f"agent/{number}", {f"{number}.txt": "x"}, start="main")
        github.maintainer.open_pull(repo, f"agent/{number}", f"Number {number}")


CAUSES = {
    "label off": (
        lambda github, _repo, issue: github.maintainer.unlabel(issue, "agent-fix"),
        "was taken off",
        "cancelled",
    ),
    "agent:off": (
        lambda github, _repo, issue: github.maintainer.label(issue, "agent:off"),
        "`agent:off` is on",
        "cancelled",
    ),
    "closed": (lambda github, _repo, issue: github.maintainer.close(issue), "This is closed", "cancelled"),
    "locked": (lambda github, _repo, issue: github.maintainer.lock(issue), "conversation is locked", "cancelled"),
    "role": (lower_role, "has the read role here now", "told"),
    "pulls": (fill_with_pulls, "5 of my pull requests are open here already", "told"),
}


@pytest.fixture(params=CAUSES)
def cause(request):
    """(what happens unheard, what is said of it, whether it was taken back or somebody is told)"""
    return CAUSES[request.param]


def unheard(github, do, repo, issue):
    """It happens, and no delivery tells of it."""
    github.deliver_pending()
    do(github, repo, issue)
    github.world.outbox.queue.clear()


def said_about(issue):
    return "\n".join(comment.read() for comment in issue.comments).replace("\\", "")


def test_a_parked_run_does_not_go_on_when_its_request_no_longer_stands(bot, github, repo, model, clock, cause):
    do, says, how = cause
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    model.will(ask(question("What should it give?", "None", "an error")))
    bot.run_until_idle()
    cost = bot.runs[0].cost_usd
    unheard(github, do, repo, issue)
    before = len(repo.pulls)
    github.contributor.comment(issue, "/agent answer 1a")
    bot.run_until_idle()

    assert len(repo.pulls) == before
    assert bot.runs[0].reason == "cancelled"
    assert bot.runs[0].cost_usd == cost
    assert says in said_about(issue)
    assert ("**Next:**" in said_about(issue)) == (how == "told")


def test_a_queued_run_does_not_go_on_when_its_request_no_longer_stands(make_bot, github, repo, model, cause):
    do, says, how = cause
    bot = make_bot(concurrency=1)
    first = github.contributor.open_issue(repo, "Bug 1", body="It raises.")
    issue = github.maintainer.open_issue(repo, "Bug 2", body="It raises.")
    github.contributor.label(first, "agent-fix")
    bot.step_until(lambda: len(bot.runs) == 1)
    github.maintainer.label(issue, "agent-fix")
    bot.step_until(lambda: len(bot.runs) == 2)
    bot.control.drain_publishing()
    assert "agent:queued" in issue.labels
    unheard(github, do, repo, issue)
    model.will(finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    bot.run_until_idle()

    (run,) = [run for run in bot.runs if run.number == issue.number]  # both began at the same moment of a held clock
    assert run.reason == ("refused" if how == "told" else "cancelled")
    assert run.cost_usd == 0
    assert says in said_about(issue)
    assert "agent:queued" not in issue.labels
    bot.read_everything(first)


def test_no_pull_request_is_made_when_the_request_no_longer_stands(bot, github, repo, model, cause):
    do, says, how = cause
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.control.drain_publishing()  # on a locked thread nothing new can be said, but what stands there can be edited
    while bot.runs[0].phase != "ended":
        bot.work_waiting()
    assert bot.runs[0].reason == "proposed"
    unheard(github, do, repo, issue)
    before, branches = len(repo.pulls), len(repo.branches)
    bot.run_until_idle()

    assert (len(repo.pulls), len(repo.branches)) == (before, branches)
    assert bot.runs[0].reason == ("failed" if how == "told" else "cancelled")
    assert bot.state_of(bot.runs[0].run_id).proposal  # it is kept
    said = said_about(issue)
    assert says in said
    assert "The change is ready and kept" in said


def test_github_away_at_that_moment_is_no_refusal(bot, github, repo, model, clock):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    stories.question_then_fix(model)
    bot.run_until_idle()
    github.faults.add("GET /repos/*/*", status=503, times=12)
    github.maintainer.comment(issue, "/agent answer 1a")
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["proposed"]
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_switched_off_in_the_whole_repository(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    model.will(ask(question("What should it give?", "None", "an error")))
    bot.run_until_idle()
    unheard(github, switch_off, repo, issue)
    github.maintainer.comment(issue, "/agent answer 1a")
    bot.run_until_idle()

    assert bot.runs[0].reason == "cancelled"
    assert "I am switched off in this repository" in said_about(issue)
