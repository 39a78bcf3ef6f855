"""A repository is set up and tested once without a model, and its onboarding issue says what came of it."""

from __future__ import annotations

import re

import pytest

from app.config import repo_config
from app.installation import rehearsals
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_installation import welcomes

UNKNOWN = {"main.c": "int main(void) { return 0; }\n"}


def rehearsed(bot):
    return [run for run in bot.runs if bot.state_of(run.run_id).created.playbook == "rehearse"]


def said_on(issue):
    return [comment.read() for comment in issue.comments if comment.author == "lamplighter[bot]"]


def ask(github, repo, words="/agent rehearse"):
    issue = github.maintainer.open_issue(repo, "Do my tests run there?", body="")
    github.maintainer.comment(issue, words)
    return issue


def proposed_in(text):
    """The configuration in a comment, with what is wrong with it."""
    content = text.partition("```yaml\n")[2].partition("```")[0]
    return content, repo_config.examine(content.encode())[1]


def test_installing_rehearses_and_the_onboarding_issue_says_what_was_found(bot, github):
    repo = github.repository("acme/calc", files=stories.PROJECT, install=False)
    github.owner.install(repo)
    bot.run_until_idle()

    (issue,) = welcomes(repo)
    (status,) = said_on(issue)
    assert "### ✅ Tests run here" in status
    assert f"- `{stories.TESTS}`: 1 passed in " in status
    assert "no model is asked · begun once, because the App came" in status
    assert "But for one thing, now: I run your tests once, without a model" in issue.body
    assert issue.labels == ["agent:done"]
    (run,) = rehearsed(bot)
    state = bot.state_of(run.run_id)
    assert (run.reason, state.turns, state.cost_usd) == ("rehearsed", 0, 0.0)
    bot.read_everything(issue)


def test_it_is_asked_for_on_any_issue_and_costs_nothing_of_a_day_that_is_spent(bot, github, model):
    spent = stories.CONFIG + "budget: {day_usd: 0.000001}\n"
    repo = github.repository("acme/calc", files={**stories.PROJECT, ".github/lamplighter.yml": spent})
    stories.fix(model)
    fixed = ask_for_a_fix(github, repo)
    bot.run_until_idle()
    issue = ask(github, repo)
    bot.run_until_idle()
    bot.read_everything(fixed)

    assert "### ✅ Tests run here" in said_on(issue)[0]
    assert len(said_on(issue)) == 1


HALF = {
    "a step of the set-up": (f"setup: ['true', 'false']\nverify: [{stories.TESTS}]\n", "setup:\n- 'true'\n"),
    "one of the tests": (f"setup: []\nverify: [{stories.TESTS}, python3 -S -m unittest nowhere]\n", "setup: []\n"),
}


@pytest.mark.parametrize("fails", HALF)
def test_what_runs_of_it_is_given_as_a_configuration_that_is_enough(bot, github, fails):
    config, setup = HALF[fails]
    repo = github.repository("acme/shop", files={**stories.PROJECT, ".github/lamplighter.yml": config})
    issue = ask(github, repo)
    bot.run_until_idle()

    status, result = said_on(issue)
    assert "### 🟡 Tests run here, once they are configured" in status
    assert "ran here just now" in result
    content, mistakes = proposed_in(result)
    assert (content, mistakes) == (f"{setup}verify:\n- {stories.TESTS}\n", [])
    assert "**Next:** Commit the configuration above" in result
    assert "before spending" not in status + result

    github.maintainer.push(repo, "main", {".github/lamplighter.yml": content})
    again = ask(github, repo)
    bot.run_until_idle()
    assert "### ✅ Tests run here" in said_on(again)[0]
    bot.read_everything(issue, again)


def test_where_nobody_knows_how_a_file_to_begin_with_is_given(bot, github):
    repo = github.repository("acme/odd", files=UNKNOWN)
    issue = ask(github, repo)
    bot.run_until_idle()

    status, result = said_on(issue)
    assert "### 🟡 I cannot test changes here yet" in status
    assert result.partition("\n### ")[2].startswith("🟡 @maya I cannot test changes here yet")
    assert "I do not know how this project is tested" in result
    assert "did not run yet" in result
    assert proposed_in(result)[1] == []
    assert rehearsed(bot)[0].reason == "rehearsed"
    bot.read_everything(issue)


SAYS = {  # of a command: how it is headed, and whether a configuration is given
    "true": ("### 🟡 The commands run here, and no test is counted", False),
    "sh -c 'exit 3'": ("### 🟡 I cannot test changes here yet", True),
    "python3 -S -m unittest fails": ("### 🟡 Tests run here, and some fail as they are", False),
}
FAILS = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.fail()\n"


