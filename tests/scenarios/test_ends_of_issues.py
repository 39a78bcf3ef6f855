"""What a run stands on goes away while it is at work: its issue, its repository, the branch it was about to add to."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import ask, bash, finish, question
from tests.scenarios import stories


def transfer(github, repo, issue):
    return github.maintainer.transfer(issue, github.repository("acme/other", files=stories.PROJECT))


# What people do to an issue with a run at work; why it ended when its event came, and when that was lost; whether the
# status comment says so: what moved, or may not be written to, keeps the comment that it had.
ENDS = {
    "transferred": (transfer, "moved to another repository, so I stopped", "The issue is gone", False),
    "deleted": (lambda github, _, issue: github.owner.delete(issue), "was deleted, so I stopped", "is gone", False),
    "locked": (lambda github, _, issue: github.maintainer.lock(issue), "was locked, so I stopped", "is locked", True),
    "archived": (lambda github, repo, _: github.owner.archive(repo), "was archived", "was archived", False),
}


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "lost"])
@pytest.mark.parametrize("what", ENDS)
def test_the_end_of_an_issue_stops_the_work_and_brings_no_pull_request(bot, github, repo, model, what, is_told):
    change, told, found, is_shown = ENDS[what]
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.control.drain_publishing()
    there = change(github, repo, issue) or issue
    if not is_told:
        github.world.outbox.queue.clear()
    bot.run_until_idle()

    [run] = bot.runs
    why = told if is_told else found
    assert run.reason == "cancelled" and why in bot.state_of(run.run_id).reason
    assert repo.pulls == [] and set(repo.branches) == {"main"}
    [status] = there.comments
    assert (why in status.read()) == is_shown


def test_a_force_push_to_our_branch_while_a_question_is_open_stays_and_the_answer_is_worked_on_it(
    bot, github, repo, model
):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    stories.fix(model)
    bot.run_until_idle()
    [pull] = repo.pulls
    model.when("say what it gives").will(
        ask(question("Where?", "README", "docs", consequences=["one file", "a folder"])),
        bash("echo 'None for zero.' > README.md"),
        finish("Say what it gives", "README says it."),
    )
    github.maintainer.comment(pull, "/agent say what it gives")
    bot.run_until_idle()
    assert bot.runs[-1].reason == "question"
    theirs = github.contributor.force_push(
        repo, pull.head, {"calc.py": stories.PROJECT["calc.py"] + "\nWHOLE = 1\n"}, start="main"
    )
    github.maintainer.comment(pull, "/agent answer 1a")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs]
    assert "was force-pushed while I worked" in pull.comments[-1].read()
    bot.read_everything(issue, pull)
