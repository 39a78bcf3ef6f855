"""Inputs with which somebody found something from outside, played as they were; kinds are enumerated elsewhere."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from app.agent.models.anthropic import AnthropicModel
from app.agent.models.scripted import bash, create, finish
from tests.rooms.agent.answers import Answers, error
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

pytestmark = [
    pytest.mark.parametrize("ground", ["local"], indirect=True),
    pytest.mark.parametrize("make_bot", ["once"], indirect=True),
]


def without_marks(messages):
    """What the model is shown. Where the cache's marks stand is none of its business, and they move on."""
    return [
        [{key: value for key, value in block.items() if key != "cache_control"} for block in message["content"]]
        for message in messages
    ]


def test_a_run_whose_first_results_are_cleared_sends_the_same_messages_on_every_call(bot, github, repo, model):
    """Twelve turns with thinking, of which one prints blanks only; the API clears, and we go on showing all of it."""
    issue = ask_for_a_fix(github, repo)
    model.will(
        *[[bash(f"seq {n} {n + 700}"), *[bash(f"seq {n}{k} {n}{k}500") for k in range(6)]] for n in range(10, 21)]
    )
    model.will(bash("printf ' \\n\\t\\n'"))
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    sent = [without_marks(request.messages) for request in bot.platform.model().requests]
    for earlier, later in pairwise(sent):
        assert later[: len(earlier)] == earlier
    replied = [event for event in bot.platform.store.events(bot.runs[0].run_id) if event.kind == "model.replied"]
    assert any(event.data.get("applied_edits") for event in replied)
    bot.read_everything(issue)


def test_a_vendor_that_limits_for_a_day_is_told_with_the_time_until_when(bot, github, repo, model, clock):
    vendor = Answers(429, error("rate_limit_error", "Your daily tokens are used up"), {"retry-after": "86400"})
    script = bot.platform.model()
    bot.use_model(AnthropicModel(api_key="sk-test-not-a-key", base_url=vendor.url))
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    while bot.runs[0].phase != "parked":
        bot.work_waiting()
    bot.control.drain_publishing()
    until = clock.now() + timedelta(days=1)
    vendor.close()

    status = issue.comments[0].read()
    assert "rate limited by its vendor (HTTP 429: Your daily tokens are used up)" in status
    assert f"goes on by itself at {until:%Y-%m-%d}" in status
    bot.use_model(script)
    bot.run_until_idle()
    assert clock.now() >= until - timedelta(minutes=1)
    assert len(repo.pulls) == 1
    bot.read_everything(issue)


@pytest.mark.parametrize(
    ("match", "status", "message"),
    [
        ("GET /repos/*/*/collaborators/*/permission", 401, "Bad credentials"),
        ("GET /repos/*/*/issues/*", 404, "Not Found"),
        ("POST /repos/*/*/git/refs", 422, "Object does not exist"),
        ("POST /repos/*/*/git/refs", 409, "Conflict"),
    ],
)
def test_one_wrong_answer_loses_nothing(bot, github, repo, model, match, status, message):
    fault_once = github.faults.add(match, status=status, message=message, times=1)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert fault_once.hits == 1
    assert len(repo.pulls) == 1
    assert [run.reason for run in bot.runs] == ["proposed"]
    assert not any("could not" in comment.read() for comment in issue.comments)


def test_a_folder_that_was_shut_is_not_deleted(bot, github, model):
    repo = github.repository("acme/shut", files=stories.PROJECT | {"dir/in.py": "x = 1\n"}, default_branch="main")
    issue = ask_for_a_fix(github, repo)
    model.will(bash("chmod 000 dir"))
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert repo.tree(pull.head)["dir/in.py"] == b"x = 1\n"
    bot.read_everything(issue)


def test_a_summary_that_opens_a_fence_swallows_nothing(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), stories.SMALL_FIX)
    model.will(finish("Guard zero", "```\nunclosed"))
    bot.run_until_idle()

    (pull,) = repo.pulls
    lines = pull.body.split("\n")
    opened = [number for number, line in enumerate(lines) if line.startswith("```")]
    assert len(opened) % 2 == 0
    assert not any(start < lines.index("Fixes #1") < end for start, end in zip(opened[::2], opened[1::2], strict=True))
    github.deliver_pending()
    bot.read_everything(issue)


HUNGRY = (
    "import os\nimport time\nimport unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n"
    "        for _ in range(7):\n            if os.fork() == 0:\n                break\n"
    "        x = b'x' * 90_000_000\n        time.sleep(60)\n"
)


def test_tests_that_are_killed_for_memory_cost_nothing(bot, github):
    config = 'setup: []\nverify: ["python3 -S -m unittest"]\nsandbox: {memory: 256m}\n'
    files = {"calc.py": stories.CALC, "test_a.py": HUNGRY, ".github/lamplighter.yml": config}
    repo = github.repository("acme/hungry", files=files, default_branch="main")
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert "`sandbox.memory` (now 256m)" in said
    assert "before spending anything" in said
    assert bot.runs[0].cost_usd == 0
    bot.read_everything(issue)


def test_a_comment_that_was_deleted_at_once_keeps_nobody_waiting(bot, github, repo, clock):
    github.faults.add("POST /repos/*/*/issues/comments/*/reactions", status=404, message="Not Found", times=None)
    issues = [github.maintainer.open_issue(repo, f"Bug {number}", body="It raises.") for number in range(3)]
    for issue in issues:
        github.maintainer.comment(issue, "/agent help")
    began = clock.now()
    bot.run_until_idle()

    assert all("/agent fix" in issue.comments[-1].read() for issue in issues)
    assert (clock.now() - began).total_seconds() < 30
    assert not any(run.unpublished for run in bot.runs)


def test_the_same_command_many_times_in_one_comment_is_one_command(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.question_then_fix(model)
    bot.run_until_idle()
    before = len(issue.comments)
    github.maintainer.comment(issue, "/agent fix\n" * 9)
    bot.run_until_idle()

    (_asked, answer) = issue.comments[before:]
    assert "I am already on this" in answer.read()
    bot.read_everything(issue)
