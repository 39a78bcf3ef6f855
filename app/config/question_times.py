"""When an open question is looked at again: once to remind, then to end the run. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.events.configured import Configured

REMIND_SECONDS = 24 * 3600  # a working day: who did not see the question has slept over it
END_SECONDS = 7 * 24 * 3600  # a week's holiday is survived, a forgotten issue is not kept indefinitely


def remind_at(config: Configured, asked_at: str) -> datetime | None:
    """When to remind whoever asked for the run; None for never. `config` is a run's configuration."""
    return _after(asked_at, config.questions.remind_after_seconds)


def end_at(config: Configured, asked_at: str) -> datetime | None:
    """When a run whose question nobody answered ends; None for never."""
    return _after(asked_at, config.questions.end_after_seconds)


def first_look(config: Configured, asked_at: str) -> datetime | None:
    """The earlier of the two."""
    return min((at for at in (remind_at(config, asked_at), end_at(config, asked_at)) if at), default=None)


def _after(asked_at: str, seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromisoformat(asked_at) + timedelta(seconds=seconds)


def in_words(seconds: float) -> str:
    """`7 days`, `36 hours`, `90 minutes`."""
    for unit, size in (("day", 86_400), ("hour", 3_600)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}" + ("" if seconds == size else "s")
    return f"{seconds / 60:.0f} minutes"
