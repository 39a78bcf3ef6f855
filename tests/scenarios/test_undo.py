"""`undo` takes our last commit on a branch back with one new commit, and nobody else's work with it."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, finish
from tests.scenarios import stories


@pytest.fixture
def pull(github, repo, model):
    model.will(bash("touch notes.txt; wc -l < notes.txt >> notes.txt"), finish("Note a line", "It is noted."))
    github.contributor.push(repo, "halves", {"half.py": "HALF = 0.5\n"}, message="Add half")
    return github.contributor.open_pull(repo, "halves", "Add half")


def note(bot, github, pull):
    """A follow-up that adds a line to one file; the commit's SHA."""
    github.maintainer.comment(pull, "/agent note one line more")
    bot.run_until_idle()
    return pull.head_sha


def undo(bot, github, thread):
    github.maintainer.comment(thread, "/agent undo")
    bot.run_until_idle()
    return thread.comments[-1].read()


def test_undo_takes_the_last_commit_back_and_twice_the_one_before(bot, github, repo, pull):
    first, second = (note(bot, github, pull) for _number in (1, 2))
    github.contributor.push(repo, "halves", {"half.py": "HALF = 1 / 2\n"}, message="Say it otherwise")
    theirs = pull.head_sha

    said = undo(bot, github, pull)
    assert f"Taken back: [`{second[:7]}`](" in said and f"/acme/calc/commit/{second})" in said
    assert f"/commit/{pull.head_sha})" in said and "Nothing was run on it" in said
    commit = repo.commit(pull.head_sha)
    assert list(commit.parents) == [theirs] and pull.head_sha in repo.verified
    assert commit.message.startswith(f'Revert "Note a line"\n\nThis reverts commit {second}.\n')
    assert "\nAgent-Run: " in commit.message and f"\nCo-authored-by: {github.maintainer.login} <" in commit.message
    assert (repo.file("halves", "notes.txt"), repo.file("halves", "half.py")) == (b"0\n", b"HALF = 1 / 2\n")

    github.faults.add("PATCH /repos/*/*/git/refs/*", status=502, when="after", times=8)  # done, and nobody hears of it
    assert f"/commit/{first})" in undo(bot, github, pull)
    assert repo.file("halves", "notes.txt") is None
    head = pull.head_sha
    assert "is mine that is not taken back already" in undo(bot, github, pull)
    assert pull.head_sha == head
    bot.read_everything(pull)


def test_undo_overwrites_nobody_and_finds_nothing_where_nothing_is_ours(bot, github, repo, pull):
    message = f"Pretend\n\nAgent-Run: {'a' * 16}"
    github.contributor.push(repo, "halves", {"half.py": "HALF = 2\n"}, message=message)
    assert "None of the last" in undo(bot, github, pull)

    ours = note(bot, github, pull)
    github.contributor.push(repo, "halves", {"notes.txt": "mine now\n"}, message="Change the note")
    theirs = pull.head_sha
    said = undo(bot, github, pull)
    assert f"What my commit {ours[:7]} did to `notes.txt` was changed since" in said
    assert pull.head_sha == theirs
    bot.read_everything(pull)


def test_undo_on_the_issue_means_the_pull_request_that_its_run_made(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    assert "No run here has made a pull request" in undo(bot, github, issue)
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    [pull] = repo.pulls
    ours = pull.head_sha

    github.triager.comment(issue, "/agent undo")
    bot.run_until_idle()
    assert "needs the **write** role" in issue.comments[-1].read()
    assert f"/commit/{ours})" in undo(bot, github, issue)
    github.ci.succeed(repo, repo.tip("main"))
    github.ci.fail(repo, pull.head_sha, log="##[error]Process completed with exit code 1.\n")
    bot.run_until_idle()
    assert "A change of mine was taken back here, so I repair nothing before somebody asks" in pull.comments[-1].read()
    assert repo.file(pull.head, "calc.py").decode() == stories.CALC
    assert repo.file(pull.head, "test_by_zero.py") is None
    github.maintainer.merge(pull)
    bot.run_until_idle()
    assert "is merged" in undo(bot, github, issue)
    bot.read_everything(issue, pull)
