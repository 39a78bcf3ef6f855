"""The main story: a person labels an issue, and a verified draft pull request appears."""

from __future__ import annotations

from tests.scenarios import stories


def test_label_becomes_a_verified_draft_pull_request(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="`divide(1, 0)` raises. It should return None.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")

    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert pull.title == "Return None when dividing by zero"
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert pull.head.startswith("agent/1-divide-by-zero-")
    assert "Fixes #1" in pull.body
    assert "fails without the change and passes with it" in pull.body
    (commit,) = pull.commits
    assert commit.verified
    assert commit.trailers["Agent-Run"] == [bot.runs[0].run_id]
    assert commit.trailers["Co-authored-by"][0].startswith(github.maintainer.login)
    assert issue.labels == ["agent:done"]
    assert [reaction.content for reaction in issue.reactions] == ["eyes"]
    status, result = (comment.read() for comment in issue.comments)
    assert f"Pull request opened: #{pull.number}" in status
    assert f"pull request #{pull.number} is ready" in result
    assert pull.assignees == [github.maintainer.login]
    checks = {check.name: check.conclusion for check in repo.check_runs(commit.sha)}
    assert checks == {"lamplighter": "success", "lamplighter/scan": "success"}


def test_the_ledger_of_the_story_is_whole(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    bot.read_everything(issue)

    assert bot.verify_ledgers() == []


def test_low_confidence_is_marked(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model, confidence="low")
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()

    assert sorted(issue.labels) == ["agent:done", "agent:uncertain"]
    assert repo.pulls[0].labels == ["agent:uncertain"]
    assert "not sure" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_label_by_a_triager_is_politely_refused(bot, github, repo, model):
    issue = github.maintainer.open_issue(repo, "Divide by zero")
    github.triager.label(issue, "agent-fix")
    bot.run_until_idle()

    (refusal,) = issue.comments
    assert "needs the **write** role" in refusal.read()
    assert repo.pulls == []


def test_bot_labels_and_its_own_events_start_nothing(bot, github, repo):
    issue = github.maintainer.open_issue(repo, "Divide by zero")
    github.person("renovate[bot]", "write").label(issue, "agent-fix")
    bot.run_until_idle()

    assert issue.comments == []
    assert bot.runs == []
