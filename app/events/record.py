"""What every kind of event is: a frozen record, read tolerantly and written exactly. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from app.events.parts import Count, Seconds, Text

VERSION = 1  # of the vocabulary, as written; events of before there were versions have 0
MAIN = "main"  # the agent that acts while a run has one

CONTROL, WORKER = "control", "worker"  # authors, as the platform vouches for them
UNKNOWN = ""  # of events that were written before anybody kept the author

RECORDS: dict[str, type[Record]] = {}


class Record(BaseModel):
    """One kind of event. A subclass names its `kind`, and has a default for every field that older ledgers lack."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")

    kind: ClassVar[str] = ""
    author: ClassVar[str] = CONTROL
    is_news: ClassVar[bool] = False  # GitHub shows it at once; of everything else, how it stands once a minute

    version: Count = 0
    agent: Text = MAIN
    worked_seconds: Seconds | None = None  # how long a worker's attempt has lasted, by a clock that only goes forward

    def __init_subclass__(cls, kind: str = "", *, is_news: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.is_news = is_news
        if kind:
            cls.kind = kind
            RECORDS[kind] = cls

    def data(self) -> dict[str, Any]:
        """What was said, as JSON-shaped data; what was left at its default is not in it."""
        return {"version": VERSION, "agent": self.agent, **self.model_dump(exclude_unset=True)}


class OfWorker(Record):
    """What a worker may say."""

    author = WORKER


class Foreign(Record):
    """A kind that this version does not know."""


def read(kind: str, data: Mapping[str, Any], *, strictly: bool = False) -> Record:
    """The record of an event, whatever version wrote it. Raises pydantic.ValidationError for what is none; with
    `strictly` also for what would have to be converted.
    """
    return RECORDS.get(kind, Foreign).model_validate(data, strict=strictly, extra="ignore")


def may_say(author: str, kind: str) -> bool:
    """Whether `author` has a right to events of `kind`."""
    record = RECORDS.get(kind)
    return author != WORKER or (record is not None and record.author == WORKER)
