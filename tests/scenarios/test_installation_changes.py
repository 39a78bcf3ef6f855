"""Installations and repositories that change while runs are under way: runs follow, or stop."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_installation import QUIET


@pytest.fixture
def repo(github):
    return github.repository("acme/calc", files=QUIET, default_branch="main")


# ------------------------------------------------------------ suspended, removed


def at_work(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(bash("true"))
    bot.step_until(lambda: bot.workers.waiting)
    bot.control.drain_publishing()
    return issue


def test_suspended_while_at_work_stops_and_says_so_when_it_may_again(bot, github, repo, model):
    issue = at_work(bot, github, repo, model)
    github.owner.suspend(repo)
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["cancelled"]
    assert not any(run.unpublished for run in bot.runs)  # nobody tries for ever
    assert "agent:working" in issue.labels

    github.owner.unsuspend(repo)
    bot.run_until_idle()
    assert "the App was suspended" in issue.comments[0].read()
    assert not any(label.startswith("agent:") for label in issue.labels)


def test_removed_while_at_work_stops(bot, github, repo, model):
    issue = at_work(bot, github, repo, model)
    github.owner.uninstall(repo)
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"]
    assert not any(run.unpublished for run in bot.runs)
    bot.read_everything(issue)


def test_removed_and_installed_again_the_comment_says_what_became_of_it(bot, github, repo, model):
    issue = at_work(bot, github, repo, model)
    github.owner.uninstall(repo)
    bot.run_until_idle()
    assert "the App was removed" not in issue.comments[0].body
    github.owner.install(repo)
    bot.run_until_idle()

    assert "the App was removed" in issue.comments[0].read()
    assert not any(label.startswith("agent:") for label in issue.labels)


def test_taking_one_repository_away_stops_its_runs_only(bot, github, repo, model):
    other = github.repository("acme/sums", files=QUIET)
    issues = [at_work(bot, github, place, model) for place in (repo, other)]
    github.owner.remove_from_installation(repo)
    stories.fix(model)
    bot.run_until_idle()

    assert {run.repository: run.reason for run in bot.runs} == {"acme/calc": "cancelled", "acme/sums": "proposed"}
    bot.read_everything(*issues)


def test_news_that_comes_late_or_in_the_wrong_order_stops_nothing(bot, github, repo, model):
    """What GitHub says now decides, not what an old event says."""
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    github.owner.remove_from_installation(repo)
    github.owner.install(repo)
    github.owner.suspend(repo)
    github.owner.unsuspend(repo)
    github.reorder_pending()
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    bot.read_everything(issue)


# ------------------------------------------------------------ renamed, transferred, archived, deleted


def test_a_renamed_repository_is_followed(bot, github, repo, model):
    issue = at_work(bot, github, repo, model)
    stories.fix(model)
    github.owner.rename_repository(repo, "sums")
    bot.run_until_idle()

    assert [(run.repository, run.reason) for run in bot.runs] == [("acme/sums", "proposed")]
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


@pytest.mark.parametrize(("is_taken", "known_as"), [(False, "acme/calc"), (True, "acme/sums")])
def test_a_rename_whose_news_was_lost_stops_nothing(bot, github, repo, model, is_taken, known_as):
    """GitHub leads on from a former name, until another repository has it: then the new one is found out."""
    issue = at_work(bot, github, repo, model)
    stories.fix(model)
    github.lose_next(2, event="repository")
    github.owner.rename_repository(repo, "sums")
    if is_taken:
        another = github.repository("acme/another", files=QUIET, install=False)
        github.owner.rename_repository(another, "calc")
    bot.run_until_idle()

    assert [(run.repository, run.reason) for run in bot.runs] == [(known_as, "proposed")]
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_a_renamed_account_is_followed(bot, github, repo, model):
    issue = at_work(bot, github, repo, model)
    stories.fix(model)
    github.owner.rename_account("acme", "acme-inc")
    bot.run_until_idle()

    assert [(run.repository, run.reason) for run in bot.runs] == [("acme-inc/calc", "proposed")]
    bot.read_everything(issue)


def test_a_repository_given_to_somebody_with_the_app_is_followed(bot, github, repo, model):
    home = github.repository("umbrella/home", files=QUIET, install=False)
    github.owner.install(home, selects_all=True)
    bot.run_until_idle()
    issue = at_work(bot, github, repo, model)
    stories.fix(model)
    github.owner.transfer_repository(repo, "umbrella")
    github.reorder_pending()  # the new installation's news first
    bot.run_until_idle()

    assert [(run.repository, run.reason) for run in bot.runs if run.number] == [("umbrella/calc", "proposed")]
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


GONE = {
    "given to somebody without the app": lambda owner, repo: owner.transfer_repository(repo, "umbrella"),
    "archived": lambda owner, repo: owner.archive(repo),
    "deleted": lambda owner, repo: owner.delete_repository(repo),
}


@pytest.mark.parametrize("how", GONE)
def test_a_repository_that_is_gone_stops_its_runs(bot, github, repo, model, how):
    issue = at_work(bot, github, repo, model)
    GONE[how](github.owner, repo)
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"]
    bot.read_everything(issue)


# ------------------------------------------------------------ mirrors


@pytest.mark.parametrize("how", ["uninstall", "remove_from_installation", "delete_repository"])
def test_the_mirror_goes_with_its_repository(bot, github, repo, model, how):
    other = github.repository("elsewhere/sums", files=QUIET)
    issues = [ask_for_a_fix(github, place) for place in (repo, other)]
    for _ in issues:
        stories.fix(model)
    bot.run_until_idle()
    mirrors = bot.settings.home / "mirrors"
    assert {path.name for path in mirrors.glob("*.git")} == {f"{repo.id}.git", f"{other.id}.git"}

    bot.days_pass(2)
    assert len(list(mirrors.glob("*.git"))) == 2
    getattr(github.owner, how)(repo)
    bot.run_until_idle()
    bot.days_pass(1)
    left = {path.name for path in mirrors.glob("*.git")}
    assert left == {f"{other.id}.git"} or bot.settings.platform == "aws"
    bot.read_everything(*issues)
