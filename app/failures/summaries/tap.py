"""The Test Anything Protocol, versions 12 to 14, and `prove`, which reads it for Perl. Pure.

Parts of a test are indented and belong to it: only what stands at the margin is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.failures.counts import Counts, find, named, summed

_POINT = re.compile(
    r"(not ok|ok)\b(?:[ \t]+(\d{1,9}))?(?:[ \t]+-)?[ \t]*(.*?)"
    r"(?:[ \t]+#[ \t]*(skip|todo)\S*.*|[ \t]+# time=\S+(?: \{)?)?$",
    re.IGNORECASE,
)
_PLAN = re.compile(r"1\.\.(\d{1,9})(?:\s+#.*)?$")
_GROUP = re.compile(r"# (?!Subtest: |tests |pass |fail |skip|todo |ok$|SKIP |TODO )(\S.*)$")
_FAILED = re.compile(r"^  Failed tests?:\s+([\d, -]+)$", re.MULTILINE)
_REPORTED = re.compile(r"^(\S+)\s+\(Wstat: .* Tests: (\d{1,9}) .*\)\n((?:  .*\n?)*)", re.MULTILINE)


@dataclass
class _Stream:
    """From one producer. `plan`: how many points it announced."""

    plan: int | None = None
    passed: int = 0
    skipped: int = 0
    failing: list[str] = field(default_factory=list)
    failed: int = 0
    bailed: bool = False
    seen: int = 0

    @property
    def is_whole(self) -> bool:
        return self.plan is not None and self.seen >= self.plan

    @property
    def missing(self) -> int:
        """Announced and not run: it ended before, or bailed out."""
        return max(0, (self.plan or 0) - self.seen) or int(self.bailed)


def tap(text: str) -> Counts | None:
    """Points count in their order alone: another number is a line that a test printed. Of several streams all
    failures count, but only what the smallest one passed.
    """
    streams = [stream for stream in _streams(text) if stream.plan is not None or stream.bailed]
    if not streams:
        return None
    least = min(streams, key=lambda stream: stream.passed)
    return Counts(
        passed=least.passed,
        failed=sum(stream.failed for stream in streams),
        skipped=least.skipped,
        errors=sum(stream.missing for stream in streams),
        failing=named(name for stream in streams for name in stream.failing),
    )


def most(text: str) -> int | None:
    """How many can have passed at most, whatever a summary says; None without a stream. Where tests have parts, the
    parts may be counted as tests.
    """
    counts = tap(text)
    if counts is None:
        return None
    parts = len(find(r"^[ \t]*(ok)\b(?!.*#[ \t]*(?:SKIP|TODO))", text)) if find(r"^[ \t]*# (Subtest): ", text) else 0
    return max(counts.passed, parts)


def _streams(text: str) -> list[_Stream]:
    found = [_Stream()]
    group, is_said_of_failure = "", False
    for line in text.split("\n"):
        if line.startswith("TAP version ") or (found[-1].is_whole and (_PLAN.match(line) or _POINT.match(line))):
            found.append(_Stream())
            group = ""
        if plan := _PLAN.match(line):
            if found[-1].plan is None:
                found[-1].plan = int(plan[1])
        elif point := _POINT.match(line):
            _add(found[-1], point, group)
            is_said_of_failure = point[1] != "ok"
        elif line.startswith("Bail out!"):
            found[-1].bailed = True
        elif line == "  ...":
            is_said_of_failure = False
        elif not is_said_of_failure and (comment := _GROUP.match(line)):
            group = f"{comment[1]}: "  # tape's name of the test that the next points are assertions of
    return found


def _add(stream: _Stream, point: re.Match[str], group: str) -> None:
    is_ok, number, name, directive = point[1] == "ok", point[2], point[3], point[4]
    is_next = number is None or int(number) == stream.seen + 1
    fits = is_next and (stream.plan is None or stream.seen < stream.plan)
    stream.seen += is_next
    if directive:
        stream.skipped += fits
    elif is_ok:
        stream.passed += fits
    else:
        stream.failed += 1
        stream.failing.append(f"{group}{name or number or 'without a name'}")


def prove(text: str) -> Counts | None:
    """Its last line says how many there were, and a report before it which failed; of skipped ones it says little. What
    is out of sequence, by a line that a test printed or an early end, proves nothing of its file.
    """
    ends = find(r"^Files=\d+, Tests=(\d+), ", text)
    if not ends:
        return None
    failing: list[str] = []
    broken: list[str] = []
    lost = 0
    for file, ran, said in _REPORTED.findall(text):
        numbers = [number for listed in _FAILED.findall(said) for number in _expanded(listed)]
        failing += [f"{file} {number}" for number in numbers]
        broken += [file] * (not numbers)
        lost += int(ran) if "Parse errors" in said else len(numbers)
    skipped = summed(r"^\t\(less (\d+) skipped subtests?", text)
    return Counts(
        passed=max(0, min(map(int, ends)) - lost - skipped),
        failed=len(failing),
        skipped=skipped,
        errors=len(broken),
        failing=named([*failing, *broken]),
    )


def _expanded(listed: str) -> list[int]:
    """`2, 4-6` as its numbers."""
    found: list[int] = []
    for part in listed.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and len(part) < 20:
            found += range(int(first), min(int(last or first), int(first) + 10_000) + 1)
    return found
