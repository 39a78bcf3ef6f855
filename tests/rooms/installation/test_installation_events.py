"""What a change of an installation or a repository means: a table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.installation.changes import Consequences, Place, Seen, consequences, repository_of
from app.jobs.job import Action, Job, Person, Thread
from app.ports.platform import RunSummary


def row(run_id: str, thread_key: str) -> RunSummary:
    return RunSummary(
        run_id=run_id,
        thread_key=thread_key,
        repository="lamp/oil",
        number=1,
        title="",
        phase="working",
        reason="",
        requester="ada",
        attempt=1,
        cost_usd=0.0,
        created_at="2026-03-02T00:00:00+00:00",
        updated_at="2026-03-02T00:00:00+00:00",
        seq=1,
        head="",
        unpublished=False,
    )


WHOLE = Thread(installation_id=7, repository_id=0, repository="lamp", number=0)
ONE = WHOLE._replace(repository_id=3, repository="lamp/oil")
THERE, READ_ONLY = Place(name="lamp/oil", is_writable=True), Place(name="lamp/oil", is_writable=False)
A, B = row("a", "3#1"), row("b", "4#9")


def _job(trigger: str, action: Action, thread: Thread = WHOLE, repositories: tuple[int, ...] = ()) -> Job:
    return Job(
        id="d1",
        action=action,
        reason="",
        trigger=trigger,
        thread=thread,
        sender=Person(login="ada", id=1),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        repositories=repositories,
    )


TABLE = {
    "no installation is named": (
        _job("repository.deleted", "cancel", ONE._replace(installation_id=0)),
        Seen(runs=(A,)),
        Consequences(),
    ),
    "installed": (
        _job("installation.created", "start", repositories=(3, 4)),
        Seen(unsaid=(A,)),
        Consequences(sets_up=(WHOLE, (3, 4)), says_again=(A,)),
    ),
    "suspended": (
        _job("installation.suspend", "cancel"),
        Seen(standing="suspended", runs=(A, B), kept=(3,)),
        Consequences(stops=(A, B), why="the App was suspended"),
    ),
    "removed, by news of something else": (
        _job("installation_repositories.added", "start"),
        Seen(standing="removed", runs=(A,), kept=(3, 4)),
        Consequences(stops=(A,), why="the App was removed", forgets=(3, 4)),
    ),
    "one repository taken away, another renamed": (
        _job("installation_repositories.removed", "cancel"),
        Seen(runs=(A, B), kept=(3, 4), places={3: None, 4: Place(name="lamp/wick", is_writable=True)}),
        Consequences(
            stops=(A,),
            why="the repository was taken away from the App",
            moves=((B, WHOLE._replace(repository_id=4, repository="lamp/wick")),),
            forgets=(3,),
        ),
    ),
    "a new repository": (
        _job("repository.created", "start", ONE),
        Seen(),
        Consequences(sets_up=(WHOLE, (3,))),
    ),
    "a new name": (
        _job("repository.renamed", "steer", ONE),
        Seen(runs=(A,)),
        Consequences(moves=((A, ONE),)),
    ),
    "archived": (
        _job("repository.archived", "cancel", ONE),
        Seen(runs=(A,), places={3: READ_ONLY}),
        Consequences(stops=(A,), why="the repository was archived"),
    ),
    "archived, and back by now": (
        _job("repository.archived", "cancel", ONE),
        Seen(runs=(A,), places={3: THERE}),
        Consequences(why="the repository was archived"),
    ),
    "deleted": (
        _job("repository.deleted", "cancel", ONE),
        Seen(runs=(A,), places={3: None}),
        Consequences(stops=(A,), why="the repository was deleted", forgets=(3,)),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_it_means(name: str) -> None:
    job, seen, expected = TABLE[name]
    assert consequences(job, seen) == expected


@pytest.mark.parametrize(("key", "expected"), [("3#1", 3), ("installation-3", 0), ("#1", 0), ("x#1", 0), ("", 0)])
def test_the_repository_of_a_row_that_a_worker_wrote(key: str, expected: int) -> None:
    assert repository_of(row("r", key)) == expected
