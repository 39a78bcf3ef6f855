"""Where a repository says `autonomy: diagnose`, a fix ends in what is wrong, and nothing is changed."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, diagnose, finish
from tests.scenarios import stories

CAUSE = diagnose(
    "`divide` lets a divisor of zero through.",
    ["calc.py:5"],
    "It divides without looking; `divide(1, 0)` raised in the shell.",
    "Return None before dividing; callers have to look for it.",
)


@pytest.fixture
def careful(github):
    config = stories.CONFIG + "autonomy: diagnose\n"
    return github.repository(
        "acme/careful", files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main"
    )


def test_a_fix_is_a_diagnosis_and_the_way_on_is_said(bot, github, careful, model):
    issue = github.maintainer.open_issue(careful, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    model.will(
        bash("python3 -S -c 'import calc; calc.divide(1, 0)'"),
        stories.SMALL_FIX,  # in vain
        finish("Guard zero", "Returns None."),  # which is sent back: nothing was diagnosed
        CAUSE,
        finish("Guard zero", "It divides without looking."),
    )
    bot.run_until_idle()

    [run] = bot.runs
    assert run.reason == "explained"
    assert careful.pulls == [] and set(careful.branches) == {"main"}
    status, said = (comment.read().replace("\\", "") for comment in issue.comments)
    assert "Diagnosis" in status
    for word in ("`calc.py:5`", "It divides without looking", "Return None before dividing", "(exit 1)", "high"):
        assert word in said
    assert "Set it to `plan`, `draft` or `ready`" in said
    assert issue.labels == ["agent:done"]

    github.maintainer.comment(issue, "/agent fix")
    github.maintainer.comment(issue, "/agent plan")
    bot.run_until_idle()
    once_more, plan = (
        comment.read() for comment in issue.comments[2:] if comment.user is not github.maintainer.account
    )
    assert "I have said what is wrong here" in once_more and "`autonomy: diagnose`" in once_more
    assert "`autonomy: diagnose` lets me say what is wrong, and change nothing" in plan

    github.maintainer.push(careful, "main", {".github/lamplighter.yml": stories.CONFIG})
    stories.fix(model)
    github.maintainer.comment(issue, "/agent retry")
    bot.run_until_idle()
    assert len(careful.pulls) == 1
    bot.read_everything(issue)


def test_words_on_a_pull_request_change_nothing_there(bot, github, careful):
    github.contributor.push(careful, "idea", {"idea.py": "x = 1\n"})
    pull = github.contributor.open_pull(careful, "idea", "An idea")
    head = pull.head_sha
    github.maintainer.comment(pull, "/agent rename x")
    bot.run_until_idle()

    assert pull.head_sha == head
    assert "`autonomy: diagnose` lets me say what is wrong" in pull.comments[-1].read()
    bot.read_everything(pull)
