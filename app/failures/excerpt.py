"""Which lines of a step a person is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.failures.records import MAX_LINES, Line, Reading
from app.text.untrusted import clean, one_line

_BEFORE, _AFTER = 2, 3  # lines around what failed
_WIDTH = 300  # characters of a line that is shown


def key_line(lines: Sequence[Line], reading: Reading) -> str:
    """The one line to show: what was said of the first failure, with its place where the tool says it in one."""
    first = reading.failures[0]
    text = lines[first.at].text.removeprefix("E  ") if first.at < len(lines) else ""
    return one_line(text if first.message and first.message[:40] in text else first.message or text, _WIDTH)


def excerpt(lines: Sequence[Line], reading: Reading) -> tuple[Line, ...]:
    """At most MAX_LINES lines: first the failures' own, as far as there is room, then those around the first ones."""
    wanted: list[int] = []
    for failure in reading.failures:
        wanted += [at for at in range(failure.at, failure.until + 1) if 0 <= at < len(lines)]
    own = list(dict.fromkeys(wanted))[:MAX_LINES]
    kept = set(own)
    for failure in reading.failures:
        for at in range(failure.at - _BEFORE, failure.until + _AFTER + 1):
            if len(kept) < MAX_LINES and 0 <= at < len(lines) and lines[at].text.strip():
                kept.add(at)
    return tuple(Line(number=lines[at].number, text=clean(lines[at].text)[:_WIDTH].rstrip()) for at in sorted(kept))
