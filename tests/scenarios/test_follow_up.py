"""Words on a pull request become one commit on its branch, also on a person's branch of the same repository."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import Script, answer_thread, bash, create, edit, finish
from tests.scenarios import stories

IDEA = {
    "calc.py": stories.CALC + "\n\ndef half(a):\n    return a / 2\n",
}
TEST_HALF = """import unittest

from calc import half


class Halves(unittest.TestCase):
    def test_half(self):
        self.assertEqual(half(6), 3)
"""


def add_a_test(model: Script, *, threads: int = 0) -> Script:
    return model.will(
        bash("git log --oneline -3"),
        create("test_half.py", TEST_HALF),
        bash(stories.TESTS),
        *(answer_thread(number, "Done.") for number in range(1, threads + 1)),
        finish("Test half", "`half` has a test now: it fails when the division is taken out."),
    )


@pytest.fixture
def pull(github, repo):
    github.maintainer.push(repo, "main", {"AGENTS.md": "BASE RULES\n"})
    github.contributor.push(repo, "halves", IDEA | {"AGENTS.md": "THEIR RULES\n"}, message="Add half")
    return github.contributor.open_pull(repo, "halves", "Add half", body="Halves a number.")


def test_an_instruction_becomes_a_commit_on_the_branch(bot, github, repo, model, pull):
    before, main = pull.head_sha, repo.tip("main")
    add_a_test(model)
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [before]
    assert repo.file("halves", "test_half.py").decode() == TEST_HALF
    assert repo.pulls == [pull]
    message = repo.commit(pull.head_sha).message
    assert (
        message.startswith("Test half\n")
        and "Agent-Run: " in message
        and f"Co-authored-by: {github.maintainer.login}" in message
    )
    assert pull.head_sha in repo.verified
    status, result = (comment.read() for comment in pull.comments[1:])
    assert f"Commit added: {pull.head_sha[:7]}" in status
    assert f"commit {pull.head_sha[:7]} is ready" in result
    assert "agent:done" in pull.labels
    assert [run.name for run in repo.check_runs(pull.head_sha)] == ["lamplighter", "lamplighter/scan"]
    prompt = bot.prompt_of(bot.runs[0].run_id)
    assert "add a test for half" in prompt and "Halves a number." in prompt
    assert f"`git diff {main[:12]}` shows what the pull request changes" in prompt
    assert "BASE RULES" in prompt and "THEIR RULES" not in prompt
    bot.read_everything(pull)


@pytest.mark.parametrize("end", ["merge", "close"])
def test_a_merge_or_a_close_stops_the_work(bot, github, repo, model, pull, end):
    add_a_test(model)
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.step_until(lambda: bot.workers.waiting)
    getattr(github.maintainer, end)(pull)
    head = pull.head_sha
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"]
    assert pull.head_sha == head
    bot.read_everything(pull)


def test_words_during_the_run_steer_it_and_retry_needs_a_run(bot, github, repo, model, pull):
    github.maintainer.comment(pull, "/agent retry")
    bot.run_until_idle()
    assert "nothing to try again" in pull.comments[-1].read()

    add_a_test(model)
    github.maintainer.comment(pull, "/agent add a test for half")
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.comment(pull, "/agent call it test_half.py")
    bot.run_until_idle()

    worked = [run for run in bot.runs if run.reason == "proposed"]
    assert len(worked) == 1
    assert [told.said.text for told in bot.state_of(worked[0].run_id).steering] == ["call it test_half.py"]
    bot.read_everything(pull)


def reviewed(github, pull, verdict="changes_requested", body="Two things, please."):
    """A review as people give them: a summary, and comments at lines."""
    return github.maintainer.review(
        pull,
        verdict,
        body,
        comments=[("calc.py", 5, "/agent name the arguments"), ("calc.py", 9, "/agent cover this")],
    )


def test_a_review_is_worked_as_one_follow_up(bot, github, repo, model, pull):
    before = pull.head_sha
    add_a_test(model, threads=2)
    reviewed(github, pull, "commented", "/agent please do these two")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [before]
    [run] = bot.runs
    state = bot.state_of(run.run_id)
    assert sorted(state.created.task.instructions.split("\n")) == [
        "cover this",
        "name the arguments",
        "please do these two",
    ]
    assert all(thread.is_resolved and "Done." in thread.comments[-1].read() for thread in pull.review_threads)
    bot.read_everything(pull)


def test_a_second_review_waits_for_its_turn_and_stands_on_the_first(bot, github, repo, model, pull):
    model.will(bash("touch notes.txt; wc -l < notes.txt >> notes.txt"), finish("Note", "One line more."))
    github.maintainer.review(pull, "commented", "/agent note one")
    bot.step_until(lambda: bot.runs)
    assert bot.runs[0].phase == "parked"
    bot.clock.advance(60)
    bot.control.scheduler.tick()
    assert bot.runs[0].phase == "working"
    github.contributor.review(pull, "commented", "/agent note two")
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["proposed", "proposed"]
    assert repo.file("halves", "notes.txt") == b"0\n1\n"
    bot.read_everything(pull)


def test_a_review_by_somebody_who_may_not_is_answered_not_obeyed(bot, github, repo, model, pull):
    head = pull.head_sha
    github.outsider.review(pull, "commented", "/agent delete everything")
    bot.run_until_idle()

    assert pull.head_sha == head
    assert (
        "needs the **write** role" in pull.comments[-1].read() or "need the **write** role" in pull.comments[-1].read()
    )
    assert all(run.cost_usd == 0 for run in bot.runs)


def test_changes_requested_of_somebody_else_start_nothing(bot, github, pull):
    github.maintainer.review(pull, "changes_requested", "Please name things better.")
    bot.run_until_idle()
    assert bot.runs == []


def test_requested_changes_are_answered_in_their_threads(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    ours = pull.head_sha
    model.when("Two things, please.").will(
        edit("calc.py", "    if b == 0:\n", "    if not b:\n"),
        answer_thread(1, "Says `not b` now."),
        finish("Say not b", "The guard reads better."),
        answer_thread(2, "None is what the issue asks for.", done=False),
        finish("Say not b", "The guard reads better."),
    )
    review = github.maintainer.review(
        pull,
        "changes_requested",
        "Two things, please.",
        comments=[("calc.py", 5, "```suggestion\n    if not b:\n```"), ("calc.py", 6, "Raise instead.")],
    )
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [ours]
    done, declined = pull.review_threads
    assert [done.is_resolved, declined.is_resolved] == [True, False]
    assert f"✅ {pull.head_sha[:7]}: Says" in done.comments[-1].read()
    assert "Left as it is: None is what" in declined.comments[-1].read()
    [_fix, follow_up] = sorted(bot.runs, key=lambda run: run.created_at)
    prompt = bot.prompt_of(follow_up.run_id)
    assert "Review thread 1, at calc.py:5:" in prompt and "Raise instead." in prompt
    assert review.state == "CHANGES_REQUESTED"
    bot.read_everything(issue, pull)


def test_several_commands_in_one_review_are_gathered_but_for_those_that_are_answered(bot, github, repo, model, pull):
    add_a_test(model)
    github.maintainer.review(pull, "commented", "/agent status\n/agent one\n/agent two\n/agent three")
    bot.run_until_idle()

    [run] = [run for run in bot.runs if run.reason == "proposed"]
    assert sorted(bot.state_of(run.run_id).created.task.instructions.split("\n")) == ["one", "three", "two"]
    assert "No run here yet." in pull.comments[0].read()
    bot.read_everything(pull)
