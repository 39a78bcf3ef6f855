"""Several projects in a repository: those that a change touches are tested, or it is said that they were not."""

from __future__ import annotations

from app.agent.models.scripted import create, edit, finish
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

CALC, TESTS, MANIFEST = stories.CALC, stories.TEST_CALC, "[tool.lint]\n"
SERVICES = {
    f"services/s{number}/{name}": content
    for number in range(7)
    for name, content in {"pyproject.toml": MANIFEST, "calc.py": CALC, "test_calc.py": TESTS}.items()
}
FIXED = "    return a / b if b else None\n"


def test_a_change_is_tested_where_it_was_made_though_there_are_too_many_projects_for_all(bot, github, model):
    repo = github.repository("acme/shop", files=SERVICES)
    issue = ask_for_a_fix(github, repo)
    model.will(create("services/s6/test_by_zero.py", stories.REGRESSION))
    model.will(edit("services/s6/calc.py", "    return a / b\n", FIXED), finish("Guard zero", "None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert "The new test fails without the change and passes with it." in pull.body
    assert "cd services/s6 && {" in pull.body
    assert "agent:uncertain" not in pull.labels
    bot.read_everything(issue)


def test_a_project_that_cannot_be_installed_here_is_said_to_be_untested(bot, github, model):
    tool = {"setup.py": "raise SystemExit('needs a compiler')\n", "calc.py": CALC, "tests/test_calc.py": TESTS}
    files = {"calc.py": CALC, "test_calc.py": TESTS} | {f"tool/{name}": content for name, content in tool.items()}
    repo = github.repository("acme/shop", files=files)
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), edit("calc.py", "    return a / b\n", FIXED))
    model.will(edit("tool/calc.py", "    return a / b\n", FIXED), finish("Guard zero twice", "None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert "What it changes in `tool` was not tested: what that needs could not be installed here." in pull.body
    assert pull.draft
    assert "agent:uncertain" in pull.labels
    bot.read_everything(issue)
