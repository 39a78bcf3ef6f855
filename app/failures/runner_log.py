"""The log of one job, cut into its steps. Pure.

GitHub's runner writes one line each with a timestamp; `##[group]Run …` begins a step and shows its script and settings
until `##[endgroup]`; `##[error]` marks what failed. A log has no names of steps, may begin or end anywhere (it is
fetched by range), may hold 50 MB, and everything in it that is not the runner's was written by the repository.

Of a step the first and the last lines are kept and, of those between, the ones that speak of errors: what is held in
memory does not grow with the log. Source of the format: actions/runner, `OutputManager`, `ExecutionContext.Write`.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.failures.records import Line

MAX_WIDTH = 2_000  # characters of a line; what follows in it is left out
_MAX_PENDING = 65_536  # characters without a line's end that are waited for
_HEAD, _TAIL, _MARKED, _AFTER_MARK = 1_500, 1_500, 600, 8  # lines of one step
_MAX_FAILED = 8  # failed steps of one job

_STAMP = re.compile(r"\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{1,9}Z ?")
_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][0-9A-B]|[=>78M])")
_SCRIPT = re.compile(r"\x1b\[36;1m(.*?)\x1b\[0m")
_MARKER = re.compile(r"##\[(error|warning|notice|debug|group|endgroup|command|section)\]")
_SPEAKS = re.compile(
    r"error|fail|panic|fatal|exception|traceback|assert|✕|✖|not ok|killed|denied|refused", re.IGNORECASE
)
EXIT = re.compile(r"Process completed with exit code (-?\d{1,10})\.")


@dataclass(kw_only=True)
class Section:
    """One step as it stands in the log. `title` is `Run …` or `Post job cleanup.`, "" before the first of them."""

    title: str = ""
    script: list[str] = field(default_factory=list)
    began: datetime | None = None
    ended: datetime | None = None
    failed_at: datetime | None = None
    errors: list[Line] = field(default_factory=list)  # `##[error]`, the first ones
    exit_code: int | None = None
    is_whole: bool = True
    _head: list[Line] = field(default_factory=list)
    _marked: list[Line] = field(default_factory=list)
    _tail: deque[Line] = field(default_factory=lambda: deque(maxlen=_TAIL))
    _after: int = 0

    @property
    def lines(self) -> list[Line]:
        last = self._tail[0].number if self._tail else 0
        between = [line for line in self._marked if not last or line.number < last]
        return [*self._head, *between, *self._tail]

    def add(self, line: Line) -> None:
        if len(self._head) < _HEAD:
            self._head.append(line)
            return
        if len(self._tail) == _TAIL:
            self.is_whole = False
        self._tail.append(line)
        if len(self._marked) < _MARKED:
            self._after = _AFTER_MARK if _SPEAKS.search(line.text) else self._after - 1
            if self._after > 0:
                self._marked.append(line)


def read_sections(log: str | bytes | Iterable[bytes] | Iterable[str]) -> Iterator[Section]:
    """Every step of the log in turn; those that did not fail are dropped by whoever reads them."""
    section = Section()
    in_header = False
    for number, raw in enumerate(_lines(log), 1):
        stamp = _STAMP.match(raw)
        text = raw[stamp.end() :] if stamp else raw.lstrip("\ufeff")
        plain = _plain(text)
        marker = _MARKER.match(plain)
        kind = marker[1] if marker else ""
        rest = plain[marker.end() :] if marker else plain
        if (kind == "group" and rest.startswith("Run ")) or (stamp and plain == "Post job cleanup."):
            yield section
            section, in_header = Section(title=rest), kind == "group"
        if stamp:
            section.ended = _time(stamp[1])
            section.began = section.began or section.ended
        if in_header:
            script = _SCRIPT.match(text)
            if script and len(section.script) < 100:
                section.script.append(_ANSI.sub("", script[1]))
            in_header = kind != "endgroup"
        elif kind not in {"endgroup", "debug", "section"}:
            _take(section, Line(number=number, text=rest), kind)
    yield section


def _take(section: Section, line: Line, kind: str) -> None:
    if kind != "error":
        section.add(line)
        return
    section.failed_at = section.ended
    if found := EXIT.fullmatch(line.text):
        section.exit_code = int(found[1])
        return
    if len(section.errors) < 100:
        section.errors.append(line)
    section.add(line)


def failed_sections(sections: Iterable[Section]) -> list[Section]:
    """Those with an error, or else what a log that breaks off ends in."""
    failed: list[Section] = []
    last: Section | None = None
    for section in sections:
        if section.exit_code is not None or section.errors:
            failed = [*failed, section][:_MAX_FAILED]
        elif section.title != "Post job cleanup.":
            last = section
    return failed or ([last] if last else [])


def _lines(log: str | bytes | Iterable[bytes] | Iterable[str]) -> Iterator[str]:
    """Lines of what was given whole or piece by piece; bytes that are no UTF-8 become "\ufffd"."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pending, skipping = "", False
    for piece in (log,) if isinstance(log, (str, bytes)) else log:
        text = decoder.decode(piece) if isinstance(piece, bytes) else piece
        for at in range(0, len(text), _MAX_PENDING):
            *whole, rest = (pending + text[at : at + _MAX_PENDING]).split("\n")
            for line in whole:
                if not skipping:
                    yield line
                skipping = False
            if len(rest) >= _MAX_PENDING:
                if not skipping:
                    yield rest
                rest, skipping = "", True
            pending = rest
    if pending and not skipping:
        yield pending


def _plain(text: str) -> str:
    """Without colours; of a line that was written over itself, what stood there last."""
    if "\x1b" in text[: 4 * MAX_WIDTH]:
        text = _ANSI.sub("", text[: 4 * MAX_WIDTH])
    if "\r" in text:
        parts = [part for part in text[: 8 * MAX_WIDTH].split("\r") if part.strip()]
        text = parts[-1] if parts else ""
    return text[:MAX_WIDTH].rstrip()


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