@pytest.mark.parametrize("command", SAYS)
def test_nothing_is_called_well_that_was_not_seen_so(bot, github, command):
    config = f'setup: []\nverify: ["{command}"]\n'
    repo = github.repository("acme/shop", files={"fails.py": FAILS, ".github/lamplighter.yml": config})
    issue = ask(github, repo)
    bot.run_until_idle()

    headed, is_helped = SAYS[command]
    assert headed in said_on(issue)[0]
    assert ("```yaml" in said_on(issue)[-1]) is is_helped
    bot.read_everything(issue)


def test_what_is_compiled_ahead_is_told_and_counts_no_test(bot, github):
    go = '#!/bin/sh\necho "ok example.test 0.1s"\n'
    config = 'setup: [chmod +x go]\nverify: ["PATH=.:$PATH go test ./..."]\n'
    repo = github.repository("acme/shop", files={".github/lamplighter.yml": config, "go": go})
    issue = ask(github, repo)
    bot.run_until_idle()

    told = said_on(issue)[0]
    assert re.search(r"`chmod \+x go`: done in \S+ s\n- compiled for the tests, ahead of them, in \d+", told)
    assert "exec=true" not in told
    bot.read_everything(issue)


def test_a_makefile_that_tells_nothing_gives_way_to_what_stands_beside_it(bot, github):
    files = {"Makefile": "test:\n\t@false\n", "calc/pyproject.toml": "", "calc/calc.py": stories.CALC,
             "calc/test_calc.py": stories.PROJECT["test_calc.py"]}  # fmt: skip
    repo = github.repository("acme/shop", files=files)
    issue = ask(github, repo)
    bot.run_until_idle()

    (status,) = said_on(issue)
    assert "### ✅ Tests run here" in status
    assert "`make test` fails before any change and its output was not read; it is left out" in status
    assert "cd calc && { PATH=$HOME/venv-calc/bin:$PATH python3 -m unittest discover; }`: 1 passed in " in status
    bot.read_everything(issue)


def test_tests_that_take_too_long_are_given_longer(bot, github):
    slow = (
        "import time\nimport unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        time.sleep(9)\n"
    )
    config = "setup: []\nverify: [python3 -S -m unittest]\nsandbox: {timeout: 1s}\n"
    repo = github.repository("acme/slow", files={"test_a.py": slow, ".github/lamplighter.yml": config})
    issue = ask(github, repo)
    bot.run_until_idle()

    result = said_on(issue)[-1]
    assert "These keys in `.github/lamplighter.yml`" in result
    assert "timeout: 3" in result
    assert proposed_in(result)[1] == []


@pytest.mark.parametrize("way", ["many", "switched off", "by a bot"])
def test_nothing_is_rehearsed_unasked(bot, github, way):
    off = "playbooks: {rehearse: {enabled: false}}\n" if way == "switched off" else ""
    files = {**stories.PROJECT, ".github/lamplighter.yml": stories.CONFIG + off}
    repo = github.repository("acme/calc", files=files, install=False)
    if way == "many":
        github.organisation("acme", rehearsals.MOST_REPOSITORIES, files={"a.txt": "a\n"})
        github.owner.install(repo, selects_all=True)
    elif way == "by a bot":
        robot = github.person("rolls-out[bot]", "admin")
        robot.account.type = "Bot"
        robot.install(repo)
    else:
        github.owner.install(repo)
    bot.run_until_idle()

    assert len(welcomes(repo)) == 1
    assert said_on(welcomes(repo)[0]) == []
    assert rehearsed(bot) == []


def test_who_may_not_gets_one_polite_line(bot, github):
    repo = github.repository("acme/calc", files=stories.PROJECT)
    issue = github.maintainer.open_issue(repo, "Do my tests run there?", body="")
    github.outsider.comment(issue, "/agent rehearse")
    bot.run_until_idle()

    assert len(said_on(issue)) == 1
    assert "needs the **write** role" in said_on(issue)[0]
    assert rehearsed(bot) == []


def test_stop_ends_it(bot, github):
    repo = github.repository("acme/calc", files=stories.PROJECT)
    issue = ask(github, repo)
    bot.step_until(lambda: rehearsed(bot))
    github.maintainer.comment(issue, "/agent stop")
    bot.run_until_idle()
    assert rehearsed(bot)[0].reason == "cancelled"
    assert re.search(r"^### \S+ Stopped", said_on(issue)[0], re.MULTILINE)
    bot.read_everything(issue)
