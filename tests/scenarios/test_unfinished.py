"""A person's stop leaves what there is on a branch of its own; a retry goes on from there."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, create, edit, finish
from app.ports.model import ModelReply, ModelRequest
from tests.scenarios import stories
from tests.scenarios.fuse import Killed

STOPPED_AT = 4  # the call of the model during which somebody says stop: a test and a fix are in the tree


def status_of(thread):
    """The status comment of the newest run."""
    return [comment.read() for comment in thread.comments if "part=status" in comment.body][-1]


class Meanwhile:
    """A model during whose `call`th reply something happens."""

    def __init__(self, bot, call, happens):
        self._real, self._left, self._happens = bot.platform.model(), call, happens

    def reply(self, request: ModelRequest, on_text=None) -> ModelReply:
        self._left -= 1
        if not self._left:
            self._happens()
        return self._real.reply(request, on_text)


def stopped(bot, github, repo, thread, *, by, at=STOPPED_AT):
    """The run at work is stopped in the middle by what `by` does, and has ended within a minute."""

    def happens():
        by()
        github.deliver_pending()
        bot.control.drain_jobs()
        began.append(bot.clock.now())

    began: list = []
    real = bot.platform.model
    bot.use_model(Meanwhile(bot, at, happens))
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    assert bot.runs[0].reason == "cancelled"
    assert (bot.clock.now() - began[0]).total_seconds() < 60
    bot.use_model(real())
    bot.run_until_idle()
    return bot.runs[0]


def test_stop_leaves_the_work_on_the_runs_branch_and_retry_goes_on_from_there(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    run = stopped(bot, github, repo, issue, by=lambda: github.maintainer.comment(issue, "/agent stop"))

    [branch] = set(repo.branches) - {"main"}
    assert branch == bot.state_of(run.run_id).created.branch and repo.pulls == []
    assert repo.file(branch, "test_by_zero.py").decode() == stories.REGRESSION
    commit = repo.commit(repo.tip(branch))
    assert list(commit.parents) == [repo.tip("main")] and repo.tip(branch) in repo.verified
    assert commit.message.startswith("Unfinished: Divide by zero\n") and "no test was run on this" in commit.message
    said = status_of(issue)
    assert f"What I had is on `{branch}` as {repo.tip(branch)[:7]}, **unfinished and unverified**" in said
    assert "`/agent retry` goes on from there" in said and "passes" not in said
    bot.read_everything(issue)

    model.when("before it stopped: `git diff`").will(
        bash("git status --short"), finish("Return None when dividing by zero", "`divide` returns None for zero.")
    )
    github.maintainer.comment(issue, "/agent retry")
    bot.run_until_idle()
    [pull] = repo.pulls
    assert "if b == 0" in repo.file(pull.head, "calc.py").decode()
    assert repo.file(pull.head, "test_by_zero.py").decode() == stories.REGRESSION
    assert f"I go on from where run `{run.run_id[:8]}` stopped: 2 changed files." in status_of(issue)
    bot.read_everything(issue)


def test_a_worker_that_dies_when_it_is_told_to_stop_leaves_nothing_and_that_is_said(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")

    def happens():
        github.maintainer.comment(issue, "/agent stop")
        github.deliver_pending()
        bot.control.drain_jobs()
        raise Killed

    real = bot.platform.model
    bot.use_model(Meanwhile(bot, STOPPED_AT, happens))
    bot.step_until(lambda: bot.workers.waiting)
    with pytest.raises(Killed):
        bot.work_waiting()
    bot.use_model(real())
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["cancelled"] and set(repo.branches) == {"main"}
    assert "Whatever I had changed is lost: I was cut off before I could keep it." in status_of(issue)
    bot.read_everything(issue)


@pytest.mark.parametrize("withdrawn", ["close", "secret", "nothing"])
def test_a_withdrawal_leaves_nothing_nor_does_what_the_scan_blocks(bot, github, repo, model, withdrawn):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    key = "AKIA" + "QWERTYUIOPASDFGH"
    if withdrawn != "nothing":
        model.will(create("settings.py", f'KEY = "{key}"\n'))
    model.will(bash("true"), bash("true"), finish("Nothing", "It is intended.", outcome="nothing_to_do"))
    github.maintainer.label(issue, "agent-fix")
    says = {"close": lambda: github.maintainer.close(issue)}
    stopped(
        bot, github, repo, issue, at=2, by=says.get(withdrawn, lambda: github.maintainer.comment(issue, "/agent stop"))
    )

    assert set(repo.branches) == {"main"}
    said = status_of(issue)
    tells = {"close": "so I stopped", "secret": "What I had is on no branch", "nothing": "I had changed nothing"}
    assert tells[withdrawn] in said and key not in said
    bot.read_everything(issue)


def test_on_a_pull_request_it_goes_to_a_branch_of_its_own_and_a_changed_base_starts_anew(bot, github, repo, model):
    github.contributor.push(repo, "halves", {"half.py": "HALF = 1\n"}, message="Add half")
    pull = github.contributor.open_pull(repo, "halves", "Add half")
    theirs = pull.head_sha
    model.will(
        edit("half.py", "HALF = 1\n", "HALF = 0.5\n"),
        bash("cat half.py"),
        bash("true"),
        *[finish("Halve", "Half is half.")] * 2,  # no test reaches it, and it is asked for one
    )
    github.maintainer.comment(pull, "/agent make half a half")
    stopped(bot, github, repo, pull, by=lambda: github.maintainer.comment(pull, "/agent stop"), at=3)

    assert pull.head_sha == theirs
    [branch] = set(repo.branches) - {"main", "halves"}
    assert branch.startswith(f"agent/{pull.number}-unfinished-") and repo.file(branch, "half.py") == b"HALF = 0.5\n"
    bot.read_everything(pull)
    github.contributor.push(repo, "halves", {"half.py": "HALF = 1\nWHOLE = 1\n"}, message="Add whole")
    github.maintainer.comment(pull, "/agent retry --fresh")
    bot.run_until_idle()
    assert repo.file("halves", "half.py") == b"HALF = 0.5\nWHOLE = 1\n"
    bot.read_everything(pull)
