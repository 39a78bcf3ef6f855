"""The tests that guard the default branch are the ones that are run; what of them cannot be run here is said."""

from __future__ import annotations

import re

from app.agent.models.scripted import create, finish
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

WORKFLOW = """\
on: [pull_request]
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [macos-latest, ubuntu-latest]}}
    steps:
    - run: python -m unittest discover -p 'test_*.py'
      env: {LEVEL: full}
    - run: bats checks
    - run: npx playwright test
"""
STEP = "`.github/workflows/ci.yml`, job `test`, step"


def test_what_guards_the_branch_is_run_and_the_rest_is_said(bot, github, model):
    files = {"calc.py": stories.CALC, "test_calc.py": stories.TEST_CALC, ".github/workflows/ci.yml": WORKFLOW}
    repo = github.repository("acme/shop", files=files)
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), stories.SMALL_FIX, finish("Guard zero", "None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert "LEVEL=full python3 -m unittest discover -p 'test_*.py'" in pull.body
    assert "The new test fails without the change and passes with it." in pull.body
    assert f"Not run here: `npx playwright test` ({STEP} 3) needs a browser" in pull.body
    # 127 where nobody has that program, which some have
    assert re.search(
        rf"{re.escape(STEP)} 2: `[^`]+` ended with exit code \d+ before any change; it is left out", pull.body
    )
    bot.read_everything(issue)
