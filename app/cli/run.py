"""`run` and `answer`: an issue worked on in a local git repository, without GitHub. The result is a branch in it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from app import settings as words
from app.errors import UserError
from app.settings import Settings

if TYPE_CHECKING:
    from app.cli.local_run import LocalRun


def run(arguments: argparse.Namespace) -> int:
    """Work on the issue; 0 when the branch is there, 1 otherwise."""
    settings = local_settings()
    from app.cli import issue
    from app.cli.local_request import Request, created_here
    from app.config import repo_config
    from app.local.branch import LocalRepository
    from app.playbooks import BY_LABEL

    title, body = issue.read(arguments.issue)
    repository = LocalRepository.open(arguments.repo)
    base_ref, base_sha = repository.commit(arguments.base)
    content = repository.file(base_sha, repo_config.PATH)
    config = repo_config.parse(content) if content is not None else None

    from app.cli.local_run import LocalRun

    asked = Request(book=BY_LABEL, title=title, body=body, base_ref=base_ref, base_sha=base_sha, config=config)
    local = LocalRun.start(settings, created_here(settings, repository, asked))
    local.say(
        f"run {local.run_id[:8]} on {repository.name}, base {base_ref} at {base_sha[:10]} (only what is committed)"
    )
    return _finish(local, arguments)


def answer(arguments: argparse.Namespace) -> int:
    """Answer a local run that waits, and go on with it."""
    from app.cli.homes import open_homes

    home, summary = open_homes().find(arguments.id)
    if not home.is_local:
        where = f"{summary.repository}#{summary.number}"
        raise UserError(f"Run {summary.run_id[:8]} came from GitHub: answer in a comment on {where}.")
    settings = local_settings()
    from app.cli.local_run import LocalRun

    local = LocalRun(settings, summary.run_id)
    if local.state.open_question is None:
        raise UserError(f"Run {summary.run_id[:8]} has no open question.")
    local.answer(arguments.text)
    return _finish(local, arguments)


def _finish(local: LocalRun, arguments: argparse.Namespace) -> int:
    result = local.drive(list(arguments.answer))
    if arguments.json:
        print(json.dumps(result, indent=1))
    elif result["branch"]:
        print(f"{result['title']}\n\n{result['body']}")
        local.say(
            f"\nbranch {result['branch']} at {result['sha'][:10]}: git diff {result['base'][:10]}..{result['branch']}"
        )
    return 0 if result["branch"] else 1


def local_settings(*, asks_model: bool = True) -> Settings:
    """The settings with the home of local runs. Raises UserError when no model can be reached that is to be asked."""
    from app.cli.homes import LOCAL_FOLDER
    from app.local.folders import private

    settings = absolute_script(words.load())
    from app import wiring

    if asks_model:
        wiring.ensure_model(settings)
    os.environ["LAMPLIGHTER_ATTENDED"] = "on"  # for the worker: somebody sits here
    private(settings.home)  # before the folder in it, so that the server will accept it as its own
    return settings._replace(home=settings.home / LOCAL_FOLDER)


def absolute_script(settings: Settings) -> Settings:
    """With the whole path of the scripted replies, also in the environment: workers stand in another directory."""
    if settings.model_provider != "scripted" or not settings.model_script:
        return settings
    script = str(Path(settings.model_script).absolute())
    os.environ["LAMPLIGHTER_MODEL_SCRIPT"] = script
    return settings._replace(model_script=script)
