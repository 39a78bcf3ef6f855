"""One thing that was looked at in the account, how it is, and how to mend it."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Seen(NamedTuple):
    """`level` as in the command line's findings."""

    name: str
    level: Literal["ok", "warn", "broken"]
    text: str
    mend: str = ""


def ok(name: str, text: str) -> Seen:
    return Seen(name, "ok", text)


def warn(name: str, text: str, mend: str) -> Seen:
    return Seen(name, "warn", text, mend)


def broken(name: str, text: str, mend: str) -> Seen:
    return Seen(name, "broken", text, mend)
