"""Points in time, for people in any place. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(at: str) -> str:
    """An event's time (ISO 8601 with its offset) as one reads it, to the minute."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
