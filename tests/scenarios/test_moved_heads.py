"""The head of a pull request's branch moves while I work: the two are merged and tested together before anything is
added, or a person is asked.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

from app.agent.models.scripted import edit, finish
from tests.scenarios import stories
from tests.scenarios.test_follow_up import IDEA, TEST_HALF, add_a_test

MORE = IDEA["calc.py"] + "\n\ndef twice(a):\n    return 2 * a\n"


@pytest.fixture
def pull(github, repo):
    github.contributor.push(repo, "halves", IDEA, message="Add half")
    return github.contributor.open_pull(repo, "halves", "Add half", body="Halves a number.")


def worked(bot, github, pull, text="/agent add a test for half"):
    """The change is finished, and not published yet."""
    github.maintainer.comment(pull, text)
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()


@pytest.mark.parametrize("path", ["calc.py", "README.md"], ids=["same file", "other file"])
def test_what_people_pushed_meanwhile_is_merged_and_tested_before_the_commit(bot, github, repo, model, pull, path):
    stories.fix(model)
    worked(bot, github, pull, "/agent give None for a division by zero")
    spent = bot.runs[0].cost_usd
    github.contributor.push(repo, "halves", {path: MORE if path == "calc.py" else "Halves.\n"}, message="Go on")
    theirs = pull.head_sha
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    whole = repo.file("halves", "calc.py")
    assert b"if b == 0" in whole and (b"def twice" in whole) == (path == "calc.py")
    [run] = bot.runs
    assert (run.reason, run.cost_usd) == ("proposed", spent)
    state = bot.state_of(run.run_id)
    since = [told.said.at for told in state.commands_here if told.said.purpose == "verify"]
    assert {"base", "head"} <= set(since), "nothing was tested on what was published"
    said = pull.comments[-1].read()
    assert f"1 commit by {github.contributor.login} came in on `halves`, up to `{theirs[:7]}`" in said
    assert "All tests ran again on the two together" in said
    assert "agent:done" in pull.labels
    bot.read_everything(pull)


def test_two_that_do_not_fit_together_go_back_to_the_model(bot, github, repo, model, pull):
    add_a_test(model)
    worked(bot, github, pull)
    github.contributor.push(repo, "halves", {"calc.py": IDEA["calc.py"].replace("a / 2", "a / 2, a % 2")})
    theirs = pull.head_sha
    model.will(
        edit("test_half.py", "half(6), 3)", "half(6), (3, 0))"),
        finish("Test half", "`half` gives the rest as well now, and the test says so."),
    )
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    assert b"(3, 0)" in repo.file("halves", "test_half.py")
    events = bot.platform.store.events(bot.runs[0].run_id)
    [told] = [event.data["text"] for event in events if event.kind == "notice.given" and event.data["about"] == "head"]
    assert "came in on `halves`" in told and "Your change was merged with that" in told
    assert "I had to work on it again after that" in pull.comments[-1].read()
    bot.read_everything(pull)


def test_the_same_lines_are_asked_about_and_the_change_is_kept(bot, github, repo, model, pull):
    add_a_test(model)
    worked(bot, github, pull)
    github.contributor.push(repo, "halves", {"test_half.py": "# mine\n"}, message="Begin a test")
    theirs = pull.head_sha
    bot.run_until_idle()

    assert pull.head_sha == theirs
    said = pull.comments[-1].read()
    assert "needs a decision" in said and "my change is kept" in said
    assert "`test_half.py`: both sides changed the same lines" in said and "`/agent retry` starts again" in said
    assert "agent:needs-human" in pull.labels

    model.will(
        edit("test_half.py", "# mine\n", TEST_HALF),
        finish("Test half", "The test that was begun is complete."),
    )
    github.maintainer.comment(pull, "/agent retry")
    bot.run_until_idle()
    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    bot.read_everything(pull)


def test_what_was_force_pushed_is_named_and_merged_with(bot, github, repo, model, pull):
    add_a_test(model)
    worked(bot, github, pull)
    before = pull.head_sha
    theirs = github.contributor.force_push(repo, "halves", {"calc.py": IDEA["calc.py"], "NEW": "1\n"}, start="main")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    assert repo.file("halves", "NEW") == b"1\n" and repo.file("halves", "test_half.py").decode() == TEST_HALF
    said = pull.comments[-1].read()
    assert f"`halves` was force-pushed while I worked: from `{before[:7]}` to `{theirs[:7]}`" in said
    assert "All tests ran again on the two together" in said
    bot.read_everything(pull)


def test_a_head_that_moves_on_and_on_is_followed_twice_and_a_retry_merges_again(bot, github, repo, model, pull):
    add_a_test(model)
    worked(bot, github, pull)
    for number in range(3):
        github.contributor.push(repo, "halves", {"README.md": f"{number}\n"}, message=f"Note {number}")
        bot.control.drain_publishing()
        bot.clock.advance(10)
        bot.control.scheduler.tick()
        bot.work_waiting()
    theirs = pull.head_sha
    bot.run_until_idle()

    assert pull.head_sha == theirs
    said = pull.comments[-1].read()
    assert "`halves` has moved three times since I began" in said and "Retry: I merge the kept change" in said
    spent = bot.runs[0].cost_usd

    github.maintainer.comment(pull, "/agent retry")
    bot.run_until_idle()
    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    assert [(run.reason, run.cost_usd) for run in bot.runs] == [("proposed", spent)]
    bot.read_everything(pull)


def all_of_it(github, repo):
    github.contributor.push(repo, "halves", {"test_half.py": TEST_HALF}, message="Test half")


def broken(github, repo):
    github.contributor.push(repo, "halves", {"test_calc.py": "import gone\n"}, message="Break the tests")


def thrown_away(github, repo):
    github.contributor.force_push(repo, "halves", {"calc.py": IDEA["calc.py"], "NEW": "1\n"}, start="main")
    folder = github.git_dir(repo.full_name)
    subprocess.run(["git", "-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now"], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("push", "outcome", "words"),
    [
        (all_of_it, "nothing_to_do", "All that I was to add is in it already."),
        (broken, "failed", "The change that I had made before is kept."),
        (thrown_away, "needs_decision", "The commit that my change was made on is gone, so I cannot merge the two."),
    ],
)
def test_what_keeps_the_two_apart_is_said(bot, github, repo, model, pull, push, outcome, words):
    add_a_test(model)
    worked(bot, github, pull)
    push(github, repo)
    theirs = pull.head_sha
    shutil.rmtree(bot.settings.home / "mirrors", ignore_errors=True)  # the next worker is another machine
    bot.run_until_idle()

    assert pull.head_sha == theirs
    assert [run.reason for run in bot.runs] == [outcome]
    said = pull.comments[-1].read()
    assert words in said and "`halves`" in said
    bot.read_everything(pull)
