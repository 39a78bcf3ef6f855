"""One thing that was looked at in the account, how it is, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Ask = Callable[..., dict[str, Any]]  # service, operation, request: one call; raises LamplighterError, ClientError
DEPLOY = "Deploy template.yaml again; it makes this part as it has to be."


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
