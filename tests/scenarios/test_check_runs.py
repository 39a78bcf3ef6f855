"""The check run of a run on a pull request: there from the start, with buttons, and never left at work."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import create, finish, plan
from app.simulator.records import Protection
from tests.scenarios.test_failed_checks import LOG
from tests.scenarios.test_follow_up import IDEA, TEST_HALF, add_a_test


@pytest.fixture
def pull(github, repo):
    github.contributor.push(repo, "halves", IDEA, message="Add half")
    return github.contributor.open_pull(repo, "halves", "Add half", body="Halves a number.")


def check_on(repo, sha):
    [run] = [run for run in repo.check_runs(sha) if run.name == "lamplighter"]
    return run


def buttons(run):
    return [action["label"] for action in run.actions]


def begin(bot, github, pull, words="/agent add a test for half"):
    """Asked for and shown, its worker not yet at work."""
    github.maintainer.comment(pull, words)
    bot.step_until(lambda: bot.workers.waiting)
    bot.control.drain_publishing()


def test_a_check_stands_from_the_start_and_moves_with_the_head(bot, github, repo, model, pull):
    before = pull.head_sha
    add_a_test(model)
    begin(bot, github, pull)
    old = check_on(repo, before)
    assert (old.status, buttons(old)) == ("in_progress", ["Stop"])
    assert old.output["title"] == "Starting"

    bot.run_until_idle()
    new = check_on(repo, pull.head_sha)
    assert (old.status, old.conclusion, buttons(old)) == ("completed", "neutral", [])
    assert old.output["title"] == f"Went on with {pull.head_sha[:7]}"
    assert (new.status, new.conclusion, buttons(new)) == ("completed", "success", ["Retry"])
    written = [request for request in github.requests if "/check-runs" in request.path and request.method != "GET"]
    assert len(written) <= 7  # a stage is shown now and then, not each
    bot.read_everything(pull)


def test_stop_and_retry_by_button_answer_in_every_state(bot, github, repo, model, pull):
    begin(bot, github, pull)
    check = check_on(repo, pull.head_sha)
    github.outsider.press(repo, check, "stop")
    bot.control.drain_publishing()
    bot.step_until(lambda: not github.pending)
    assert bot.workers.waiting
    github.maintainer.press(repo, check, "stop")
    github.maintainer.press(repo, check, "stop")
    bot.run_until_idle()

    said = [comment.read() for comment in pull.comments]
    assert any("Sorry" in text and "`/agent stop` needs the **write** role" in text for text in said)
    assert [run.reason for run in bot.runs if run.reason not in {"refused", "replied"}] == ["cancelled"]
    assert (check.status, check.conclusion, buttons(check)) == ("completed", "cancelled", ["Retry"])

    with pytest.raises(LookupError):
        github.maintainer.press(repo, check, "stop")
    add_a_test(model)
    github.maintainer.rerequest(repo, check)  # GitHub's own button, which means the same
    bot.run_until_idle()
    assert check_on(repo, pull.head_sha).conclusion == "success"
    assert repo.file("halves", "test_half.py").decode() == TEST_HALF
    bot.read_everything(pull)


def test_a_plan_on_a_pull_request_is_approved_by_button(bot, github, repo, model, pull):
    before = pull.head_sha
    model.will(plan("Test half", files=["test_half.py"]), plan("Test half of six", files=["test_half.py"]))
    model.will(create("test_half.py", TEST_HALF), finish("Test half", "`half` has a test now."))
    github.maintainer.comment(pull, "/agent plan a test for half")
    bot.run_until_idle()
    check = check_on(repo, before)
    assert (check.status, check.output["title"]) == ("in_progress", "Waiting for approval")
    assert buttons(check) == ["Approve plan", "Stop"]
    assert "so does the button **Approve plan**" in pull.comments[-1].read()

    first = check.actions[0]["identifier"]
    github.maintainer.comment(pull, "/agent revise say of what")
    bot.run_until_idle()
    check.actions.append({"label": "Approve plan", "description": "", "identifier": first})  # a page not loaded again
    github.maintainer.press(repo, check, first)
    bot.run_until_idle()
    assert "is not the plan that waits" in pull.comments[-1].read()
    assert pull.head_sha == before

    github.outsider.press(repo, check, check.actions[0]["identifier"])
    bot.run_until_idle()
    assert pull.head_sha == before
    github.maintainer.press(repo, check, check.actions[0]["identifier"])
    github.maintainer.press(repo, check, check.actions[0]["identifier"])
    bot.run_until_idle()
    assert list(repo.commit(pull.head_sha).parents) == [before]
    assert [run.reason for run in bot.runs if run.reason not in {"refused", "replied"}] == ["proposed"]
    assert check_on(repo, before).status == "completed"
    bot.read_everything(pull)


def test_without_the_permission_for_checks_everything_else_goes_on(bot, github, repo, model, pull):
    github.world.installation_of(repo).permissions["checks"] = "read"
    github.ci.fail(repo, pull.head_sha, log=LOG)
    bot.run_until_idle()
    assert "1 check failed" in pull.comments[0].read()
    add_a_test(model)
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["diagnosed", "proposed"]
    assert {run.name for run in repo.runs} == {"test"}
    assert "agent:done" in pull.labels
    bot.read_everything(pull)


def test_a_merge_queue_that_requires_our_checks_goes_on(bot, github, repo, pull):
    repo.protection["main"] = Protection(required_approvals=0, required_checks=("lamplighter", "lamplighter/scan"))
    group = github.maintainer.enqueue(pull)
    github.ci.move_queue(repo)
    assert group.is_waiting  # nothing merges before we have answered
    bot.run_until_idle()
    shown = [(run.name, run.status, run.conclusion) for run in repo.check_runs(group.head_sha)]
    assert shown == [("lamplighter", "completed", "neutral"), ("lamplighter/scan", "completed", "neutral")]
    github.ci.move_queue(repo)
    bot.run_until_idle()  # the group is destroyed, which says nothing to us

    assert (group.ended, pull.merged) == ("merged", True)
    assert pull.comments == [] and [run.reason for run in bot.runs] == ["replied"]
