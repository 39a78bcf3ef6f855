"""The default branch turns red: one issue for each cause, which later failures join, and which green ends."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, edit, finish
from tests.scenarios import stories
from tests.scenarios.test_failed_checks import BROKEN, LOG, MATRIX

LOST = "##[group]Run npm ci\nnpm ci\n##[endgroup]\n"
LOST += "npm error 503 Service Unavailable - GET https://registry.npmjs.org/left-pad\n"
LOST += "##[error]Process completed with exit code 1.\n"


def ours(github, repo):
    """The issues that the bot opened, oldest first."""
    return [issue for issue in repo.issues if issue.author == f"{github.app.slug}[bot]"]


@pytest.fixture
def red(bot, github, repo):
    """A commit on main whose matrix fails for one cause, after one that passed."""
    green = repo.tip("main")
    for job in MATRIX:
        github.ci.succeed(repo, green, job=job)
    sha = github.maintainer.push(repo, "main", {"calc.py": BROKEN}, message="Whole numbers")
    run = github.ci.start(repo, sha, jobs=MATRIX)
    for job in MATRIX:
        github.ci.finish(repo, run, "failure", job=job, log=LOG)
    bot.run_until_idle()
    return green, sha


def test_one_issue_for_a_cause_which_later_failures_join(bot, github, repo, red):
    green, first = red
    [issue] = ours(github, repo)
    assert "fails on main" in issue.title and len(issue.title) <= 100
    assert "**`test (3.11)` · `test (3.12)`**" in issue.body and "assert 0 == 0.5" in issue.body
    assert f"It fails with this commit; `{green[:7]}` passed." in issue.body and "`/agent fix`" in issue.body
    assert len(issue.body.splitlines()) < 40

    second = github.maintainer.push(repo, "main", {"half.py": "HALF = 0.5\n"}, message="Halves")
    github.ci.fail(repo, second, job=MATRIX[0], log=LOG)
    github.ci.succeed(repo, second, job=MATRIX[1])
    bot.run_until_idle()
    assert ours(github, repo) == [issue] and issue.state == "open"
    assert f"It fails since `{first[:7]}`" in issue.body and f"Last on `{second[:7]}`, and on 1 before." in issue.body

    third = github.maintainer.push(repo, "main", {"calc.py": stories.CALC}, message="Divide")
    github.ci.succeed(repo, third, job=MATRIX[0])
    bot.run_until_idle()
    assert issue.state == "closed"
    assert f"It passes on `main` again, with `{third[:7]}`." in issue.comments[-1].read()

    fourth = github.maintainer.push(repo, "main", {"calc.py": BROKEN}, message="Whole numbers again")
    github.ci.fail(repo, fourth, job=MATRIX[0], log=LOG)
    bot.run_until_idle()
    assert ours(github, repo) == [issue] and issue.state == "open"
    assert f"`{third[:7]}` passed" in issue.body


def test_another_cause_is_another_issue_and_what_a_person_declined_stays_closed(bot, github, repo, red):
    [issue] = ours(github, repo)
    github.maintainer.close(issue, reason="not_planned")
    sha = github.maintainer.push(repo, "main", {"half.py": "HALF = 0.5\n"}, message="Halves")
    github.ci.fail(repo, sha, job=MATRIX[0], log=LOG)
    github.ci.status(repo, sha, "deploy", "failure", description="no such bucket")
    bot.run_until_idle()

    [_, other] = ours(github, repo)
    assert issue.state == "closed" and issue.comments == []
    assert "deploy fails on main: no such bucket" in other.title


def test_what_a_newer_commit_has_passed_is_no_news(bot, github, repo):
    old = github.maintainer.push(repo, "main", {"calc.py": BROKEN}, message="Whole numbers")
    slow = github.ci.start(repo, old)
    new = github.maintainer.push(repo, "main", {"calc.py": stories.CALC}, message="Divide")
    github.ci.succeed(repo, new)
    github.ci.finish(repo, slow, "failure", log=LOG)
    bot.run_until_idle()
    assert ours(github, repo) == []


def test_green_commits_start_nothing_and_a_service_that_is_away_is_said_when_it_stays_so(bot, github, repo):
    github.ci.succeed(repo, repo.tip("main"))
    bot.run_until_idle()
    assert bot.runs == []

    github.ci.fail(repo, github.maintainer.push(repo, "main", {"a.txt": "a"}), log=LOST)
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["diagnosed"] and ours(github, repo) == []
    github.ci.fail(repo, github.maintainer.push(repo, "main", {"b.txt": "b"}), log=LOST)
    bot.run_until_idle()
    [issue] = ours(github, repo)
    assert "outside of this project" in issue.body and "/agent" not in issue.body


def test_a_person_lets_the_bot_repair_the_branch(bot, github, repo, model, red):
    [issue] = ours(github, repo)
    model.will(
        edit("calc.py", "    return a // b\n", "    return a / b\n"),
        bash(stories.TESTS),
        finish("Divide, not floor", "The operator was wrong."),
    )
    github.maintainer.comment(issue, "/agent fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    assert f"Fixes #{issue.number}" in pull.body
    bot.read_everything(issue, pull)
