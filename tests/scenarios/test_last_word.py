"""The last word of a run carries the reason: file and rule, in the harness's words."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, create, edit, finish, say
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_odd_input import odd_repository

REFUSALS = [
    pytest.param(
        bash("mkdir -p src && printf 'AWS_KEY = \"AKIA%s\"' Q7ZPX3MVN2R5T8WK > src/settings.py"),
        ("`src/settings.py line 1`", "Looks like a secret (rule: AWS Access Key)"),
        id="secret",
    ),
    pytest.param(
        bash("mkdir -p .GitHub/Workflows && echo 'on: push' > .GitHub/Workflows/x.yml"),
        ("`.GitHub/Workflows/x.yml`", "never changed by this bot"),
        id="path",
    ),
    pytest.param(bash("ln -s ../../etc/passwd out"), ("`out`", "The link leads out of the repository"), id="link"),
    pytest.param(edit("calc.py", "return a / b", "return a * b"), (stories.TESTS, "exit code 1"), id="tests"),
    pytest.param(bash("truncate -s 200M big.bin"), ("big.bin", "209,715,200", "`limits.bytes`"), id="big"),
]


@pytest.mark.parametrize("gives_up", ["words", "four tries", "budget"])
@pytest.mark.parametrize(("change", "told"), REFUSALS)
def test_whatever_refused_finish_last_is_quoted_in_the_end(bot, github, model, change, told, gives_up):
    config = stories.CONFIG + ("budget: {turns: 6}\n" if gives_up == "budget" else "")
    repo = github.repository(
        "acme/said", files=stories.PROJECT | {".github/lamplighter.yml": config}, default_branch="main"
    )
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION))
    model.will(change, *[stories.SMALL_FIX] * (told[-1] != "exit code 1"), finish("Guard zero", "Returns None."))
    more = {"words": say("I cannot do more."), "four tries": finish("Again", "Now."), "budget": bash("date +%N")}
    for _ in range(8):
        model.will(more[gives_up])
    bot.run_until_idle()

    assert repo.pulls == []
    status, said = (issue.comments[at].read() for at in (0, -1))
    for words in told:
        assert words in said
    assert told[0].strip("`") in status.replace("\\", "")
    bot.read_everything(issue)


def test_a_write_that_the_tools_refused_is_quoted_in_the_end(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    model.will(create(".github/workflows/ci.yml", "on: push\n"), stories.SMALL_FIX)
    for _ in range(6):
        model.will(say("It needs a workflow."))
    bot.run_until_idle()

    said = issue.comments[-1].read()
    assert ".github/workflows/ci.yml" in said
    assert "off limits" in said
    bot.read_everything(issue)


@pytest.mark.parametrize(
    ("steps", "more"),
    [((), ""), ((bash("mkdir -p out && echo 1 > out/result"),), "kept out by `.gitignore`: `out/result`")],
)
def test_a_claim_without_a_change_is_told_as_such(bot, github, model, steps, more):
    repo = github.repository("acme/idle", files=stories.PROJECT | {".gitignore": "out/\n"}, default_branch="main")
    issue = ask_for_a_fix(github, repo)
    model.will(*steps, finish("Fix the division", "Fixed, tests pass."))
    bot.run_until_idle()

    assert repo.pulls == []
    status, said = (issue.comments[at].read() for at in (0, -1))
    assert "I changed nothing" in said
    assert "I changed nothing" in status
    assert "The model's claim, which nothing bears out: “Fixed, tests pass.”" in said
    assert more in said
    assert "nothing to do" not in (said + status).lower()
    bot.read_everything(issue)


def test_what_the_checkout_left_out_reaches_model_and_reviewer(bot, github, model, tmp_path):
    repo = github.repository("acme/odd", directory=odd_repository(tmp_path / "odd"))
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert "Not in the checkout: 1 submodule left empty, so what needs its files cannot run: vendored" in pull.body
    assert "1 Git LFS file present as a pointer only" in pull.body
    assert "model.lfs" in pull.body
    assert "Nothing known to be missing" not in pull.body
    bot.read_everything(issue)


def test_an_end_without_a_change_says_what_the_checkout_left_out(bot, github, model, tmp_path):
    repo = github.repository("acme/odd", directory=odd_repository(tmp_path / "odd"))
    issue = ask_for_a_fix(github, repo)
    model.will(finish("No change", "The test needs `vendored`.", outcome="not_reproduced"))
    bot.run_until_idle()

    assert "Not in my checkout: 1 submodule left empty" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_the_pattern_that_covers_a_file_is_quoted_as_it_stands(bot, github, model):
    """A result read “`protect` covers it (/*.py)”: the stars had been taken for bold type."""
    config = stories.CONFIG + 'protect: ["**/*.py"]\n'
    repo = github.repository("acme/shut", files=stories.PROJECT | {".github/lamplighter.yml": config})
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), stories.SMALL_FIX, finish("Guard zero", "None."))
    model.will(*[say("I cannot do more.")] * 4)
    bot.run_until_idle()

    assert repo.pulls == []
    for comment in issue.comments:
        assert "covers it (`**/*.py`)" in comment.read()
