"""A project whose tests cannot judge a change: the run says so, names the setting, and has cost nothing."""

from __future__ import annotations

import pytest

from tests.scenarios import stories

HANGS = "import time\nimport unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        time.sleep(60)\n"
BROKEN = "import nowhere\n"
SETTINGS = 'setup: []\nverify: ["{}"]\n{}'
UNITTEST = "python3 -S -m unittest"

CASES = {
    "nobody knows how": (
        {"main.c": "int main(void) { return 0; }\n"}, "I do not know how this project is tested", "under `verify`"
    ),
    "a script that tests nothing": (
        {"package.json": '{"scripts": {"test": "echo no tests yet"}}', "half.js": "module.exports = (n) => n / 2\n"},
        "I do not know how this project is tested", "under `verify`",
    ),
    "a Makefile that fails without a word on tests": (
        {"Makefile": "test:\n\t@false\n"}, "ended with exit code 2 and told of no test",
        "the right command under `verify`",
    ),
    "too slow": (
        {"test_a.py": HANGS, ".github/lamplighter.yml": SETTINGS.format(UNITTEST, "sandbox: {timeout: 1s}\n")},
        "ended with a time-out", "Raise `sandbox.timeout` (now 1s)",
    ),
    "cannot be imported": (
        {"test_a.py": BROKEN, ".github/lamplighter.yml": SETTINGS.format(UNITTEST, "")},
        "breaks off before the first test", "No module named 'nowhere'",
    ),
    "none is found": (
        {"checks/test_a.py": HANGS, ".github/lamplighter.yml": SETTINGS.format(UNITTEST, "")},
        "finds no tests, though there are some (`checks/test_a.py`)", "under `verify`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_run_that_could_never_be_accepted_ends_before_the_first_call(bot, github, case):
    files, why, remedy = CASES[case]
    repo = github.repository("acme/odd", files={"README.md": "odd\n", **files}, default_branch="main")
    issue = github.maintainer.open_issue(repo, "Halve it", body="It should.")
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert why in said
    assert remedy in said
    assert "before spending anything" in said
    assert bot.runs[0].reason == "failed"
    assert bot.state_of(bot.runs[0].run_id).turns == 0
    bot.read_everything(issue)


def test_the_first_test_of_a_project_may_come_with_the_change(bot, github, model):
    files = {"calc.py": stories.CALC, ".github/lamplighter.yml": stories.CONFIG}
    repo = github.repository("acme/calc", files=files, default_branch="main")
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.base == "main"
    bot.read_everything(issue, pull)
