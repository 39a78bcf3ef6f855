"""Before a repair the failed step is run here, on the head and on the base, and nothing else is said of it."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import finish
from tests.scenarios import stories

BROKEN = stories.CALC.replace("return a / b", "return a * b")
COMMAND = stories.TESTS


def log_of(command: str) -> str:
    group = f"##[group]Run {command}\n\x1b[36;1m{command}\x1b[0m\nshell: /usr/bin/bash -e {{0}}\n##[endgroup]\n"
    return f"{group}boom\n##[error]Process completed with exit code 1.\n"


@pytest.mark.parametrize(
    ("at_head", "at_base", "command", "said"),
    [
        (BROKEN, stories.CALC, COMMAND, f"`{COMMAND}` fails here too (exit code 1); on `main` it passes."),
        (BROKEN, BROKEN, COMMAND, f"`{COMMAND}` fails here too (exit code 1), and on `main` as well (exit code 1)."),
        (stories.CALC, stories.CALC, COMMAND, f"`{COMMAND}`, which failed in CI, passes here"),
        (stories.CALC, stories.CALC, "golangci-lint run", "could not be run here (exit code 127)"),
        (BROKEN, stories.CALC, f"{COMMAND} && ./deploy.sh", ""),
    ],
    ids=["fails here", "fails at base", "passes here", "no such tool", "a script"],
)
def test_a_failed_step_is_run_here_before_the_model_is_asked(bot, github, repo, model, at_head, at_base, command, said):
    github.maintainer.push(repo, "main", {"calc.py": at_base, "base.txt": "base\n"})
    github.contributor.push(repo, "times", {"calc.py": at_head, "times.txt": "times\n"}, message="Times")
    pull = github.contributor.open_pull(repo, "times", "Times")
    github.maintainer.push(repo, "main", {"later.txt": "later\n"})
    github.ci.fail(repo, pull.head_sha, log=log_of(command))
    bot.run_until_idle()
    model.will(finish("Nothing", "I see no cause.", outcome="needs_decision", decision="Whose is it?"))
    github.maintainer.comment(pull, "/agent ci")
    bot.run_until_idle()

    run = bot.runs[-1]
    told, prompt = pull.comments[-1].read(), bot.prompt_of(run.run_id)
    diagnosis = pull.comments[0].read()  # edited in place
    assert said in told and said in prompt and said in diagnosis
    assert bool(said) != ("nothing was run" in diagnosis)
    ran = [told.said for told in bot.state_of(run.run_id).commands if told.said.purpose == "reproduce"]
    assert [item.at for item in ran] == ["head", "base-branch"][: 2 if "fails here" in said else int(bool(said))]
    assert bool(said) or ("in CI" not in told and "fails here" not in told)
    bot.read_everything(pull)
