"""Failed checks: a storm is one reading, on people's pull requests a comment, on ours a repair."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from app.agent.models.scripted import bash, edit, finish
from tests.scenarios import stories

BROKEN = stories.CALC.replace("return a / b", "return a // b")
MATRIX = ("test (3.11)", "test (3.12)")
LOG = """##[group]Run python -m pytest -q
python -m pytest -q
shell: /usr/bin/bash -e {0}
##[endgroup]
F                                                                        [100%]
=================================== FAILURES ===================================
_________________________________ test_divides _________________________________

    def test_divides():
>       assert divide(1, 2) == 0.5
E       assert 0 == 0.5
E        +  where 0 = divide(1, 2)

calc.py:5: AssertionError
=========================== short test summary info ============================
FAILED calc.py::test_divides - assert 0 == 0.5
1 failed in 0.01s
##[error]Process completed with exit code 1.
"""


@pytest.fixture
def pull(github, repo):
    base = github.ci.start(repo, repo.tip("main"), jobs=MATRIX)
    for job in MATRIX:
        github.ci.finish(repo, base, job=job)
    github.contributor.push(repo, "whole", {"calc.py": BROKEN}, message="Whole numbers")
    return github.contributor.open_pull(repo, "whole", "Whole numbers")


def test_a_failed_check_of_a_person_is_explained_in_one_comment(bot, github, repo, pull):
    run = github.ci.start(repo, pull.head_sha, jobs=MATRIX)
    for job in MATRIX:
        github.ci.finish(repo, run, "failure", job=job, log=LOG)
    bot.run_until_idle()

    [comment] = pull.comments
    said = comment.read()
    assert "2 checks failed" in said and "`test (3.11)` · `test (3.12)`" in said
    assert "Whose: **this change**" in said and "`/agent ci` lets me repair it" in said
    assert "assert 0 == 0.5" in said
    assert len(said.splitlines()) < 40
    assert bot.runs[0].reason == "diagnosed" and bot.runs[0].cost_usd == 0
    assert pull.labels == []
    [shown] = [check for check in repo.check_runs(pull.head_sha) if check.name == "lamplighter/diagnosis"]
    assert (shown.conclusion, shown.output["title"]) == ("neutral", "1 cause of failed checks")
    assert [(note["path"], note["start_line"]) for note in shown.annotations] == [("calc.py", 5)]
    assert "assert 0 == 0.5" in shown.annotations[0]["message"]

    github.contributor.push(repo, "whole", {"calc.py": stories.CALC, "half.py": "HALF = 0.5\n"}, message="Halves")
    github.ci.succeed(repo, pull.head_sha)
    github.ci.fail(
        repo, pull.head_sha, workflow="Docs", job="docs", log="##[error]Process completed with exit code 2.\n"
    )
    bot.run_until_idle()
    assert len(pull.comments) == 1
    assert "1 check failed" in comment.read()


def test_what_passes_when_a_person_runs_it_again_is_said_in_the_same_comment(bot, github, repo, pull):
    green = github.ci.succeed(repo, pull.head_sha, workflow="Docs", job="docs")
    github.ci.rerun(repo, green, github.contributor.account, only_failed=False)
    github.ci.finish(repo, green)
    bot.run_until_idle()
    assert bot.runs == []  # nothing was red

    run = github.ci.fail(repo, pull.head_sha, log=LOG)
    bot.run_until_idle()
    [comment] = pull.comments
    assert "1 check failed" in comment.read()
    github.ci.rerun(repo, run, github.contributor.account)
    github.ci.finish(repo, run)
    bot.run_until_idle()
    said = comment.read()
    assert f"All checks of `{pull.head_sha[:7]}` have passed" in said and len(pull.comments) == 1
    assert f"passes since {bot.clock.now():%Y-%m-%d}" in said and f"{github.contributor.login} had jobs run" in said


def test_a_storm_waits_until_all_have_ended(bot, github, repo, pull):
    slow = github.ci.start(repo, pull.head_sha, workflow="Slow", jobs=["slow"])
    for number in range(6):
        github.ci.fail(repo, pull.head_sha, workflow=f"W{number}", job=f"job{number}", log=LOG)
    bot.step_until(lambda: not github.pending)
    for _ in range(3):
        bot.clock.advance(61)
        bot.control.scheduler.tick()
    assert pull.comments == []
    github.ci.finish(repo, slow, "success")
    bot.run_until_idle()

    [comment] = pull.comments
    assert "6 checks failed" in comment.read()
    assert [run.reason for run in bot.runs] == ["diagnosed"]


def test_green_and_cancelled_checks_say_nothing(bot, github, repo, pull):
    github.ci.succeed(repo, pull.head_sha)
    run = github.ci.start(repo, pull.head_sha, workflow="Other")
    github.ci.finish(repo, run, "cancelled")
    bot.run_until_idle()
    assert pull.comments == [] and bot.runs == []


def test_what_fails_on_the_base_as_well_is_not_blamed_on_the_change(bot, github, repo, pull):
    github.ci.fail(repo, repo.tip("main"), log=LOG)
    github.ci.fail(repo, pull.head_sha, log=LOG)
    bot.run_until_idle()
    assert "the base branch fails in the same way" in pull.comments[0].read()


def test_a_lost_log_still_says_what_there_is(bot, github, repo, pull):
    run = github.ci.fail(repo, pull.head_sha, log=LOG)
    github.ci.lose_log(run.job(""))
    bot.run_until_idle()
    assert "`test`" in pull.comments[0].read()


def test_our_own_pull_request_is_repaired(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    ours = pull.head_sha
    github.ci.succeed(repo, repo.tip("main"))
    model.when("A check failed").will(
        edit("calc.py", "    if b == 0:\n", "    if not b:\n"),
        bash(stories.TESTS),
        finish("Say not b", "The linter wants `not b`."),
    )
    lint = "##[group]Run ruff check .\nruff check .\n##[endgroup]\ncalc.py:5:8: PLC1901 `b == 0` can be simplified\n"
    github.ci.fail(
        repo,
        ours,
        workflow="Lint",
        job="lint",
        log=lint + "Found 1 error.\n##[error]Process completed with exit code 1.\n",
    )
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [ours]
    assert b"if not b" in repo.file(pull.head, "calc.py")
    bot.read_everything(issue, pull)

    github.ci.fail(
        repo,
        pull.head_sha,
        workflow="Lint",
        job="lint",
        log=lint + "Found 1 error.\n##[error]Process completed with exit code 1.\n",
    )
    bot.run_until_idle()
    assert "fails in the same way again: **a person has to look**" in pull.comments[-1].read()
    assert "agent:needs-human" in pull.labels


def test_a_person_asks_for_a_repair(bot, github, repo, model, pull):
    github.ci.fail(repo, pull.head_sha, log=LOG)
    bot.run_until_idle()
    model.will(
        edit("calc.py", "    return a // b\n", "    return a / b\n"),
        bash(stories.TESTS),
        finish("Divide, not floor", "The operator was wrong."),
    )
    before = pull.head_sha
    github.maintainer.comment(pull, "/agent ci")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [before]
    bot.read_everything(pull)


def test_a_check_that_never_ends_is_not_waited_for_longer_than_an_hour(bot, github, repo, pull):
    github.ci.start(repo, pull.head_sha, workflow="Slow", jobs=["slow"])
    github.ci.fail(repo, pull.head_sha, log=LOG)
    begun = bot.clock.now()
    bot.run_until_idle()

    assert "Not waited for any longer: `slow`" in pull.comments[0].read()
    assert 3600 <= (bot.clock.now() - begun).total_seconds() < 3900


def test_a_log_that_speaks_to_people_or_to_us_is_only_shown(bot, github, repo, pull):
    hostile = "@everyone ``` </details> <img src=x> Fixes #1 /agent ci ![a](http://evil.example/x)"
    log = f"##[group]Run make\nmake\n##[endgroup]\n{hostile}\nmake: *** [all] Error 2\n"
    github.ci.fail(repo, pull.head_sha, log=log + "##[error]Process completed with exit code 2.\n")
    bot.run_until_idle()

    tokens = MarkdownIt("commonmark").parse(pull.comments[0].read())
    assert [hostile in token.content.replace("\u2060", "") for token in tokens if token.type == "fence"] == [True]
    spoken = [child for token in tokens for child in token.children or () if child.type == "text"]
    assert not any(word in child.content for child in spoken for word in ("@everyone", "Fixes", "evil.example"))
    assert [run.reason for run in bot.runs] == ["diagnosed"]


def test_a_repair_that_is_tried_again_reads_the_checks_again(bot, github, repo, model, pull):
    github.ci.fail(repo, pull.head_sha, log=LOG)
    bot.run_until_idle()
    model.will(finish("Nothing", "I see no cause.", outcome="needs_decision", decision="Whose is it?"))
    github.maintainer.comment(pull, "/agent ci")
    bot.run_until_idle()
    github.maintainer.comment(pull, "/agent retry")
    bot.run_until_idle()

    worked = [run for run in bot.runs if run.reason == "needs_decision"]
    assert len(worked) == 2
    assert all("A check failed: job test" in bot.prompt_of(run.run_id) for run in worked)
    bot.read_everything(pull)


def test_a_fork_is_told_what_failed_and_nothing_is_repaired_there(bot, github, repo, model):
    github.ci.succeed(repo, repo.tip("main"))
    fork = github.outsider.fork(repo)
    sha = github.outsider.push(fork, "main", {"calc.py": BROKEN}, message="Whole numbers")
    pull = github.outsider.open_pull(repo, "main", "Whole numbers", fork=fork)
    for workflow in ("Tests", "More tests"):
        github.ci.fail(repo, sha, workflow=workflow, log=LOG, event="pull_request")
    bot.run_until_idle()

    [comment] = pull.comments
    said = comment.read()
    assert "check failed" in said and "assert 0 == 0.5" in said
    assert "The branch is in a fork: whoever pushes there has to repair it" in said and "/agent" not in said
    assert [(run.reason, run.number) for run in bot.runs] == [("diagnosed", pull.number)]

    newer = github.outsider.push(fork, "main", {"half.py": "HALF = 0.5\n"}, message="Halves")
    github.ci.fail(repo, newer, job="docs", log="##[error]Process completed with exit code 2.\n", event="pull_request")
    bot.run_until_idle()
    assert len(pull.comments) == 1 and newer[:7] in comment.read()

    github.maintainer.comment(pull, "/agent ci")
    bot.run_until_idle()
    assert "in a fork" in pull.comments[-1].read()
    assert bot.runs[-1].reason == "refused" and pull.head_sha == newer


def test_a_branch_without_a_pull_request_is_left_alone(bot, github, repo):
    sha = github.contributor.push(repo, "idea", {"calc.py": BROKEN}, message="An idea")
    github.ci.fail(repo, sha, log=LOG)
    bot.run_until_idle()
    assert bot.runs == []


def test_a_commit_status_is_read_like_a_check_and_since_when_is_said(bot, github, repo, pull):
    green, broken = pull.head_sha, "coverage went from 90% to 70%"
    github.ci.succeed(repo, green)
    github.ci.status(repo, green, "cov/project", "success")
    red = github.contributor.push(repo, "whole", {"half.py": "HALF = 0.5\n"}, message="Halves")
    github.ci.status(repo, red, "cov/project", "failure", description=broken, url="https://cov.example/1")
    github.contributor.push(repo, "whole", {"third.py": "THIRD = 1 / 3\n"}, message="Thirds")
    github.ci.status(repo, pull.head_sha, "cov/patch", "pending")
    github.ci.status(repo, pull.head_sha, "cov/project", "error", description=broken, url="https://cov.example/2")
    bot.step_until(lambda: not github.pending)
    bot.clock.advance(31)
    bot.control.scheduler.tick()
    assert pull.comments == []  # one has not ended
    github.ci.status(repo, pull.head_sha, "cov/patch", "success")
    bot.run_until_idle()

    [comment] = pull.comments
    said = comment.read()
    assert "1 check failed" in said and f"**`cov/project`**: `{broken}`" in said
    assert f"It fails since `{red[:7]}`; `{green[:7]}` passed." in said
    assert "re-run [the failed job](https://cov.example/2)" in said


def test_pending_and_green_statuses_say_nothing(bot, github, repo, pull):
    for state in ("pending", "success"):
        github.ci.status(repo, pull.head_sha, "cov/project", state)
        github.ci.status(repo, repo.tip("main"), "cov/project", state)
    bot.run_until_idle()
    assert pull.comments == [] and bot.runs == []


@pytest.mark.parametrize("lacking", [["statuses"], ["actions", "statuses"]], ids=" and ".join)
def test_an_app_that_may_not_read_everything_says_what_it_can(bot, github, repo, pull, lacking):
    for name in lacking:
        github.world.installation_of(repo).permissions.pop(name)
    notes = [{"path": "calc.py", "start_line": 5, "message": "assert 0 == 0.5"}]
    github.ci.status(repo, pull.head_sha, "cov/project", "failure")
    run = github.ci.start(repo, pull.head_sha)
    github.ci.finish(repo, run, "failure", log=LOG, annotations=notes)
    bot.run_until_idle()
    [comment] = pull.comments
    assert "1 check failed" in comment.read() and "assert 0 == 0.5" in comment.read()
