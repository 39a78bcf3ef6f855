"""Jobs that may pass run again where the App may have them run, and what came of it is told."""

from __future__ import annotations

import pytest

from tests.scenarios import stories

OUTSIDE = """##[group]Run npm ci
npm ci
##[endgroup]
npm error code E503
npm error 503 Service Unavailable - GET https://registry.npmjs.org/left-pad - Service Unavailable
##[error]Process completed with exit code 1.
"""


@pytest.fixture
def pull(bot, github, repo, model):
    """One of ours."""
    github.ci.succeed(repo, repo.tip("main"))
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    bot.read_everything(issue)
    return repo.pulls[0]


@pytest.fixture
def may_rerun(github, repo):
    github.world.installation_of(repo).permissions["actions"] = "write"


def until(bot, condition):
    """A minute and another pass, until it has come to that."""
    for _ in range(40):
        if condition():
            return
        bot.github.deliver_pending()
        bot.control.drain_jobs()
        bot.control.drain_publishing()
        bot.clock.advance(15)
        bot.control.scheduler.tick()
    raise AssertionError("it never came to that")


def test_what_passes_on_the_same_commit_is_told_as_chance(bot, github, repo, pull, may_rerun):
    before = pull.head_sha
    run = github.ci.fail(repo, before, job="install", log=OUTSIDE)
    until(bot, lambda: run.attempt == 2)
    assert pull.comments == []
    github.ci.finish(repo, run, "failure", job="install", log=OUTSIDE)
    until(bot, lambda: run.attempt == 3)
    github.ci.finish(repo, run, "success", job="install")
    bot.run_until_idle()

    [comment] = pull.comments
    said = comment.read()
    assert "All checks of" in said and "I changed nothing; I had failed jobs run again 2 times" in said
    assert "`install`" in said and "Whose: **a service outside of the project**" in said
    assert (run.attempt, pull.head_sha) == (3, before)
    assert [row.reason for row in bot.runs if row.number == pull.number] == ["diagnosed"]
    assert "agent:needs-human" not in pull.labels


def test_three_times_and_no_more(bot, github, repo, pull, may_rerun):
    run = github.ci.fail(repo, pull.head_sha, job="install", log=OUTSIDE)
    for attempt in (2, 3, 4):
        until(bot, lambda: run.attempt == attempt)  # noqa: B023 - called at once
        github.ci.finish(repo, run, "failure", job="install", log=OUTSIDE)
    bot.run_until_idle()

    said = pull.comments[0].read()
    assert run.attempt == 4
    assert "I had it run again 3 times, and it still fails: **a person has to look**" in said
    assert "Somebody with write access can re-run [the failed job](https://" in said
    assert "agent:needs-human" in pull.labels


@pytest.mark.parametrize("reason", ["no permission", "somebody else's"])
def test_where_nothing_may_run_again_a_person_is_told_which(bot, github, repo, pull, may_rerun, reason):
    where = pull
    if reason == "no permission":
        github.world.installation_of(repo).permissions["actions"] = "read"
    else:
        github.contributor.push(repo, "theirs", {"a.txt": "a"})
        where = github.contributor.open_pull(repo, "theirs", "Add a")
    run = github.ci.fail(repo, where.head_sha, job="install", log=OUTSIDE)
    bot.run_until_idle()

    assert run.attempt == 1
    said = where.comments[0].read()
    assert "**`install`**" in said and "Somebody with write access can re-run [the failed job](https://" in said
