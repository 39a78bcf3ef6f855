"""Changes that are honest and changes that make tests say what is not so, from the label to what a person reads.

The same table as the verification's own test (`tests/rooms/verify/lying_cases.py`), but for what needs pytest: a
sandbox of the stories has Python and nothing else. Told are those that somebody found; EVERY_TELLING=1 tells all.
"""

from __future__ import annotations

import base64
import os

import pytest

from app.agent.models.scripted import Step, bash, finish, say
from tests.rooms.verify.honest_cases import HONEST
from tests.rooms.verify.lying_cases import LYING
from tests.rooms.verify.room import PYTEST, UNITTEST
from tests.rooms.verify.steering_cases import Case
from tests.scenarios.test_endings import ask_for_a_fix

CASES = {name: case for name, case in {**HONEST, **LYING}.items() if case.verify != PYTEST}
FOUND = (
    "a test added to a file", "a test beside a red one", "a loop that ends now", "an emptied assertion",
    "a red test that returns at once", "a value instead of a call", "a red test renamed out of sight",
    "a make target that does nothing", "a script that swallows", "a test that cannot be loaded before", "comments",
    "a printed summary",
)  # fmt: skip
TOLD = tuple(CASES) if os.environ.get("EVERY_TELLING") == "1" else FOUND
IN_THE_SANDBOX = "python3 -S -m unittest discover"
SETTINGS = 'setup: []\nverify: ["{}"]\nautonomy: ready\nsandbox: {{timeout: {}s}}\n'


@pytest.mark.parametrize("ground", ["local"], indirect=True)
@pytest.mark.parametrize("make_bot", ["once"], indirect=True)
@pytest.mark.parametrize("name", TOLD)
def test_a_person_reads_what_was_executed(bot, github, model, name):
    case = CASES[name]
    repo = github.repository("acme/calc", files=_files(case), default_branch="main")
    issue = ask_for_a_fix(github, repo)
    done = finish("Divide by zero", "It gives nought.", confidence="high")
    model.will(*_writes(case), done, *[done] * case.asked)
    model.will(*[say("I cannot do more.")] * 4 * case.refused)
    bot.run_until_idle()

    said = issue.comments[-1].read()
    if case.refused:
        assert repo.pulls == []
        assert case.says in said
        assert "✅" not in said
    else:
        (pull,) = repo.pulls
        assert case.says.replace(". ", ".\n- ") in pull.body
        assert {f"agent:{mark}" for mark in case.marks} <= set(pull.labels)
        assert pull.draft or not case.marks
    if name in HONEST:
        assert not {"agent:uncertain", "agent:tests-changed"} & set(pull.labels)
    bot.read_everything(issue)


def _files(case: Case) -> dict[str, str]:
    settings = SETTINGS.format(case.verify.replace(UNITTEST, IN_THE_SANDBOX), int(case.seconds))
    files = {path: text.replace(UNITTEST, IN_THE_SANDBOX) for path, text in case.base.items()}
    return {**files, ".github/lamplighter.yml": settings}


def _writes(case: Case) -> list[Step]:
    """By command, as a model does that wants no tool to look at it."""
    steps = []
    for path, text in case.change.items():
        content = base64.b64encode((text or "").replace(UNITTEST, IN_THE_SANDBOX).encode()).decode()
        folder = path.rpartition("/")[0] or "."
        write = f"mkdir -p {folder} && echo {content} | base64 -d > {path}"
        steps.append(bash(f"rm {path}" if text is None else write))
    return steps
