"""The first event of a run that is asked for at this terminal, as dispatch would make it."""

from __future__ import annotations

import getpass
import os
import secrets
import zlib
from dataclasses import dataclass

from app.admission.github_facts import BOT_DEFAULTS, Facts
from app.admission.request import created
from app.config import repo_config
from app.config.repo_config import RepoConfig
from app.dispatch import run_id_of
from app.events.asked import AdmissionFacts
from app.events.deciding import Protection, RunCreated
from app.jobs.job import Command, Job, Person, Source, Thread
from app.local.branch import LocalRepository
from app.local.clock import SystemClock
from app.playbooks.playbook import Playbook
from app.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked, and of which commit; `config` is None where the repository has none."""

    book: Playbook
    title: str
    body: str = ""
    base_ref: str
    base_sha: str
    config: RepoConfig | None


def created_here(settings: Settings, repository: LocalRepository, asked: Request) -> tuple[str, RunCreated]:
    """A new run's id and its first event."""
    config = asked.config or BOT_DEFAULTS
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
        source=Source(title=asked.title, body=asked.body, author=who),
    )
    facts = Facts(
        book=asked.book,
        base_ref=asked.base_ref,
        base_sha=asked.base_sha,
        target=None,
        config=config,
        config_source={"path": repo_config.PATH if asked.config is not None else None, "sha": asked.base_sha},
        budget=config.kept().budget,
        comments=[],
        admission=AdmissionFacts(),
        protection=Protection(),
    )
    run_id = run_id_of(job, 0)
    verb = Command(verb=asked.book.verbs[0].name)
    first = created(job, verb, facts, run_id, role="owner", clone_url=str(repository.git_dir), settings=settings)
    return run_id, first
