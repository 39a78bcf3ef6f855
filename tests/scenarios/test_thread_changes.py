"""A pull request is merged, closed, sent elsewhere, rewritten while I am at work on it: what I do, what is said."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import ask, question
from tests.scenarios import stories
from tests.scenarios.test_follow_up import IDEA, add_a_test, pull

__all__ = ["pull"]


def retarget(github, repo, pull):
    github.maintainer.push(repo, "release", {"RELEASE": "1\n"}, start="main")
    github.maintainer.retarget(pull, "release")


# What people do; what stands in the status comment; what the comment that follows says, where there is one.
STOPS = {
    "merged": (lambda github, _, pull: github.maintainer.merge(pull), "was merged, so I stopped", ""),
    "closed": (lambda github, _, pull: github.maintainer.close(pull), "was closed, so I stopped", ""),
    "locked": (lambda github, _, pull: github.maintainer.lock(pull), "was locked, so I stopped", ""),
    "branch deleted": (
        lambda github, repo, _: github.contributor.delete_branch(repo, "halves"),
        "`halves` was deleted, which closed the pull request",
        "",
    ),
    "branch renamed": (
        lambda github, repo, _: github.contributor.rename_branch(repo, "halves", "half"),
        "`halves` is called `half` now",
        "Open a pull request from `half`",
    ),
    "retargeted": (retarget, "This goes to `release` now", "`/agent retry` starts again, against `release`"),
    "archived": (lambda github, repo, _: github.maintainer.archive(repo), "", ""),
}


def at_work(bot, github, pull):
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.step_until(lambda: bot.workers.waiting)
    bot.control.drain_publishing()


def waits_for_an_answer(bot, github, pull):
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.run_until_idle()
    assert bot.runs[0].reason == "question"


CASES = [(what, at_work) for what in STOPS] + [(what, waits_for_an_answer) for what in ("merged", "retargeted")]


@pytest.mark.parametrize(("what", "when"), CASES, ids=lambda case: case if isinstance(case, str) else case.__name__)
def test_the_end_of_a_pull_request_stops_the_work_and_is_told_once(bot, github, repo, model, pull, what, when):
    change, said, next_step = STOPS[what]
    if when is waits_for_an_answer:
        model.will(ask(question("Which numbers?", "6", "7", consequences=["six", "seven"])))
    add_a_test(model)
    when(bot, github, pull)
    change(github, repo, pull)
    head, comments = pull.head_sha, len(pull.comments)
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"]
    assert pull.head_sha == head
    if said:
        assert said in pull.comments[1].read()
        told = [comment.read() for comment in pull.comments[max(comments, 2) :]]
        assert next_step in told[-1] if next_step else not told
    bot.read_everything(pull)


def test_a_lost_retarget_is_noticed_before_anything_is_added(bot, github, repo, model, pull):
    add_a_test(model)
    at_work(bot, github, pull)
    bot.work_waiting()
    retarget(github, repo, pull)
    head = pull.head_sha
    github.world.outbox.queue.clear()
    bot.run_until_idle()

    assert pull.head_sha == head
    said = pull.comments[-1].read()
    assert "This goes to `release` now" in said and "it is not on this branch" in said

    github.maintainer.comment(pull, "/agent retry")
    add_a_test(model)
    bot.run_until_idle()
    assert "Test half" in repo.commit(pull.head_sha).message
    assert bot.state_of(bot.runs[-1].run_id).created.target.base_ref == "release"
    bot.read_everything(pull)


def test_a_head_that_was_thrown_away_before_the_work_began_is_no_reason_to_fail(bot, github, repo, model, pull):
    add_a_test(model)
    at_work(bot, github, pull)
    theirs = github.contributor.force_push(repo, "halves", {"calc.py": IDEA["calc.py"], "NEW": "1\n"}, start="main")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    bot.read_everything(pull)


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "lost"])
def test_a_renamed_base_is_followed_in_silence(bot, github, repo, model, pull, is_told):
    add_a_test(model)
    at_work(bot, github, pull)
    github.maintainer.rename_branch(repo, "main", "trunk")
    if not is_told:
        github.world.outbox.queue.clear()
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["proposed"]
    assert pull.base == "trunk"
    assert bot.state_of(bot.runs[0].run_id).base_name == "trunk"
    assert "trunk" not in "".join(comment.read() for comment in pull.comments)


def test_a_renamed_default_branch_takes_the_pull_request_along(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.rename_branch(repo, "main", "trunk")
    stories.fix(model)
    bot.run_until_idle()

    [pull] = repo.pulls
    assert pull.base == "trunk"
    bot.read_everything(issue)


def test_work_begins_again_when_it_is_open_again_and_somebody_says_so(bot, github, repo, model, pull):
    add_a_test(model)
    at_work(bot, github, pull)
    github.maintainer.close(pull)
    bot.run_until_idle()
    github.maintainer.reopen(pull)
    github.maintainer.convert_to_draft(pull)
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["cancelled"]

    github.maintainer.comment(pull, "/agent retry")
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.ready_for_review(pull)
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["cancelled", "proposed"]
    bot.read_everything(pull)

    github.maintainer.merge(pull)
    github.maintainer.comment(pull, "/agent and another test")
    bot.run_until_idle()
    assert "This is merged" in pull.comments[-1].read()
