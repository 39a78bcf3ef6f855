"""How an execution is told in a few words: its counts and its time. Pure."""

from __future__ import annotations

from app.events.parts import Counts

_COUNTED = ("passed", "failed", "errors", "skipped")


def numbers(counts: Counts | None) -> list[str]:
    """`3 passed` and the like, without what is 0."""
    found = counts.model_dump() if counts else {}
    return [f"{found[name]} {name}" for name in _COUNTED if found.get(name)]


def took(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
