"""The App is installed: labels, one issue that says what will happen, and the ways to switch it off."""

from __future__ import annotations

from app.checkpoints import welcome
from app.checkpoints.welcome import OFF_LABEL
from app.simulator.records import Protection
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

# What installing says and does by itself; rehearsals have stories of their own.
UNREHEARSED = "playbooks: {rehearse: {enabled: false}}\n"
QUIET = {**stories.PROJECT, ".github/lamplighter.yml": stories.CONFIG + UNREHEARSED}
LABELS = {
    *("agent-fix", "agent:off", "agent:queued", "agent:working", "agent:needs-info", "agent:needs-approval"),
    *("agent:parked", "agent:done", "agent:failed", "agent:uncertain", "agent:breaking-change"),
    *("agent:tests-changed", "agent:needs-human"),
}


def new_repository(github, name="acme/calc", **about):
    """A repository the App is not installed on."""
    repo = github.repository(name, files=QUIET, install=False, labels=about.pop("labels", ()))
    for field, value in about.items():
        setattr(repo, field, value)
    return repo


def welcomes(repo):
    return [issue for issue in repo.issues if issue.author == "lamplighter[bot]"]


def test_installing_makes_labels_and_one_issue_that_says_what_will_happen(bot, github):
    repo = new_repository(github, labels=["Agent-Fix", "bug"])
    repo.labels["agent-fix"].color = "c0ffee"
    repo.protection["main"] = Protection(required_approvals=1)
    github.owner.install(repo)
    bot.run_until_idle()

    assert {label.name.lower() for label in repo.labels.values()} == LABELS | {"bug"}
    assert repo.labels["agent-fix"].color == "c0ffee"
    (issue,) = welcomes(repo)
    assert issue.title == welcome.TITLE
    for words in ("Nothing happens until somebody asks me", "`agent-fix`", "olga gave me access", "`agent:off`"):
        assert words in issue.body
    assert "only an administrator can see" in issue.body  # classic protection hides its number from us
    assert [(run.phase, run.reason) for run in bot.runs] == [("ended", "onboarded")]


def test_installing_again_finds_what_is_there(bot, github):
    repo = new_repository(github)
    github.owner.install(repo)
    bot.run_until_idle()
    github.maintainer.close(welcomes(repo)[0])
    repo.labels.pop("agent:done")
    github.owner.uninstall(repo)
    github.owner.install(repo)
    bot.run_until_idle()

    assert len(welcomes(repo)) == 1
    assert welcomes(repo)[0].state == "closed"
    assert "agent:done" in repo.labels


def test_what_cannot_be_worked_on_is_left_alone(bot, github):
    usual = new_repository(github)
    github.owner.install(usual, selects_all=True)
    others = [
        new_repository(github, "acme/old", archived=True),
        new_repository(github, "acme/copy", fork=True),
        new_repository(github, "acme/closed", disabled=True),
        new_repository(github, "acme/quiet", has_issues=False),
    ]
    bot.run_until_idle()

    assert len(welcomes(usual)) == 1
    assert [(repo.issues, repo.labels) for repo in others] == [([], {})] * 4
    state = bot.state_of(bot.runs[0].run_id)
    assert state.onboarding.skipped == {"archived or disabled": 2, "forks": 1, "without issues": 1}
    assert "1 of 1 repositories are welcomed" in state.reason


def test_repositories_added_later_are_set_up_and_those_alone(bot, github):
    first, second = new_repository(github), new_repository(github, "acme/sums")
    github.owner.install(first)
    bot.run_until_idle()
    asked = len(github.requests)
    github.owner.install(second)
    bot.run_until_idle()

    assert len(welcomes(second)) == 1
    assert not any("/acme/calc" in request.path for request in github.requests[asked:])


