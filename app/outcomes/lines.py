"""Which lines a diff adds, and whether a later diff changes them again. Pure; patches are as GitHub shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.events.outcomes import Touched

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")

MOST_FILES = 100  # whose lines are kept
MOST_RANGES = 200  # of one file


def added(files: Iterable[Mapping[str, Any]]) -> tuple[list[Touched], bool]:
    """The lines that `files` (GitHub's, with `filename` and `patch`) add, as they are numbered after it, and whether
    that is all of them. What has no patch (binary, too big) has no lines.
    """
    found: list[Touched] = []
    is_whole = True
    for file in files:
        ranges = _ranges(new for sign, _old, new in _walk(str(file.get("patch") or "")) if sign == "+")
        if ranges and len(found) < MOST_FILES:
            found.append(Touched(path=str(file.get("filename", "")), lines=ranges[:MOST_RANGES]))
        is_whole = is_whole and len(found) <= MOST_FILES and len(ranges) <= MOST_RANGES
        is_whole = is_whole and (not ranges or found[-1].path == file.get("filename"))
    return found, is_whole


def changed_again(touched: Sequence[Touched], files: Iterable[Mapping[str, Any]]) -> str:
    """The first file of which `files`, a diff that begins where `touched` are numbered, takes such lines away, or puts
    others between two of them; "" when there is none.
    """
    ours = {item.path: item.lines for item in touched}
    for file in files:
        path = str(file.get("previous_filename") or file.get("filename", ""))
        lines = ours.get(path, [])
        if lines and any(_meets(lines, sign, old) for sign, old, _new in _walk(str(file.get("patch") or ""))):
            return path
    return ""


def _meets(lines: Sequence[tuple[int, int]], sign: str, old: int) -> bool:
    """`old` is the line that goes away, or the one before which something comes in."""
    if sign == "-":
        return any(first <= old <= last for first, last in lines)
    return any(first < old <= last for first, last in lines)


def _walk(patch: str) -> Iterator[tuple[str, int, int]]:
    """Every changed line: its sign, and where it stands before and after."""
    old = new = 0
    for text in patch.splitlines():
        if hunk := _HUNK.match(text):
            old, new = int(hunk[1]), int(hunk[2])
            if ",0 " in hunk[0].partition("+")[0]:  # nothing of before is in it: git names the line above
                old += 1
        elif text.startswith("+"):
            yield "+", old, new
            new += 1
        elif text.startswith("-"):
            yield "-", old, new
            old += 1
        elif not text.startswith("\\"):
            old, new = old + 1, new + 1


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers in order as pairs of first and last."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
