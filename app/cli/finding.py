"""One thing `doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "broken"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty when it is well)."""

    name: str
    level: Level
    text: str
    mend: str = ""
