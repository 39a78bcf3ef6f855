"""Reading single fields of a payload: whatever is missing, null or of another type has a harmless value. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from app.jobs.job import Person

# A job travels through SQS, whose messages hold 1 MiB, as ASCII JSON. GitHub's bodies hold 65,536 characters, which is
# at most 393,216 bytes of `\uXXXX` outside the astral planes. Body 400 kB + comment 250 kB + the comment once more
# inside the commands + labels and title stay below 1 MiB whatever the characters are.
BODY_BYTES = 400_000
COMMENT_BYTES = 250_000
TITLE_BYTES = 4_000
CUT = "\n[cut here: the text was too long]"

_WIDEST = 12  # bytes of one character in ASCII JSON: two `\uXXXX` outside the basic plane
_LABELS = 100  # GitHub allows 100 labels on an issue
_LABEL_CHARACTERS = 50
_LOGIN = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:\[bot\])?")
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class Missing(Exception):
    """A part of the payload that its event always has."""


def person(value: Any) -> Person:
    """Who; login `ghost` and id 0 when the payload does not say (deleted accounts are null)."""
    login = dig(value, "login")
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        return Person(login="ghost", id=0, type="")
    return Person(login=login, id=number(dig(value, "id")), type=word(dig(value, "type")))


def labels(subject: Mapping[str, Any]) -> tuple[str, ...]:
    rows = subject.get("labels")
    names = [label(row) for row in rows[:_LABELS]] if isinstance(rows, list) else []
    return tuple(name for name in names if name)


def label(value: Any) -> str:
    name = dig(value, "name")
    return scalars(name[:_LABEL_CHARACTERS]) if isinstance(name, str) else ""


def part(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = payload.get(key)
    if not isinstance(value, dict):
        raise Missing(key)
    return value


def dig(value: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def number(value: Any) -> int:
    """A positive 63-bit integer, else 0."""
    return value if type(value) is int and 0 < value < 2**63 else 0


def word(value: Any) -> str:
    """A short identifier, else nothing: it ends up in log lines and reasons."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def url(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) < 2000 else ""


def text(value: Any, limit_bytes: int) -> str:
    """Text that takes at most `limit_bytes` in ASCII JSON, cut visibly; null and other types are empty."""
    if not isinstance(value, str):
        return ""
    if len(value) * _WIDEST > limit_bytes and len(json.dumps(value)) > limit_bytes:
        value = value[: (limit_bytes - 2 * len(CUT)) // _WIDEST] + CUT
    return scalars(value)


def scalars(text: str) -> str:
    """Without lone surrogates, which JSON can say and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
