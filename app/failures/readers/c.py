"""gcc, clang and the linker; make, cmake, ctest. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, failure_at, line_reader, relative
from app.failures.records import Failure, Reading

_CC = re.compile(
    r"(?P<path>(?:[A-Za-z]:)?[^\s:]{1,300}\.(?:c|cc|cpp|cxx|C|h|hh|hpp|hxx|inc|ipp|m|mm|cu|S|s)):(?P<line>\d{1,7}):"
    r"(?:\d{1,7}:)? (?:fatal )?error: (?P<message>.*)$"
)
_UNLINKED = re.compile(r"((?:undefined reference to|undefined symbol:|multiple definition of) .{1,300})$")


def _link(lines: Sequence[str]) -> Reading | None:
    if not any(re.search(r"\bld\b.*(?:returned|error)|collect2: error|linker command failed", line) for line in lines):
        return None
    failures: list[Failure] = []
    for at, line in enumerate(lines):
        if found := _UNLINKED.search(line):
            failures.append(Failure(message=found[1], at=at, until=at))
    clang = any(line.startswith("clang: error: linker") for line in lines)
    tool = "clang" if clang else "gcc"
    return Reading(tool=tool, cause="compile", failures=tuple(failures[:MAX_FAILURES])) if failures else None


def _cc(lines: Sequence[str]) -> Reading | None:
    """gcc and clang print alike; clang closes with `1 error generated.`"""
    failures: list[Failure] = []
    for at, line in enumerate(lines):
        if found := _CC.match(line):
            path, number = relative(found["path"]), int(found["line"])
            failures.append(Failure(message=found["message"], path=path, line=number, at=at, until=at))
    clang = any(re.match(r"\d+ (?:warnings? and \d+ )?errors? generated\.", line) for line in lines)
    tool = "clang" if clang else "gcc"
    return Reading(tool=tool, cause="compile", failures=tuple(failures[:MAX_FAILURES])) if failures else None


def _cmake(lines: Sequence[str]) -> Reading | None:
    for at, line in enumerate(lines):
        if found := re.match(r"CMake Error(?: at ([^\s:]{1,300}):(\d{1,7}) \(.{1,60}\))?:(.*)$", line):
            named = next((n for n in range(at + 1, min(at + 12, len(lines))) if "Could not find" in lines[n]), None)
            said = (
                (named, lines[named].strip())
                if named is not None
                else next(
                    ((n, text.strip()) for n, text in enumerate(lines[at + 1 : at + 8], at + 1) if text.strip()),
                    (at, found[3].strip()),
                )
            )
            missing = "Could not find a package" in said[1] or "Could NOT find" in line + said[1]
            failure = failure_at(said[1] or line, [(found[1], found[2])] if found[1] else [], at=at, until=said[0])
            return Reading(tool="cmake", cause="dependency" if missing else "usage", failures=(failure,))
    return None


READERS = (
    Reader(tool="gcc", signs=("error: ",), read=_cc),
    Reader(tool="gcc", signs=("undefined reference", "undefined symbol", "multiple definition"), read=_link),
    Reader(tool="cmake", signs=("CMake Error",), read=_cmake),
    line_reader(
        "ctest",
        (
            "test",
            r"\s*\d+ - (?P<message>(?P<name>\S{1,200}) \((?:Failed|Timeout|SEGFAULT"
            r"|Subprocess aborted|Not Run|ILLEGAL)\).*)$",
        ),
        signs=("tests failed out of",),
    ),
    line_reader(
        "make",
        ("usage", r"g?make(?:\[\d+\])?: \*\*\* (?P<message>No (?:rule to make target|targets specified).*)$"),
        ("command", r"g?make(?:\[\d+\])?: \*\*\* (?P<message>\[.{1,300}\] Error \d+.*)$"),
        signs=("*** ",),
        certain=False,
    ),
)
