"""A label that starts nothing comes off, with why and when to put it on again; trouble of any kind is said."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.test_manners import said


@pytest.fixture
def issue(github, repo):
    return github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")


def test_a_triager_s_label_comes_off_and_they_are_told_once(bot, github, issue, repo):
    for _ in range(3):
        github.triager.label(issue, "agent-fix")
        bot.run_until_idle()
        assert issue.labels == []

    [line] = said(issue)
    assert "needs the **write** role" in line
    assert "I took `agent-fix` off; put it on again when you have that role" in line
    assert repo.pulls == []


def _off(github, issue):
    github.maintainer.label(issue, "agent:off")


def _closed(github, issue):
    github.maintainer.close(issue)


def _configured(text):
    def change(github, issue):
        github.maintainer.push(issue.repository, "main", {".github/lamplighter.yml": text})

    return change


def _full(github, issue):
    _configured("limits: {open_pull_requests: 1}\n")(github, issue)
    repo = issue.repository
    github.maintainer.push(repo, "agent/1-x-abcd", {"x.txt": "x\n"})
    github.person("lamplighter[bot]", "write").open_pull(repo, "agent/1-x-abcd", "Mine")


@pytest.mark.parametrize(
    ("change", "when"),
    [
        (_off, "put it on again when `agent:off` is off"),
        (_closed, "put it on again when this is open again"),
        (_configured("phase: 1\n"), "put it on again when `phase` is 2 or more"),
        (_configured("playbooks: {fix: {enabled: false}}\n"), "put it on again when `playbooks.fix.enabled` is `true`"),
        (_configured("budgets: 1\n"), "put it on again when that is mended"),
        (_full, "put it on again when one of them is merged or closed"),
    ],
)
def test_every_refusal_takes_the_label_off_and_says_when(bot, github, issue, repo, model, change, when):
    change(github, issue)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    assert "agent-fix" not in issue.labels
    [line] = said(issue)
    assert when in line
    assert all(run.cost_usd == 0 for run in bot.runs)


def test_a_label_on_a_pull_request_is_answered_in_one_line(bot, github, repo):
    github.maintainer.push(repo, "idea", {"idea.txt": "x\n"})
    pull = github.maintainer.open_pull(repo, "idea", "An idea")
    github.maintainer.label(pull, "agent-fix")
    github.maintainer.label(pull, "agent-other")  # another product's
    bot.run_until_idle()

    [line] = said(pull)
    assert "starts work on issues only" in line
    assert "\n" not in line.partition("-->\n")[2]
    assert pull.labels == ["agent-other"]
    decisions = [json.loads(sent.answer)["decision"] for sent in github.deliveries if sent.action == "labeled"]
    assert "start" not in decisions


def test_on_a_locked_issue_nothing_can_be_said_and_the_label_comes_off(bot, github, issue):
    github.maintainer.lock(issue)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    assert issue.labels == []
    assert said(issue) == []
    assert [run.reason for run in bot.runs] == ["refused"]


@pytest.mark.parametrize(
    "path",
    [
        "GET /repos/*/*/collaborators/*/permission",
        "GET /repos/*/*/contents/*",
        "GET /repos/*/*",
        "GET /repos/*/*/issues/*",
    ],
)
@pytest.mark.parametrize("by", ["label", "command"])
def test_what_github_refuses_while_a_request_is_taken_up_is_said(bot, github, issue, repo, path, by):
    github.faults.add(path, status=403, message="Resource not accessible by integration", times=99)
    if by == "label":
        github.maintainer.label(issue, "agent-fix")
    else:
        github.maintainer.comment(issue, "/agent fix")
    bot.run_until_idle()
    github.faults.clear()
    bot.run_until_idle()

    [line] = said(issue)
    assert "Resource not accessible" in line
    assert ("put it on again when that is mended" in line) == (by == "label")
    assert "agent-fix" not in issue.labels
    assert repo.pulls == []
