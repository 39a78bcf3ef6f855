"""Reading GitHub's JSON tolerantly: fields may be missing, null or new; only what we use is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# GitHub's own limits, in characters (facts.md; the API answers 422 above them).
BODY_LIMIT = 65_536
TITLE_LIMIT = 256
CHECK_TEXT_LIMIT = 65_535

CUT = "\n\n… (cut here: longer than GitHub takes)"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text(data: Mapping[str, Any], name: str) -> str:
    """A string field; empty when it is missing or null."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def number(data: Mapping[str, Any], name: str) -> int:
    """A whole number; 0 when it is missing or null."""
    value = data.get(name)
    return value if isinstance(value, int) else 0


def part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object; empty when it is missing or null (the author of a deleted account)."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def time(data: Mapping[str, Any], name: str) -> datetime:
    """A time, aware, in UTC; 1970 when it is missing or null."""
    value = data.get(name)
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else EPOCH
    except ValueError:
        return EPOCH


def cut(content: str, limit: int) -> str:
    """`content` within `limit` characters, its end replaced by a remark when it is longer.

    A code fence that the cut leaves open is closed.
    """
    if len(content) <= limit:
        return content
    remark = CUT if limit > 4 * len(CUT) else "…"
    kept = content[: limit - len(remark) - 4]
    fences = sum(line.lstrip().startswith("```") for line in kept.splitlines())
    return kept + ("\n```" if fences % 2 else "") + remark
