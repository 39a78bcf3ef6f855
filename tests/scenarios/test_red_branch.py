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
    return green, breaks(bot, github, repo)


def breaks(bot, github, repo, log=LOG, message="Whole numbers", **files):
    """The commit on main that fails now."""
    sha = github.maintainer.push(repo, "main", {"calc.py": BROKEN} | files, message=message)
    run = github.ci.start(repo, sha, jobs=MATRIX)
    for job in MATRIX:
        github.ci.finish(repo, run, "failure", job=job, log=log)
    bot.run_until_idle()
    return sha


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


def mended(bot, github, repo, pull):
    """The pull request is merged, and main passes."""
    github.maintainer.merge(pull)
    passes(bot, github, repo)


def passes(bot, github, repo):
    for job in MATRIX:
        github.ci.succeed(repo, repo.tip("main"), job=job)
    bot.run_until_idle()


def repairs(model, broken="a // b"):
    model.when("A check failed: job test").will(
        edit("calc.py", f"    return {broken}\n", "    return a / b\n"),
        bash(stories.TESTS),
        finish("Divide, not floor", "The operator was wrong."),
    )


def test_a_fix_begins_by_itself_where_the_repository_wants_that_and_a_revert_is_a_persons_word(
    bot, github, repo, model
):
    script = f"##[group]Run {stories.TESTS}\n\x1b[36;1m{stories.TESTS}\x1b[0m\nshell"
    log, times = script + LOG.partition("\nshell")[2], {"calc.py": stories.CALC.replace("a / b", "a * b")}
    config = stories.CONFIG + "fix_default_branch: true\n"
    github.maintainer.push(repo, "main", {".github/lamplighter.yml": config})
    repairs(model, "a * b")
    breaks(bot, github, repo, log, **times)
    [issue], [pull] = ours(github, repo), repo.pulls
    assert f"Fixes #{issue.number}" in pull.body and b"a / b" in repo.file(pull.head, "calc.py")
    assert "I begin to repair it now" in issue.body and issue.assignees == pull.assignees == []
    run = bot.runs[-1]
    assert run.number == issue.number and "fails here too (exit code 1)" in bot.prompt_of(run.run_id)
    assert any("fails here too" in comment.body for comment in issue.comments)

    github.ci.fail(repo, github.maintainer.push(repo, "main", {"a.txt": ""}), job=MATRIX[0], log=log)
    bot.run_until_idle()
    assert len(repo.pulls) == 1 and "I have begun to repair it" in issue.body  # it waits for people
    mended(bot, github, repo, pull)
    assert issue.state == "closed"

    breaks(bot, github, repo, log, f'Revert "Divide"\n\nThis reverts commit {repo.tip("main")}.', **times)
    assert len(repo.pulls) == 1 and issue.state == "open"
    assert "it came back: **a person has to look**" in issue.body and "agent:needs-human" in issue.labels

    github.maintainer.push(repo, "main", {"calc.py": stories.CALC})
    passes(bot, github, repo)
    repairs(model, "a * b")
    breaks(bot, github, repo, log, **times)
    assert len(repo.pulls) == 2 and "I begin to repair it now" in issue.body
    bot.read_everything(issue, *repo.pulls)


def test_no_fix_begins_where_a_limit_is_reached_and_the_issue_says_so(bot, github, repo, model):
    limits = "fix_default_branch: true\nlimits: {open_pull_requests: 1}\n"
    github.maintainer.push(repo, "main", {".github/lamplighter.yml": stories.CONFIG + limits})
    other = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(other, "agent-fix")
    bot.run_until_idle()
    breaks(bot, github, repo)
    [issue] = ours(github, repo)
    assert "I do not begin by myself: 1 of my pull requests are open here already" in issue.body
    assert len(repo.pulls) == 1 and issue.comments == []

    github.maintainer.close(repo.pulls[0])
    repairs(model)
    github.ci.fail(repo, github.maintainer.push(repo, "main", {"a.txt": ""}), job=MATRIX[0], log=LOG)
    bot.run_until_idle()
    assert len(repo.pulls) == 2
    bot.read_everything(issue, other, *repo.pulls)
