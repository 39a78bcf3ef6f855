"""TypeScript, eslint, prettier, and an error that ended node. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, failure_at, line_reader, relative
from app.failures.records import Failure, Reading

_FILE = re.compile(r"((?:/|[A-Za-z]:\\|\.{0,2}/)?[^\s:]{1,300}\.(?:[cm]?[jt]sx?|vue|svelte|astro|json|md))$")
_PROBLEM = re.compile(r"\s{1,6}(\d{1,7}):\d{1,7}\s{1,4}(error|warning)\s{1,4}(\S.{0,600}?)(?:\s{2,}(\S{1,100}))?$")
_SUMMARY = re.compile(r"✖ (\d{1,7}) problems? \((\d{1,7}) errors?, (\d{1,7}) warnings?\)")
_THROWN = re.compile(r"(?:Uncaught )?((?:[A-Z]\w*)?Error(?: \[[^\]]{1,80}\])?: .*|[A-Z]\w*Error(?: \[[^\]]{1,80}\])?)$")
_FRAME = re.compile(
    r"\s+at (?:.{0,200}?\()?(?:async )?((?:file://|node:"
    r"|[A-Za-z]:)?[^\s():]{1,300}):(\d{1,7}):\d{1,7}\)?$"
)


def _eslint(lines: Sequence[str]) -> Reading | None:
    """A file, and below it one problem a line; warnings count only where they are what failed."""
    found: list[tuple[str, Failure]] = []
    path = ""
    for at, line in enumerate(lines):
        if file := _FILE.match(line):
            path = relative(file[1])
        elif path and (problem := _PROBLEM.match(line)) and len(found) < MAX_FAILURES:
            rule = (problem[4] or "").strip()
            found.append(
                (problem[2], Failure(message=problem[3], name=rule, path=path, line=int(problem[1]), at=at, until=at))
            )
    errors = [failure for level, failure in found if level == "error"]
    if not any(_SUMMARY.match(line) for line in lines) and not errors:
        return None
    if not errors and any("too many warnings" in line for line in lines):
        errors = [failure for _, failure in found]
        at = next(at for at, line in enumerate(lines) if "too many warnings" in line)
        errors.append(Failure(message=re.sub(r" \(maximum.*", "", lines[at]), at=at, until=at))
    if not errors:
        return None
    syntax = all(failure.message.startswith("Parsing error") for failure in errors)
    return Reading(tool="eslint", cause="syntax" if syntax else "lint", failures=tuple(errors))


def _thrown(lines: Sequence[str]) -> Reading | None:
    """The last error that node printed before it ended."""
    for at in range(len(lines) - 1, -1, -1):
        if not (found := _THROWN.match(lines[at])) or not any(_FRAME.match(line) for line in lines[at + 1 : at + 12]):
            continue
        frames = [(frame[1], frame[2]) for line in lines[at + 1 : at + 30] if (frame := _FRAME.match(line))]
        if at >= 4 and (head := re.match(r"((?:file://|/)[^\s:]{1,300}):(\d{1,7})$", lines[max(at - 4, 0)])):
            frames.insert(0, (head[1], head[2]))
        missing = re.search(r"Cannot find (?:module|package)", lines[at])
        cause = "import" if missing else "syntax" if found[1].startswith("SyntaxError") else "crash"
        failure = failure_at(found[1], frames[::-1], at=at, until=at)
        return Reading(tool="node", cause=cause, failures=(failure,), certain=False)  # type: ignore[arg-type]
    return None


READERS = (
    line_reader(
        "tsc",
        (
            "usage",
            r"(?:(?P<path>[^\s:(]{1,300}\.json)[(:](?P<line>\d{1,7})[,:]\d{1,7}\)?(?::"
            r"| -) )?error (?P<message>(?P<name>TS\d+): .*)$",
        ),
        (
            "type",
            r"(?P<path>[^\s:(]{1,300}\.(?:[cm]?tsx?|vue))[(:](?P<line>\d{1,7})[,:]\d{1,7}\)?(?::"
            r"| -) error (?P<message>(?P<name>TS(?!1\d{3}:)\d+): .*)$",
        ),
        (
            "syntax",
            r"(?P<path>[^\s:(]{1,300}\.(?:[cm]?[tj]sx?|vue))[(:](?P<line>\d{1,7})[,:]\d{1,7}\)?(?::"
            r"| -) error (?P<message>(?P<name>TS1\d{3}): .*)$",
        ),
        signs=("error TS",),
    ),
    Reader(tool="eslint", signs=("✖ ", "  error  ", " error  "), read=_eslint),
    line_reader(  # --format unix
        "eslint",
        (
            "lint",
            r"(?P<path>[^\s:]{1,300}\.(?:[cm]?[jt]sx?|vue)):(?P<line>\d{1,7}):\d{1,7}: (?P<message>.{1,600}?)"
            r" \[(?:Error|Warning)/(?P<name>[\w@/-]{1,100})\]$",
        ),
        signs=("[Error/", "[Warning/"),
    ),
    line_reader(
        "eslint",
        ("usage", r"(?P<message>ESLint couldn't find .*)$"),
        ("usage", r"(?P<message>(?:Invalid option|No files matching|Could not find config file).*)$"),
        signs=("ESLint couldn't", "ESLint:", "eslint"),
    ),
    line_reader(
        "prettier",
        ("syntax", r"\[error\] (?P<path>[^\s:]{1,300}): (?P<message>SyntaxError: .*?\((?P<line>\d+):\d+\))"),
        ("format", r"\[warn\] (?P<path>[^\s]{1,300}\.\w{1,8})$"),
        ("format", r"\[warn\] (?P<message>Code style issues found .*)$"),
        signs=("Code style issues", "[error] "),
    ),
    line_reader(
        "node",
        ("memory", r"FATAL ERROR: (?P<message>.*(?:heap limit|heap out of memory|Allocation failed).*)$"),
        signs=("FATAL ERROR: ",),
    ),
    Reader(tool="node", signs=("    at ",), read=_thrown),
)
