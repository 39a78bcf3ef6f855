"""Every way a run can end, as the person who asked for it reads it."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, create, edit, fault, finish, reply, report_breaking_change, say
from tests.scenarios import stories


def ask_for_a_fix(github, repo, **issue):
    opened = github.maintainer.open_issue(
        repo, issue.pop("title", "Divide by zero"), body=issue.pop("body", "It raises.")
    )
    github.maintainer.label(opened, "agent-fix")
    return opened


@pytest.mark.parametrize(
    ("outcome", "headline", "more"),
    [
        ("nothing_to_do", "nothing to do", {}),
        ("not_reproduced", "not reproduced", {}),
        ("needs_decision", "needs a decision", {"decision": "None or an exception?"}),
    ],
)
def test_an_end_without_a_change_says_why_and_what_next(bot, github, repo, model, outcome, headline, more):
    issue = ask_for_a_fix(github, repo)
    model.will(bash(stories.TESTS), finish("No change", "I looked at `divide`.", outcome=outcome, **more))
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert headline in said
    assert "I looked at `divide`." in said
    assert "**Next:**" in said
    assert "agent:done" in issue.labels
    assert repo.pulls == []
    bot.read_everything(issue)


def test_a_change_that_never_passes_opens_no_pull_request(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(edit("calc.py", "return a / b", "return a * b"))
    for _ in range(4):
        model.will(finish("Multiply", "Faster."))
    bot.run_until_idle()

    assert repo.pulls == []
    assert bot.runs[0].reason == "gave_up"
    said = issue.comments[-1].read()
    assert "cannot be proposed" in said
    assert "exit code 1" in said
    assert sorted(issue.labels) == ["agent:failed", "agent:needs-human"]
    bot.read_everything(issue)


def test_a_failing_change_goes_back_to_the_model_and_is_mended(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(edit("calc.py", "return a / b", "return a * b"), finish("Multiply", "Faster."))
    model.will(edit("calc.py", "return a * b", "return a / b if b else None"), finish("Guard zero", "Returns None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.title == "Guard zero"
    bot.read_everything(issue)


def test_a_workflow_file_is_never_proposed(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(create(".github/workflows/ci.yml", "on: push\n"))  # refused at once
    model.will(bash("mkdir -p .github/workflows && echo 'on: push' > .github/workflows/ci.yml"), stories.SMALL_FIX)
    for _ in range(4):
        model.will(finish("Add a workflow", "It runs."))
    bot.run_until_idle()

    assert repo.pulls == []
    assert "workflow" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_deleted_tests_are_shown_and_keep_the_pull_request_a_draft(bot, github, repo, model):
    repo_file = "test_calc.py"
    issue = ask_for_a_fix(github, repo)
    model.will(bash(f"rm {repo_file}"), create("test_new.py", stories.REGRESSION), stories.SMALL_FIX)
    model.will(finish("Guard zero", "Returns None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert "agent:tests-changed" in pull.labels
    assert "The tests as they were pass with the change as well" in pull.body
    assert repo_file in pull.body
    bot.read_everything(issue)


def test_a_breaking_change_names_the_owners_and_stays_a_draft(bot, github, model):
    repo = github.repository(
        "acme/owned",
        files=stories.PROJECT | {"CODEOWNERS": "* @carl\n"},
        default_branch="main",
    )
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), stories.SMALL_FIX)
    model.will(report_breaking_change("`divide` may return None", "callers that divide the result", "check for None"))
    model.will(finish("Guard zero", "Returns None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert "agent:breaking-change" in pull.labels
    assert "`divide` may return None" in pull.body.replace("\\", "")
    assert pull.requested_reviewers == ["carl"]
    assert "@carl" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_the_repository_s_own_template_is_kept(bot, github, model):
    template = "## What does this change?\n\n## How was it tested?\n\n- [ ] I read CONTRIBUTING\n"
    repo = github.repository(
        "acme/templated",
        files=stories.PROJECT | {".github/pull_request_template.md": template},
        default_branch="main",
    )
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    body = repo.pulls[0].body
    assert (
        body.index("## What does this change?") < body.index("returns None when") < body.index("## How was it tested?")
    )
    assert "- [ ] I read CONTRIBUTING" in body
    assert "## Decisions and assumptions" in body
    bot.read_everything(issue)


def test_out_of_budget_says_so(bot, github, model):
    config = stories.CONFIG + "budget: {turns: 3}\n"
    repo = github.repository(
        "acme/poor", files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main"
    )
    issue = ask_for_a_fix(github, repo)
    for number in range(6):
        model.will(bash(f"echo {number}"))
    bot.run_until_idle()

    assert bot.runs[0].reason == "out_of_budget"
    assert "out of budget" in issue.comments[-1].read()
    assert repo.pulls == []
    bot.read_everything(issue)


def test_going_in_circles_ends_with_what_is_known(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    for _ in range(12):
        model.will(bash("python3 -m nothing_here"))
    bot.run_until_idle()

    assert bot.runs[0].reason == "gave_up"
    assert "stopped without a result" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_model_that_only_talks_ends_visibly(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    for _ in range(8):
        model.will(say("I would rather discuss philosophy."))
    bot.run_until_idle()

    assert bot.runs[0].phase == "ended"
    assert repo.pulls == []
    assert "**Next:**" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_refusing_model_is_reported(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(reply(say("No."), stop_reason="refusal"))
    bot.run_until_idle()

    assert "declined" in issue.comments[-1].read()
    assert repo.pulls == []
    bot.read_everything(issue)


def test_an_outage_of_the_model_is_survived(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(fault(529, times=40))
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    bot.read_everything(issue)


def test_a_broken_configuration_names_key_line_and_allowed_values(bot, github, model):
    repo = github.repository(
        "acme/broken",
        files=stories.PROJECT | {".github/lamplighter.yml": "verify: [true]\nautonomi: full\nautonomy: full\n"},
        default_branch="main",
    )
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()

    (said,) = (comment.read() for comment in issue.comments)
    assert "line 2" in said
    assert "autonomy" in said
    assert "diagnose" in said
    assert repo.pulls == []


def test_a_repository_without_commits_is_refused(bot, github):
    repo = github.repository("acme/empty")
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()

    assert "no commit" in issue.comments[-1].read()


def test_setup_that_fails_costs_nothing_and_says_where_to_mend_it(bot, github, model):
    config = 'setup: ["exit 3"]\nverify: ["true"]\n'
    repo = github.repository(
        "acme/unset", files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main"
    )
    issue = ask_for_a_fix(github, repo)
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert "exit 3" in said
    assert "`setup`" in said
    assert bot.runs[0].cost_usd == 0
    bot.read_everything(issue)


def test_what_a_configuration_asks_for_in_vain_is_said(bot, github, model):
    config = stories.CONFIG + 'schedule: [{playbook: deps, cron: "0 6 * * 1"}]\n'
    repo = github.repository(
        "acme/early", files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main"
    )
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert "`schedule` is read, but nothing is started by the clock yet." in issue.comments[0].read()
    bot.read_everything(issue)
