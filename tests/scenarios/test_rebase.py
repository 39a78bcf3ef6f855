"""The base branch is merged into a pull request's branch: by git where the two agree, else with a model's help."""

from __future__ import annotations

import pytest

from app import wiring
from app.agent.models.scripted import bash, edit, finish
from tests.scenarios import stories

CONFIG = stories.CONFIG + "protect: [locked.txt]\n"
OURS = stories.CALC.replace("return a / b", "return a / b if b else None")
THEIRS = stories.CALC.replace("def divide(a, b):", "def divide(a, b=1):").replace("return a / b", "return a / float(b)")
BOTH = OURS.replace("def divide(a, b):", "def divide(a, b=1):").replace("a / b if b", "a / float(b) if b")
WORKFLOW = ".github/workflows/ci.yml"


@pytest.fixture
def pull(github, repo):
    """A person's pull request; the base goes on, in files that no bot may touch as well."""
    github.maintainer.push(
        repo,
        "main",
        {".github/lamplighter.yml": CONFIG, "locked.txt": "1\n", "logo.png": b"\x89\0one", "old.txt": "old\n"},
    )
    github.contributor.push(repo, "zero", {"calc.py": OURS, "notes.txt": "Zero.\n"}, message="Divide by zero")
    pull = github.contributor.open_pull(repo, "zero", "Divide by zero")
    github.maintainer.push(repo, "main", {"locked.txt": "2\n", WORKFLOW: "on: push\n", "lib/more.py": "MORE = 1\n"})
    return pull


def resolve(model):
    """What a good model does: one side's default, the other's guard."""
    return model.will(
        bash("git log --oneline -3 && cat calc.py"),
        bash(f"cat > calc.py <<'END'\n{BOTH}END\n"),
        bash(stories.TESTS),
        finish("Merge", "The branch guards zero, the base divides as floats: both hold."),
    )


def test_without_a_conflict_the_base_is_merged_and_verified_and_no_model_is_asked(bot, github, repo, pull):
    head, base = pull.head_sha, repo.tip("main")
    github.maintainer.comment(pull, "/agent rebase")
    bot.run_until_idle()

    made = repo.commit(pull.head_sha)
    assert list(made.parents) == [head, base]
    assert made.message.startswith("Merge branch 'main' into zero\n") and pull.head_sha in repo.verified
    files = {path: repo.file("zero", path).decode() for path in ("calc.py", "locked.txt", WORKFLOW, "lib/more.py")}
    assert files == {"calc.py": OURS, "locked.txt": "2\n", WORKFLOW: "on: push\n", "lib/more.py": "MORE = 1\n"}
    assert [file.filename for file in pull.files] == ["calc.py", "notes.txt"]
    [run] = bot.runs
    assert (run.reason, run.cost_usd) == ("proposed", 0.0)
    said = pull.comments[-1].read()
    assert f"Merged `main` at `{base[:7]}` (1 commit): no file was in conflict." in said and "1 test passes." in said

    github.maintainer.comment(pull, "/agent rebase")
    bot.run_until_idle()
    assert "`zero` has everything of `main` already" in pull.comments[-1].read()
    assert len(pull.comments[-1].read().splitlines()) == 2
    bot.read_everything(pull)


def test_a_conflict_is_resolved_by_the_model_and_nothing_else_is_its_doing(bot, github, repo, model, pull):
    github.maintainer.push(repo, "main", {"calc.py": THEIRS}, message="Divide floats")
    head, base = pull.head_sha, repo.tip("main")
    resolve(model)
    github.maintainer.comment(pull, "/agent rebase")
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [head, base]
    assert repo.file("zero", "calc.py").decode() == BOTH
    assert repo.file("zero", "locked.txt") == b"2\n" and repo.file("zero", "notes.txt") == b"Zero.\n"
    [run] = bot.runs
    assert [change.path for change in bot.state_of(run.run_id).proposal.changes] == ["calc.py"]
    prompt = bot.prompt_of(run.run_id)
    assert "These files are in conflict" in prompt and "calc.py: lines 4" in prompt
    assert "Divide by zero" in prompt and "Divide floats" in prompt
    said = pull.comments[-1].read()
    assert (
        "Conflicts, resolved by the model:" in said and "`calc.py`: both sides changed the same lines (line 4)" in said
    )
    bot.read_everything(pull)


