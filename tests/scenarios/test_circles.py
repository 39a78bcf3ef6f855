"""Repairs that undo one another stop before the last one is published, and a person is asked."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, create, edit, finish
from tests.scenarios import stories

END = "##[error]Process completed with exit code 1.\n"
LINT = f"##[group]Run ruff check .\nruff check .\n##[endgroup]\ncalc.py:5:8: PLC1901 `b == 0` is too long\n{END}"
TYPES = f"##[group]Run mypy .\nmypy .\n##[endgroup]\ncalc.py:5: error: Unsupported operand  [operator]\n{END}"
AS_IT_WAS, SHORTER, OTHER = "    if b == 0:\n", "    if not b:\n", "    if not bool(b):\n"


@pytest.fixture
def pull(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    github.ci.succeed(repo, repo.tip("main"))
    bot.read_everything(issue)
    return pull


def repair(model, check: str, old: str, new: str, title: str) -> None:
    model.when(f"job {check}").will(
        edit("calc.py", old, new), bash(stories.TESTS), finish(title, "It is what CI wants.")
    )


def fails(bot, github, repo, pull, check: str, log: str) -> None:
    github.ci.fail(repo, pull.head_sha, workflow=check, job=check, log=log)
    bot.run_until_idle()


def test_a_repair_that_undoes_the_one_before_is_not_published(bot, github, repo, model, pull):
    repair(model, "lint", AS_IT_WAS, SHORTER, "Say not b")
    repair(model, "types", SHORTER, AS_IT_WAS, "Compare with zero")
    fails(bot, github, repo, pull, "lint", LINT)
    first = pull.head_sha
    fails(bot, github, repo, pull, "types", TYPES)

    assert pull.head_sha == first
    said = pull.comments[-1].read()
    assert f"it makes `calc.py` what it was before my commit `{first[:7]}`" in said
    assert (
        f"| 2 · `{first[:7]}` | Say not b: `calc.py` |" in said
        and "| 3 · not added | Compare with zero: `calc.py` |" in said
    )
    assert "agent:needs-human" in pull.labels
    assert [run.reason for run in bot.runs][-1] == "needs_decision"

    github.maintainer.comment(pull, "/agent retry")
    bot.run_until_idle()
    assert AS_IT_WAS.encode() in repo.file(pull.head, "calc.py")
    bot.read_everything(pull)


def test_a_repair_that_goes_further_is_published_and_a_person_may_undo_it(bot, github, repo, model, pull):
    repair(model, "lint", AS_IT_WAS, SHORTER, "Say not b")
    repair(model, "types", SHORTER, OTHER, "Say bool")
    fails(bot, github, repo, pull, "lint", LINT)
    fails(bot, github, repo, pull, "types", TYPES)
    assert OTHER.encode() in repo.file(pull.head, "calc.py")

    model.when("as it was").will(edit("calc.py", OTHER, AS_IT_WAS), finish("Compare with zero", "As asked."))
    github.maintainer.comment(pull, "/agent make it as it was")
    bot.run_until_idle()
    assert AS_IT_WAS.encode() in repo.file(pull.head, "calc.py")
    bot.read_everything(pull)


def test_a_repair_that_takes_the_first_change_back_is_not_published(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Add half", body="It is used everywhere.")
    done = finish("Add half", "It is there.")
    model.will(create("half.py", "HALF = 0.5\n"), bash(stories.TESTS), done, done)  # no test reaches it: asked once
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    ours = pull.head_sha
    github.ci.succeed(repo, repo.tip("main"))
    model.when("job lint").will(bash("rm half.py"), bash(stories.TESTS), finish("Drop half", "Nobody uses it."))
    fails(bot, github, repo, pull, "lint", LINT)
    assert pull.head_sha == ours
    assert f"it makes `half.py` what it was before my commit `{ours[:7]}`" in pull.comments[-1].read()
    bot.read_everything(issue, pull)
