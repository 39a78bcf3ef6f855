"""Plan first: nothing is changed before a person has approved the plan that stands there now."""

from __future__ import annotations

from app.agent.models.scripted import create, finish, plan
from tests.scenarios import stories


def propose(model, *more):
    return model.will(
        plan(
            "Return None for a zero divisor",
            "Test it",
            files=["calc.py", "test_by_zero.py"],
            risks=["Callers see None"],
        ),
        *more,
    )


def carry_out(model):
    model.will(
        create("test_by_zero.py", stories.REGRESSION),
        stories.SMALL_FIX,
        finish("Return None when dividing by zero", "It does now."),
    )


def ask(github, repo):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.comment(issue, "/agent plan")
    return issue


def test_a_plan_waits_for_approval_and_is_carried_out(bot, github, repo, model):
    propose(model)
    carry_out(model)
    issue = ask(github, repo)
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert "my plan, before I change anything" in said and "1. Return None for a zero divisor" in said
    assert "`calc.py`" in said and "`/agent approve` carries it out" in said
    assert "Waiting for approval" in issue.comments[-2].read()
    assert issue.labels == ["agent:needs-approval"]
    assert repo.pulls == []
    github.contributor.comment(issue, "Looks good to me.")
    bot.run_until_idle()
    assert bot.runs[0].phase == "parked"

    github.maintainer.comment(issue, "/agent approve")
    bot.run_until_idle()
    [pull] = repo.pulls
    assert "Approved: carry the plan out" in pull.body
    bot.read_everything(issue)


def test_a_revised_plan_outdates_the_one_before(bot, github, repo, model):
    propose(model, plan("Raise a ValueError with a message", files=["calc.py"]))
    carry_out(model)
    issue = ask(github, repo)
    bot.run_until_idle()
    first = issue.comments[-1].read().split("plan `")[1][:8]
    github.maintainer.comment(issue, "/agent revise raise instead")
    bot.run_until_idle()
    assert "1. Raise a ValueError" in issue.comments[-1].read()

    github.maintainer.comment(issue, f"/agent approve {first}")
    bot.run_until_idle()
    assert f"`{first}` is not the plan that waits" in issue.comments[-1].read()
    assert repo.pulls == []
    [second] = [
        comment.body.split("plan `")[1][:8] for comment in issue.comments if "1. Raise a ValueError" in comment.body
    ]
    github.maintainer.comment(issue, f"/agent approve {second}")
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_a_model_that_skips_the_plan_proposes_nothing(bot, github, repo, model):
    carry_out(model)
    propose(model)
    issue = ask(github, repo)
    bot.run_until_idle()

    assert repo.pulls == []
    assert "my plan, before I change anything" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_repository_may_want_plans_always(bot, github, repo, model):
    config = stories.CONFIG + "autonomy: plan\n"
    github.maintainer.push(repo, "main", {".github/lamplighter.yml": config})
    propose(model)
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    assert "my plan, before I change anything" in issue.comments[-1].read()
    github.outsider.comment(issue, "/agent approve")
    bot.run_until_idle()
    assert bot.runs[-1].phase == "parked" or any(run.phase == "parked" for run in bot.runs)
    bot.read_everything(issue)


def test_what_is_asked_for_on_a_pull_request_is_planned_as_well(bot, github, repo, model):
    github.maintainer.push(repo, "main", {".github/lamplighter.yml": stories.CONFIG + "autonomy: plan\n"})
    github.contributor.push(repo, "halves", {"half.py": "HALF = 0.5\n"}, message="Add half")
    pull = github.contributor.open_pull(repo, "halves", "Add half")
    before = pull.head_sha
    propose(model)
    carry_out(model)
    github.maintainer.comment(pull, "/agent return None for a zero divisor")
    bot.run_until_idle()
    assert "my plan, before I change anything" in pull.comments[-1].read() and pull.head_sha == before

    github.maintainer.comment(pull, "/agent approve")
    bot.run_until_idle()
    assert list(repo.commit(pull.head_sha).parents) == [before]
    bot.read_everything(pull)


def test_approve_without_a_plan_says_so(bot, github, repo):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.comment(issue, "/agent approve")
    bot.run_until_idle()
    assert "No plan waits for approval here" in issue.comments[-1].read()
