"""A new kind of work is one file in the room and one test: both are written into a copy of the product, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PLAYBOOK = '''\
"""Runs the project's tests and changes nothing."""

from app.jobs.verb import ISSUE, Verb
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="nothing",
    does="Run the tests and change nothing.",
    called="idle runs",
    verbs=(Verb(name="idle", role="write", places=(ISSUE,), works=(ISSUE,), help="Do nothing."),),
    asks_model=False,
    outcomes=(*ENDINGS, "rehearsed"),
)
'''
TEST = """\
import pytest

from app.config.repo_config import PATH
from app.config.schema import json_schema


@pytest.fixture
def issue(github, repo):
    return github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")


def test_it_works_from_comment_to_end_without_a_model(bot, github, repo, issue):
    github.maintainer.comment(issue, "/agent idle")
    bot.run_until_idle()
    [run] = bot.runs
    assert (run.phase, run.reason, run.cost_usd) == ("ended", "rehearsed", 0)
    said = "\\n".join(comment.read() for comment in issue.comments[1:])
    assert "Tests run here" in said and not repo.pulls


def test_help_tells_of_it(bot, github, issue):
    github.maintainer.comment(issue, "/agent help")
    bot.run_until_idle()
    assert "- `/agent idle` Do nothing. (write)" in issue.comments[-1].read()


def test_a_mistyped_verb_is_understood(bot, github, issue):
    github.maintainer.comment(issue, "/agent idel")
    bot.run_until_idle()
    assert "idle" in issue.comments[-1].read()


def test_it_can_be_switched_off_by_its_name(bot, github, repo, issue):
    github.maintainer.push(repo, "main", {PATH: "playbooks: {nothing: {enabled: false}}\\n"})
    github.maintainer.comment(issue, "/agent idle")
    bot.run_until_idle()
    assert "has switched idle runs off (`playbooks.nothing.enabled: false`)" in issue.comments[-1].read()
    assert "nothing" in json_schema()["$defs"]["Playbooks"]["properties"]
"""


def test_a_playbook_is_one_file_and_one_test(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "corpora")
    for name in ("app", "handlers", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "tests/corpora").symlink_to(ROOT / "tests/corpora")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "app/playbooks/nothing.py").write_text(PLAYBOOK)
    (tmp_path / "tests/scenarios/test_nothing.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", "tests/scenarios/test_nothing.py"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, check=False, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
