"""`run` and `answer`: an issue worked on in a local git repository, without GitHub. The result is a branch in it."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import secrets
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from app import settings as words
from app.errors import UserError
from app.settings import Settings

if TYPE_CHECKING:
    from app.cli.local_run import LocalRun
    from app.events.deciding import RunCreated
    from app.local.branch import LocalRepository


def run(arguments: argparse.Namespace) -> int:
    """Work on the issue; 0 when the branch is there, 1 otherwise."""
    settings = local_settings()
    from app.cli import issue
    from app.local.branch import LocalRepository

    title, body = issue.read(arguments.issue)
    repository = LocalRepository.open(arguments.repo)
    base_ref, base_sha = repository.commit(arguments.base)

    from app.cli.local_run import LocalRun

    local = LocalRun.start(settings, _created(settings, repository, title, body, base_ref, base_sha))
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


def local_settings() -> Settings:
    """The settings with the home of local runs. Raises UserError when no model can be reached."""
    from app.cli.homes import LOCAL_FOLDER
    from app.local.folders import private

    settings = absolute_script(words.load())
    from app import wiring

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


def _created(
    settings: Settings, repository: LocalRepository, title: str, body: str, base_ref: str, base_sha: str
) -> tuple[str, RunCreated]:
    """A new run's id and its first event, as dispatch would make it."""
    from app.admission.github_facts import BOT_DEFAULTS, Facts
    from app.admission.request import created
    from app.config import repo_config
    from app.dispatch import run_id_of
    from app.events.asked import AdmissionFacts
    from app.events.deciding import Protection
    from app.jobs.job import Command, Job, Person, Source, Thread
    from app.local.clock import SystemClock
    from app.playbooks import BY_LABEL, LABEL_VERB

    content = repository.file(base_sha, repo_config.PATH)
    config = repo_config.parse(content) if content is not None else BOT_DEFAULTS
    who = repository.person()[0] or getpass.getuser()
    number = zlib.crc32(os.fsencode(repository.git_dir)) or 1  # one mirror per repository, found again by its place
    job = Job(
        id=f"local-{secrets.token_hex(8)}",
        action="start",
        reason="asked on the command line",
        trigger="lamplighter run",
        thread=Thread(installation_id=0, repository_id=number, repository=f"local/{repository.name}", number=0),
        sender=Person(login=who, id=0),
        received_at=SystemClock().now(),
        source=Source(title=title, body=body, author=who),
    )
    facts = Facts(
        book=BY_LABEL,
        base_ref=base_ref,
        base_sha=base_sha,
        target=None,
        config=config,
        config_source={"path": repo_config.PATH if content is not None else None, "sha": base_sha},
        budget=config.kept().budget,
        comments=[],
        admission=AdmissionFacts(),
        protection=Protection(),
    )
    run_id = run_id_of(job, 0)
    place = str(repository.git_dir)
    asked = Command(verb=LABEL_VERB)
    first = created(job, asked, facts, run_id, role="owner", clone_url=place, settings=settings)
    return run_id, first
