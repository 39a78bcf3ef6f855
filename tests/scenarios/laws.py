"""What holds at the end of every story, whatever happened in it."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator import Simulator
from app.simulator.state import Repository
from tests.scenarios.stage import Bot

_AT_WORK = {"agent:queued", "agent:working"}


def left_at_work(bot: Bot, github: Simulator) -> list[str]:
    """What on GitHub still says that the bot is at work where it is not: check runs, state labels.

    A run that is active may say so, and one that ended may have more to say.
    """
    return [*_checks(bot, github), *_labels(bot, github)]


def _checks(bot: Bot, github: Simulator) -> Iterator[str]:
    may_say_so = {run.run_id for run in bot.runs if _has_more_to_say(run)}
    for repository in _writable(github):
        for check in repository.runs:
            is_ours = check.app_slug == github.app.slug
            if is_ours and check.status != "completed" and check.external_id.split(":")[0] not in may_say_so:
                yield f"the check {check.name} on {check.head_sha[:7]} is {check.status}"


def _labels(bot: Bot, github: Simulator) -> Iterator[str]:
    may_say_so = {(run.repository, run.number) for run in bot.runs if _has_more_to_say(run)}
    for repository in _writable(github):
        for number, thread in repository.threads.items():
            left = _AT_WORK.intersection(thread.labels)
            if left and (repository.full_name, number) not in may_say_so:
                yield f"{repository.full_name}#{number} has {', '.join(sorted(left))}"


def _writable(github: Simulator) -> Iterator[Repository]:
    """The repositories in which it still has a say."""
    for repository in github.world.repositories.values():
        if not repository.archived and github.world.installation_of(repository) is not None:
            yield repository


def _has_more_to_say(run) -> bool:
    return run.phase != "ended" or run.unpublished
