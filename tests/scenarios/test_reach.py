"""Tests that pass and do not run what was changed: the model is asked once for one that does, and people are told."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import create, finish, say
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

OTHER = stories.TEST_CALC.replace("from calc import divide", "def divide(a, b):\n    return a / b")
UNREACHED = "**The tests that ran do not reach `calc.py`**: they pass with it broken on purpose."


@pytest.mark.parametrize("ground", ["local"], indirect=True)
@pytest.mark.parametrize("make_bot", ["once"], indirect=True)
@pytest.mark.parametrize("then", ["a test", "no test", "a broken change"])
def test_a_change_that_no_test_reaches_is_tried_once_more_and_then_said_to_be_unreached(bot, github, model, then):
    repo = github.repository("acme/calc", files={**stories.PROJECT, "test_calc.py": OTHER})
    issue = ask_for_a_fix(github, repo)
    model.will(stories.SMALL_FIX, finish("Guard zero", "Returns None.", confidence="high"))
    if then == "a test":
        model.will(create("test_by_zero.py", stories.REGRESSION))
    if then == "a broken change":
        model.will(create("test_wrong.py", stories.REGRESSION.replace("assertIsNone", "assertTrue")))
        model.will(finish("Guard zero", "Tested."), *[say("I cannot do more.")] * 4)
    else:
        model.will(finish("Guard zero", "Returns None.", confidence="high"))
    bot.run_until_idle()

    run = bot.runs[-1].run_id
    asked = [event.data["text"] for event in bot.platform.store.events(run) if event.kind == "notice.given"]
    assert sum("The tests that ran do not reach `calc.py`." in text for text in asked) == 1
    (pull,) = repo.pulls
    files = {file.filename for file in pull.files}
    said = issue.comments[-1].read()
    if then == "a test":
        assert files == {"calc.py", "test_by_zero.py"}
        assert "agent:uncertain" not in pull.labels
        assert "The new test fails without the change and passes with it." in pull.body
    else:
        assert files == {"calc.py"}
        assert pull.draft and "agent:uncertain" in pull.labels
        assert UNREACHED in pull.body and UNREACHED in said
        assert "is not proven: look at it with care" in said
        assert "- Confidence: **low**, not proven" in pull.body
        assert [(check.output["title"], check.conclusion) for check in repo.runs if check.name == "lamplighter"][
            -1
        ] == (
            f"Pull request opened, not proven: #{pull.number}",
            "neutral",
        )
    bot.read_everything(issue)
