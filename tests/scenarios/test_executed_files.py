"""A change may hold files that something runs by itself: they are named, and nothing makes the pull request ready."""

from __future__ import annotations

from app.agent.models.scripted import create, finish
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

TASKS = '{"tasks": [{"label": "x", "command": "sh x", "runOptions": {"runOn": "folderOpen"}}]}\n'
LOCK = '{"packages": {"node_modules/a": {"resolved": "http://registry.npmjs.org/a.tgz"}}}\n'
PACKAGE = '{"name": "calc", "scripts": {"postinstall": "node x.js"}}\n'


def test_what_an_editor_or_an_installer_runs_keeps_a_ready_one_a_draft(bot, github, model):
    ready = {".github/lamplighter.yml": stories.CONFIG + "autonomy: ready\n"}
    repo = github.repository("acme/calc", files={**stories.PROJECT, **ready})
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), stories.SMALL_FIX)
    model.will(create(".vscode/tasks.json", TASKS), create("package.json", PACKAGE))
    model.will(create("conftest.py", "import os\n"), create("Makefile", "x:\n\ttrue\n"))
    model.will(create(".githooks/pre-commit", "#!/bin/sh\n"), create(".gitattributes", "*.x filter=evil\n"))
    model.will(create("package-lock.json", LOCK), finish("Guard zero", "None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert pull.draft
    assert pull.labels == ["agent:needs-human"]
    assert "- `.vscode/tasks.json`: An editor runs what it says when the folder is opened" in pull.body
    assert "- `package.json`: Npm and the pipeline run its scripts (postinstall)" in pull.body
    for path in ("conftest.py", "Makefile", ".githooks/pre-commit", ".gitattributes", "package-lock.json"):
        assert f"- `{path}`: " in pull.body
    assert "over http, which nothing protects" in pull.body
    assert "agent:needs-human" in issue.labels
    assert "It is a **draft**: a person has to look at some of it first" in issue.comments[-1].read()
    bot.read_everything(issue)


def test_a_change_that_nothing_runs_is_ready_where_that_is_wanted(bot, github, model):
    ready = {".github/lamplighter.yml": stories.CONFIG + "autonomy: ready\n"}
    repo = github.repository("acme/calc", files={**stories.PROJECT, **ready})
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert not pull.draft
    assert pull.labels == []
    bot.read_everything(issue)
