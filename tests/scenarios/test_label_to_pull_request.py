"""The main story: a person labels an issue, and a verified draft pull request appears."""

from __future__ import annotations

from app.agent.scripted_model import bash, create, edit, finish
from tests.scenarios.stage import Bot

FIXED = '''def divide(a, b):
    """a / b; None when there is no such number."""
    if b == 0:
        return None
    return a / b
'''

REGRESSION = """import unittest

from calc import divide


class DividesByZero(unittest.TestCase):
    def test_by_zero_is_none(self):
        self.assertIsNone(divide(1, 0))
"""


def the_fix(model):
    """What a good model does: reproduce, fix, test, finish."""
    model.will(create("test_by_zero.py", REGRESSION))
    model.will(bash("python3 -m unittest -q"))
    model.will(edit("calc.py", "    return a / b\n", "    if b == 0:\n        return None\n    return a / b\n"))
    model.will(bash("python3 -m unittest -q"))
    model.will(
        finish(
            "Return None when dividing by zero",
            "`divide` returns None when the divisor is zero.",
            confidence="high",
            assumptions=["None rather than an exception, as the issue asks"],
        )
    )


def test_label_becomes_a_verified_draft_pull_request(bot: Bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="`divide(1, 0)` raises. It should return None.")
    the_fix(model)
    github.maintainer.label(issue, "agent-fix")

    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert pull.title == "Return None when dividing by zero"
    assert sorted(file.path for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert pull.head.startswith("agent/1-divide-by-zero-")
    assert "Fixes #1" in pull.body
    assert "fails without the change, passes with it" in pull.body
    (commit,) = pull.commits
    assert commit.verified
    assert commit.trailers["Agent-Run"]
    assert commit.trailers["Co-authored-by"].startswith(github.maintainer.login)
    assert issue.labels == ["agent:done"]
    assert [reaction.content for reaction in issue.reactions] == ["eyes"]
    status, result = (comment.read() for comment in issue.comments)
    assert f"Pull request opened: #{pull.number}" in status
    assert f"pull request #{pull.number} is ready" in result
