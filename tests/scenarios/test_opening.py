"""What the model is told first: once, the same for every attempt, with what the checkout left out."""

from __future__ import annotations

from tests.scenarios import stories

FAILING = stories.TEST_CALC + "\n    def test_rounds(self):\n        self.assertEqual(divide(1, 3), 0.33)\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5000000\n"


def _first_messages(bot) -> set[str]:
    """The text of the first message of every request so far."""
    requests = bot.platform.model().requests
    return {"".join(block["text"] for block in request.messages[0]["content"]) for request in requests}


def test_every_attempt_opens_with_the_same_words(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises in calc.py.")
    stories.question_then_fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    github.maintainer.comment(issue, "/agent answer 1a")
    bot.run_until_idle()

    assert bot.runs[0].attempt == 2 and len(repo.pulls) == 1
    (text,) = _first_messages(bot)
    assert "Before your work, `python3 -S -m unittest -q` ended with exit code 0 (1 passed)." in text
    assert "The network is closed." in text and "\nTools: " in text and "git 2." in text
    assert "\ncalc.py, test_calc.py, unittest.py\n" in text
    events = bot.platform.store.events(bot.runs[0].run_id)
    assert [event.kind for event in events].count("briefing.made") == 1
    bot.read_everything(issue, *repo.pulls)


def test_what_fails_before_and_what_the_checkout_left_out_is_told(bot, github, model):
    files = {**stories.PROJECT, "test_calc.py": FAILING, ".gitattributes": "*.bin filter=lfs\n", "rates.bin": POINTER}
    repo = github.repository("acme/odd", files={**files, "AGENTS.md": "Money is in cents.\n"}, default_branch="main")
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    (text,) = _first_messages(bot)
    assert "ended with exit code 1 (1 passed, 1 failed):" in text
    assert "test_rounds" in text and "AssertionError: 0.3333333333333333 != 0.33" in text
    assert "1 Git LFS file present as a pointer only, so what needs its content cannot run: rates.bin" in text
    assert "Money is in cents." in text
    bot.read_everything(issue, *repo.pulls)
