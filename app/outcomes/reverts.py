"""Whether a commit's message says that it takes a pull request back: as git and as GitHub's button write it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_COMMIT = re.compile(r"(?i)\bthis reverts commits? ([0-9a-f]{7,40})")
_PULL = re.compile(r"(?im)^reverts (?:[\w.-]+/[\w.-]+)?#(\d+)\b")
_SUBJECT = re.compile(r'^Revert "(.+)"(?: \(#\d+\))?$')
_NUMBER = re.compile(r"\(#(\d+)\)$")


def takes_back(message: str, *, number: int, shas: Collection[str]) -> bool:
    """`number` is the pull request's, `shas` its commits and that of its merge."""
    named = [sha for sha in _COMMIT.findall(message.replace("\n", " "))]
    if any(sha.startswith(name.lower()) for name in named for sha in shas):
        return True
    if str(number) in _PULL.findall(message):
        return True
    subject = _SUBJECT.match(message.split("\n", 1)[0].strip())
    squashed = _NUMBER.search(subject[1]) if subject else None
    return squashed is not None and int(squashed[1]) == number
