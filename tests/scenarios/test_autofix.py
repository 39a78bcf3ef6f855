"""`autofix on` and `off`: whether failing checks of a pull request are repaired without a word."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, edit, finish
from tests.scenarios import stories
from tests.scenarios.test_failed_checks import BROKEN, LOG


@pytest.fixture
def pull(github, repo):
    github.ci.succeed(repo, repo.tip("main"))
    github.contributor.push(repo, "whole", {"calc.py": BROKEN}, message="Whole numbers")
    return github.contributor.open_pull(repo, "whole", "Whole numbers")


def test_autofix_on_a_person_s_pull_request_repairs_it_without_a_word_until_it_is_off(bot, github, repo, model, pull):
    github.maintainer.comment(pull, "/agent autofix")
    bot.run_until_idle()
    assert "Say `/agent autofix on` or `/agent autofix off`" in pull.comments[-1].read()
    github.maintainer.comment(pull, "/agent autofix on")
    bot.run_until_idle()
    assert "I repair failing checks of this pull request by myself" in pull.comments[-1].read()

    model.when("A check failed").will(
        edit("calc.py", "    return a // b\n", "    return a / b\n"),
        bash(stories.TESTS),
        finish("Divide, not floor", "The operator was wrong."),
    )
    before = pull.head_sha
    github.ci.fail(repo, before, log=LOG)
    bot.run_until_idle()
    assert list(repo.commit(pull.head_sha).parents) == [before]
    assert b"return a / b" in repo.file("whole", "calc.py")

    github.maintainer.comment(pull, "/agent autofix off")
    bot.run_until_idle()
    assert "I no longer repair" in pull.comments[-1].read()
    bot.read_everything(pull)
    head = github.contributor.push(repo, "whole", {"calc.py": BROKEN}, message="Whole numbers again")
    lint = "##[group]Run ruff check .\nruff check .\n##[endgroup]\ncalc.py:5:8: F401 `os` imported but unused\n"
    github.ci.fail(repo, head, log=lint + "Found 1 error.\n##[error]Process completed with exit code 1.\n")
    bot.run_until_idle()
    assert pull.head_sha == head
    assert any("`autofix` is off here: `/agent ci` lets me repair it" in comment.read() for comment in pull.comments)


def test_autofix_is_refused_on_a_fork_and_to_whoever_may_not(bot, github, repo):
    fork = github.outsider.fork(repo)
    github.outsider.push(fork, "main", {"calc.py": BROKEN}, message="Whole numbers")
    pull = github.outsider.open_pull(repo, "main", "Whole numbers", fork=fork)
    github.outsider.comment(pull, "/agent autofix on")
    bot.run_until_idle()
    assert "needs the **maintain** role" in pull.comments[-1].read()
    github.maintainer.comment(pull, "/agent autofix on")
    bot.run_until_idle()
    said = pull.comments[-1].read()
    assert "is in a fork" in said and "repair nothing" in said
