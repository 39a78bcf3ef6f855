"""On a pull request from a fork the change is offered as a patch: nothing of a fork is ever pushed to."""

from __future__ import annotations

import subprocess

import pytest

from app.agent.models.scripted import bash, edit, finish

HALF = "def half(a):\n    return a // 2\n"


@pytest.fixture
def pull(github, repo):
    github.maintainer.push(repo, "main", {"AGENTS.md": "BASE RULES\n"})
    fork = github.outsider.fork(repo)
    github.outsider.push(
        fork, "halves", {"half.py": HALF, "AGENTS.md": "FORK RULES\n"}, message="Add half", start="main"
    )
    return github.outsider.open_pull(repo, "halves", "Add half", fork=fork)


def test_an_instruction_on_a_fork_is_answered_with_a_patch_that_applies(bot, github, repo, model, pull, tmp_path):
    head = pull.head_sha
    model.will(
        edit("half.py", "    return a // 2\n", "    return a / 2\n"),
        bash("printf '```\\nno newline' > notes.md"),
        *[finish("Halve", "It divides now.")] * 2,  # no test reaches it, and it is asked for one
    )
    github.outsider.comment(pull, "/agent divide instead")
    bot.run_until_idle()
    assert "**write** role" in pull.comments[-1].read() and all(run.cost_usd == 0 for run in bot.runs)
    github.maintainer.comment(pull, "/agent divide instead")
    bot.run_until_idle()

    assert pull.head_sha == head and set(repo.branches) == {"main"}
    assert {check.status for check in repo.check_runs(head)} <= {"completed"}
    status = next(comment.read() for comment in pull.comments if "part=status" in comment.body)
    assert "Patch offered" in status and "I cannot push there" in status
    [offered] = [comment.read() for comment in pull.comments if "part=patch" in comment.body]
    assert f"made for `{head[:7]}`" in offered and "`git apply change.patch`" in offered
    diff = offered.partition("````diff\n")[2].partition("\n````\n")[0] + "\n"
    (tmp_path / "half.py").write_text(HALF)
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "half.py").read_text() == HALF.replace("//", "/")
    assert (tmp_path / "notes.md").read_text() == "```\nno newline"
    [run] = [run for run in bot.runs if run.reason == "proposed"]
    prompt = bot.prompt_of(run.run_id)
    assert "BASE RULES" in prompt and "FORK RULES" not in prompt
    bot.read_everything(pull)


def test_what_a_comment_would_not_carry_whole_is_named_and_a_stop_brings_no_fork_in(bot, github, repo, model, pull):
    model.will(bash("printf 'a\\0b' > data.bin"), finish("Data", "It is there."))
    github.maintainer.comment(pull, "/agent add data")
    bot.run_until_idle()

    [offered] = [comment.read() for comment in pull.comments if "part=patch" in comment.body]
    assert "Of `data.bin` no patch can be shown" in offered and "diff --git" not in offered
    assert set(repo.branches) == {"main"}
    bot.read_everything(pull)
