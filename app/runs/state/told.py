"""What a run's state is made of: something said, a stage, a thing on GitHub, a refusal of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.events.record import Record

Said = TypeVar("Said", bound=Record)


@dataclass(frozen=True, kw_only=True)
class Told(Generic[Said]):
    """What one event said, and where it stands in the ledger."""

    seq: int
    at: str
    said: Said


@dataclass(kw_only=True)
class Stage:
    name: str
    started_at: str
    worked_before: float | None = None  # the attempt's working seconds at its start, where the worker said it
    ended_at: str | None = None
    seconds: float = 0.0  # it took, once it is over
    ok: bool | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One thing of the run on GitHub. With an `error` GitHub would not have it, and `result` is of before."""

    digest: str
    at: str
    result: Mapping[str, Any]  # as its kind of publication needs it
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Delay:
    """What GitHub refused `count` times so far, and when it is asked again."""

    error: str
    until: str
    count: int