@pytest.mark.parametrize(
    ("path", "theirs", "ours", "why"),
    [
        ("logo.png", b"\x89\0two", b"\x89\0three", "both sides changed it, and it is not text"),
        ("old.txt", None, "kept\n", "one side changed it, the other deleted it"),
        ("locked.txt", "3\n", "4\n", "`protect` in .github/lamplighter.yml covers it"),
        (WORKFLOW, "on: push\n", "on: pull_request\n", "this branch changes a workflow, and GitHub lets me write none"),
    ],
    ids=["binary", "deleted", "protected", "workflow"],
)
def test_what_is_for_a_person_to_settle_is_named_and_costs_nothing(bot, github, repo, pull, path, theirs, ours, why):
    github.contributor.push(repo, "zero", {path: ours}, message="Theirs")
    github.maintainer.push(repo, "main", {path: theirs}, message="Ours")
    head = pull.head_sha
    github.maintainer.comment(pull, "/agent rebase")
    bot.run_until_idle()

    assert pull.head_sha == head
    [run] = bot.runs
    assert (run.reason, run.cost_usd) == ("needs_decision", 0.0)
    said = pull.comments[-1].read()
    assert f"`{path}`: {why}" in said and "git merge origin/main" in said
    assert "agent:needs-human" in pull.labels
    bot.read_everything(pull)


def test_markers_that_stay_are_no_resolution(bot, github, repo, model, pull):
    github.maintainer.push(repo, "main", {"calc.py": THEIRS})
    head = pull.head_sha
    for _ in range(4):
        model.will(edit("calc.py", "=======\n", ""), finish("Merge", "Done."))
    github.maintainer.comment(pull, "/agent rebase")
    bot.run_until_idle()

    assert pull.head_sha == head
    said = pull.comments[-1].read()
    assert "Markers of the conflict still stand in `calc.py`" in said and "In conflict:" in said
    bot.read_everything(pull)


def test_a_head_that_moves_meanwhile_keeps_what_was_resolved(bot, github, repo, model, pull):
    github.maintainer.push(repo, "main", {"calc.py": THEIRS}, message="Divide floats")
    resolve(model)
    github.maintainer.comment(pull, "/agent rebase")
    bot.step_until(lambda: bot.runs)
    bot.control.scheduler.tick()
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    spent = bot.runs[0].cost_usd
    github.contributor.push(repo, "zero", {"notes.txt": "More.\n"}, message="More")
    theirs = pull.head_sha
    bot.run_until_idle()

    assert list(repo.commit(pull.head_sha).parents) == [theirs, repo.tip("main")]
    assert repo.file("zero", "calc.py").decode() == BOTH and repo.file("zero", "notes.txt") == b"More.\n"
    assert [(run.reason, run.cost_usd) for run in bot.runs] == [("proposed", spent)]
    said = pull.comments[-1].read()
    assert "came in on `zero`" in said and "All tests ran again on the two together" in said
    assert "`calc.py`: both sides changed the same lines" in said
    bot.read_everything(pull)


@pytest.fixture
def ours(bot, github, repo, model):
    """Our own pull request, whose base went on in the same lines."""
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    stories.fix(model)
    github.maintainer.label(issue, "agent-fix")
    bot.run_until_idle()
    bot.read_everything(issue)
    github.maintainer.push(repo, "main", {"calc.py": THEIRS}, message="Divide floats")
    return repo.pulls[0]


@pytest.mark.parametrize("wanted", [True, False], ids=["configured", "by default"])
def test_a_conflict_of_our_own_pull_request_is_resolved_unasked_where_that_is_wanted(
    bot, github, repo, model, ours, wanted
):
    if wanted:
        github.maintainer.push(repo, "main", {".github/lamplighter.yml": stories.CONFIG + "keep_mergeable: true\n"})
    head, base, before = ours.head_sha, repo.tip("main"), len(bot.runs)
    model.when("These files are in conflict").will(
        bash("git diff HEAD --stat; grep -v '^[<|=>]\\{7\\}' calc.py > calc.new; mv calc.new calc.py"),
        finish("Merge", "Left in pieces.", outcome="needs_decision", decision="Float or not?"),
    )
    watch = wiring.conflict_watch(bot.platform, wiring.access(bot.platform))
    assert watch.look() == 0  # GitHub has not computed yet
    bot.clock.advance(900)
    found = watch.look()
    bot.run_until_idle()
    assert watch.look() == 0

    assert found == int(wanted) and len(bot.runs) == before + found
    assert ours.head_sha == head
    if wanted:
        said = ours.comments[-1].read()
        assert "Float or not?" in said and "`calc.py`: both sides changed the same lines" in said and "@" not in said
        assert [comment.body for comment in ours.comments].count(said) == 1 and "agent:needs-human" in ours.labels
        assert bot.runs[-1].reason == "needs_decision" and bot.state_of(bot.runs[-1].run_id).merge.base_sha == base
