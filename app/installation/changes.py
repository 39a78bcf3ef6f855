"""What a change of an installation, or of a repository as a whole, means for runs and for what is kept. Pure.

An event only says when to look: what GitHub says now decides. So it does not matter how often and in which order the
events come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.jobs.job import Job, Thread
from app.ports.platform import RunSummary

Standing = Literal["active", "suspended", "removed"]

_GONE: Mapping[Standing, str] = {"removed": "the App was removed", "suspended": "the App was suspended"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository as GitHub shows it now."""

    name: str
    is_writable: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there was when the job came. `places` has None for a repository that is out of the App's reach."""

    standing: Standing = "active"
    runs: tuple[RunSummary, ...] = ()  # active ones of the installation, or of the repository
    unsaid: tuple[RunSummary, ...] = ()  # ended ones whose last word may not have been shown
    kept: tuple[int, ...] = ()  # repositories of the installation of which something is kept between runs
    places: Mapping[int, Place | None] = field(default_factory=dict)  # by repository id, as far as they were asked for


@dataclass(frozen=True, kw_only=True)
class Consequences:
    """What is to be done, in the order of the fields."""

    stops: tuple[RunSummary, ...] = ()
    why: str = ""  # they stop
    moves: tuple[tuple[RunSummary, Thread], ...] = ()  # runs, and the repository they follow
    forgets: tuple[int, ...] = ()  # repositories of which nothing is kept any more
    sets_up: tuple[Thread, tuple[int, ...]] | None = None  # the whole installation, and which repositories (none: all)
    says_again: tuple[RunSummary, ...] = ()


def is_about_installations(job: Job) -> bool:
    """Whether the job is about an installation or a repository as a whole, and not about a thread."""
    return job.trigger.startswith(("installation.", "installation_", "repository."))


def consequences(job: Job, seen: Seen) -> Consequences:
    """What `job` means, given what was seen. Nothing for one that names no installation."""
    if not job.thread.installation_id:
        return Consequences()
    return _repository(job, seen) if job.thread.repository_id else _installation(job, seen)


def _installation(job: Job, seen: Seen) -> Consequences:
    if seen.standing != "active":
        gone = seen.kept if seen.standing == "removed" else ()
        return Consequences(stops=seen.runs, why=_GONE[seen.standing], forgets=gone)
    if job.action == "start":
        return Consequences(sets_up=(job.thread, job.repositories), says_again=seen.unsaid)
    return Consequences(
        stops=tuple(run for run in seen.runs if _place_of(run, seen) is None),
        why="the repository was taken away from the App",
        moves=tuple(_followers(job, seen)),
        forgets=tuple(item for item in seen.kept if seen.places.get(item) is None),
    )


def _repository(job: Job, seen: Seen) -> Consequences:
    thread = job.thread
    if job.action == "start":
        account = thread.repository.partition("/")[0]
        return Consequences(sets_up=(thread._replace(repository_id=0, repository=account), (thread.repository_id,)))
    if job.action == "steer":  # a new owner may mean a new installation: that of the event
        return Consequences(moves=tuple((run, thread) for run in seen.runs))
    place = seen.places.get(thread.repository_id)
    return Consequences(
        stops=() if place and place.is_writable else seen.runs,
        why=f"the repository was {job.trigger.partition('.')[2]}",
        forgets=() if place else (thread.repository_id,),
    )


def _followers(job: Job, seen: Seen) -> Iterator[tuple[RunSummary, Thread]]:
    for run in seen.runs:
        if place := _place_of(run, seen):
            yield run, job.thread._replace(repository_id=repository_of(run), repository=place.name)


def _place_of(run: RunSummary, seen: Seen) -> Place | None:
    return seen.places.get(repository_of(run))


def repository_of(run: RunSummary) -> int:
    """The id of the run's repository, from its row; 0 for a run of a whole installation."""
    first, _, number = run.thread_key.partition("#")
    return int(first) if number and first.isdigit() else 0
