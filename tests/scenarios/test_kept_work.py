"""Finished work is never lost to a refusal: it is published later, or kept until somebody asks for it again."""

from __future__ import annotations

import pytest

from tests.scenarios import stories
from tests.scenarios.test_bad_days import parts
from tests.scenarios.test_endings import ask_for_a_fix

REFS, PULLS, GRAPHQL = "POST /repos/*/*/git/refs", "POST /repos/*/*/pulls", "POST /graphql"
NO_PERMISSION = "Resource not accessible by integration"
_NO_REPOSITORY = "There is at least one repository that does not exist or is not accessible to the parent installation."


def model_calls(bot):
    store = bot.platform.store
    return sum(event.kind == "model.called" for run in bot.runs for event in store.events(run.run_id))


@pytest.mark.parametrize(
    ("match", "status", "message", "times"),
    [
        (REFS, 422, "Object does not exist", 6),  # longer than the client's own patience
        (REFS, 403, NO_PERMISSION, 3),
        (PULLS, 422, "Validation Failed", 1),
        (PULLS, 404, "Not Found", 6),
        ("POST /app/installations/*/access_tokens", 422, _NO_REPOSITORY, 2),
    ],
)
def test_work_that_github_refused_is_published_later(bot, github, repo, model, match, status, message, times):
    skip = 2 if "access_tokens" in match else 0  # those for asking and talking come first
    github.faults.add(match, status=status, message=message, times=times, skip=skip)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1
    assert sorted(repo.branches) == sorted(["main", repo.pulls[0].head])
    assert issue.labels == ["agent:done"]
    assert "could not be opened" not in issue.comments[0].body
    assert bot.runs[0].reason == "proposed"


def test_meanwhile_the_status_says_so(bot, github, repo, model):
    github.faults.add(PULLS, status=403, message=NO_PERMISSION, times=3)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    before = [body for body in issue.comments[0].edits if "could not be opened yet" in body]
    assert NO_PERMISSION in before[0]
    assert "the change is kept" in before[0]
    assert not any("Pull request opened" in body for body in before)
    assert parts(issue) == ["status", "result"]


@pytest.fixture
def ready(github):
    """A repository that wants pull requests ready for review."""
    config = stories.CONFIG + "autonomy: ready\n"
    return github.repository("acme/ready", files=stories.PROJECT | {".github/lamplighter.yml": config})


@pytest.mark.parametrize("times", [0, 1])
def test_a_pull_request_is_marked_ready_also_at_the_second_try(bot, github, ready, model, times):
    github.faults.add(GRAPHQL, status=404, message="Not Found", times=times)
    issue = ask_for_a_fix(github, ready)
    stories.fix(model)
    bot.run_until_idle()

    assert [pull.draft for pull in ready.pulls] == [False]
    assert "draft" not in issue.comments[-1].read()
    assert parts(issue) == ["status", "result"]


def test_a_draft_that_could_not_be_marked_ready_is_our_pull_request(bot, github, ready, model):
    repo = ready
    github.faults.add(GRAPHQL, status=403, message=NO_PERMISSION, times=None)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert bot.runs[0].reason == "proposed"
    said = issue.comments[-1].read()
    assert f"#{pull.number}" in said
    assert "It is a **draft**: I could not mark it ready for review" in said
    assert parts(issue) == ["status", "result"]


def test_a_retry_publishes_what_is_kept_without_asking_the_model(bot, github, repo, model):
    github.faults.add(PULLS, status=403, message=NO_PERMISSION, times=None)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()
    assert bot.runs[0].reason == "failed"
    assert "publishing it costs nothing" in issue.comments[-1].read()
    assert repo.pulls == []
    paid, spent = model_calls(bot), bot.runs[0].cost_usd

    github.faults.clear()
    asked = github.maintainer.comment(issue, "/agent retry")
    bot.run_until_idle()
    (pull,) = repo.pulls
    assert pull.title == "Return None when dividing by zero"
    assert (model_calls(bot), bot.runs[0].cost_usd) == (paid, spent)
    assert [run.reason for run in bot.runs] == ["proposed"]
    assert parts_of_the_bot(issue) == ["status", "result", "result-2"]
    assert f"#{pull.number}" in issue.comments[-1].body
    assert issue.labels == ["agent:done"]
    assert [reaction.content for reaction in asked.reactions] == ["eyes"]


def test_a_retry_starts_anew_when_the_base_has_moved(bot, github, repo, model):
    github.faults.add(PULLS, status=403, message=NO_PERMISSION, times=None)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    github.faults.clear()
    github.maintainer.push(repo, "main", {"README.md": "Moved.\n"}, message="Move on")
    github.maintainer.comment(issue, "/agent retry")
    stories.fix(model)
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["failed", "proposed"]
    assert len(repo.pulls) == 1
    assert any("`main` has moved" in said for said in [comment.read() for comment in issue.comments])


def parts_of_the_bot(issue):
    return [comment.read().split("part=")[1].split(" ")[0] for comment in issue.comments if "part=" in comment.body]


def test_a_repository_that_left_in_mid_run_stops_the_run(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    github.owner.transfer_repository(repo, "elsewhere")
    github.lose_next(10)
    bot.run_until_idle()

    assert [(run.phase, run.reason) for run in bot.runs] == [("ended", "out_of_reach")]
    assert repo.pulls == []
    state = bot.state_of(bot.runs[0].run_id)
    assert "`acme/calc` was out of my reach" in state.reason
    bot.read_everything(issue)