def test_the_issue_tells_the_truth_about_protection(bot, github):
    guarded, ruled, bare, loose = (new_repository(github, f"acme/{n}") for n in ("guarded", "ruled", "bare", "loose"))
    loose.rules["main"] = [{"type": "pull_request", "parameters": _rule(approvals=1)}]
    loose.app_may_bypass = "always"
    ruled.rules["main"] = [{"type": "pull_request", "parameters": _rule(approvals=2)}]
    guarded.rules["main"] = [{"type": "pull_request", "parameters": _rule(approvals=0)}]
    empty = github.repository("acme/empty", install=False)
    for repo in (guarded, ruled, bare, loose, empty):
        github.owner.install(repo)
    bot.run_until_idle()

    said = {repo.name: welcomes(repo)[0].body for repo in (guarded, ruled, bare, loose, empty)}
    assert "**My App is one of them**: take it off the ruleset's bypass list" in said["loose"]
    assert "bypass list" not in said["ruled"]
    assert "✅ `main` takes no change without 2 approvals by a person" in said["ruled"]
    assert "⚠️ `main` is protected, but asks for nobody's approval" in said["guarded"]
    assert "⚠️ `main` is **not protected** and asks for nobody's approval" in said["bare"]
    assert "There is no commit here yet" in said["empty"]


def _rule(approvals):
    flags = ("dismiss_stale_reviews_on_push", "require_code_owner_review", "require_last_push_approval")
    more = ("required_review_thread_resolution",)
    return {"required_approving_review_count": approvals, **dict.fromkeys((*flags, *more), False)}


def test_names_and_mistakes_of_the_configuration_are_known_from_the_start(bot, github):
    named = github.repository(
        "acme/named", files={".github/lamplighter.yml": "triggers: {label: agent-go}\n" + UNREHEARSED}, install=False
    )
    wrong = github.repository("acme/wrong", files={".github/lamplighter.yml": "budgets: 3\n"}, install=False)
    for repo in (named, wrong):
        github.owner.install(repo)
    bot.run_until_idle()

    assert "agent-go" in named.labels and "agent-fix" not in named.labels
    assert "`agent-go`" in welcomes(named)[0].body
    assert "To mend first" in welcomes(wrong)[0].body and "budgets" in welcomes(wrong)[0].body


# ------------------------------------------------------------ switching off


def test_off_on_the_onboarding_issue_is_off_for_the_repository(bot, github, model):
    repo = new_repository(github)
    github.owner.install(repo)
    bot.run_until_idle()
    (welcomed,) = welcomes(repo)
    working = ask_for_a_fix(github, repo)
    bot.step_until(lambda: bot.workers.waiting)
    github.maintainer.label(welcomed, OFF_LABEL)
    bot.run_until_idle()
    github.contributor.comment(working, "/agent fix")
    bot.run_until_idle()

    assert [run.reason for run in bot.runs if run.number == working.number] == ["cancelled", "refused"]
    assert f"switched off in this repository: `agent:off` is on #{welcomed.number}" in working.comments[-1].read()
    github.maintainer.unlabel(welcomed, OFF_LABEL)
    github.maintainer.close(welcomed)
    stories.fix(model)
    github.contributor.comment(working, "/agent fix")
    bot.run_until_idle()
    assert len(repo.pulls) == 1
    bot.read_everything(working)


def test_asking_for_a_fix_of_the_onboarding_issue_costs_nothing(bot, github):
    repo = new_repository(github)
    github.owner.install(repo)
    bot.run_until_idle()
    (welcomed,) = welcomes(repo)
    github.maintainer.label(welcomed, "agent-fix")
    bot.run_until_idle()

    assert [run.reason for run in bot.runs] == ["onboarded", "refused"]
    assert "Ask me on one of yours" in welcomed.comments[-1].read()


def test_a_copy_of_the_marker_by_somebody_else_switches_nothing_off(bot, github, repo, model):
    forged = github.outsider.open_issue(repo, "Hello", body=welcome.MARKER)
    github.maintainer.label(forged, OFF_LABEL)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    bot.read_everything(issue)
