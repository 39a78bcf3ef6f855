"""Why tests failed, by what Python's runners print: the error, and the file in which it was raised. Pure."""

from __future__ import annotations

import re

_FRAME = re.compile(r'^\s*File "([^"]+)", line \d+')
_PLACE = re.compile(r"^(\S+\.py):\d+: (\w+)$")  # pytest's, below the error
_ERROR = re.compile(r"^(E\s+)?((?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)\b.*)$")
_FIXTURE = re.compile(r"^E\s+(fixture '\w+' not found)$")
_ELSEWHERE = re.compile(r"/lib/python\d|/(?:site|dist)-packages/|^<")  # frames of the runner and of libraries
_PART = re.compile(r"^(?:={40,}$|(?=_{3,} .+ _{3,}$))", re.MULTILINE)  # unittest's and pytest's line above each failure
_HEADING = 300  # characters in which the test's name stands
# What a test says that asks for something only the change brings.
_NOT_THERE = re.compile(
    r"(?:ImportError|ModuleNotFoundError|NameError)\b|fixture '\w+' not found"
    r"|AttributeError: .*\bhas no attribute\b"
    r"|TypeError: \S+ (?:got an unexpected keyword|got multiple values|takes .*\bargument|missing \d+ required)"
)


def reasons(output: str) -> list[tuple[str, str]]:
    """Each error, and the innermost file of the project that it came from; "" where that is not printed."""
    found: list[tuple[str, str]] = []
    frame, waiting = "", ""
    for line in output.splitlines():
        if place := _FRAME.match(line):
            frame = frame if _ELSEWHERE.search(place[1]) else place[1]
        elif place := _PLACE.match(line):
            found.append((waiting or place[2], place[1]))
            waiting = ""
        elif fixture := _FIXTURE.match(line):
            found.append((fixture[1], ""))
        elif error := _ERROR.match(line):
            if error[1]:
                waiting = error[2]
            else:
                found.append((error[2], frame))
    return [*found, *([(waiting, "")] if waiting else [])]


def asks_for_what_is_not_there(path: str, name: str, output: str) -> bool:
    """Whether the test, or of several those in `path`, failed at names that it looks for itself: nothing was tried."""
    parts = _PART.split(output)
    mine = [part for part in parts if name and re.search(rf"\b{re.escape(name)}\b", part[:_HEADING])]
    found = [reason for part in mine or [output] for reason in reasons(part)]
    return bool(found) and all(_NOT_THERE.match(why) and _is_in(path, place) for why, place in found)


def _is_in(path: str, place: str) -> bool:
    return not place or place == path or place.endswith(f"/{path}")
