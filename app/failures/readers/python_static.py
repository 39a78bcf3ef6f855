"""ruff, black, isort, flake8, pylint, mypy, and a traceback of Python's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import Reader, failure_at, line_reader, relative
from app.failures.records import Cause, Failure, Reading

_CODE = re.compile(
    r"(?:error\[)?([A-Z]{1,5}\d{2,5}|invalid-syntax|unformatted|[a-z]+(?:-[a-z]+)+)\]?:? (?:\[\*\] )?(\S.*)$"
)
_ARROW = re.compile(r" *--> ([^:\s]{1,300}):(\d{1,7}):\d{1,7}$")
_FRAME = re.compile(r'\s*File "([^"]{1,300})", line (\d{1,7})')
_RAISED = re.compile(
    r"(?:[\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Timeout|Refused|Failed|Fault|NotFound|Denied)"
    r"|[a-z_][\w.]*\.[A-Z]\w+)(?::.*)?$"
)

_WOULD_FORMAT = re.compile(r"\d+ files? would be reformatted(?:, \d+ files? already formatted)?")


def _ruff(lines: Sequence[str]) -> Reading | None:
    """The full output: rule and message, and below `--> path:line:column`."""
    failures = []
    for at, line in enumerate(lines):
        place = _ARROW.match(line)
        head = _CODE.match(lines[at - 1]) if place and at else None
        if place and head:
            failures.append(
                Failure(message=head[2], name=head[1], path=relative(place[1]), line=int(place[2]), at=at - 1, until=at)
            )
    if not failures:
        return None
    names = {failure.name for failure in failures}
    cause: Cause = "syntax" if names <= {"invalid-syntax"} else "format" if names <= {"unformatted"} else "lint"
    whole_files = [Failure(message=f.message, name=f.name, path=f.path, at=f.at, until=f.until) for f in failures]
    return Reading(tool="ruff", cause=cause, failures=tuple(whole_files if cause == "format" else failures)[:200])


def _ruff_diff(lines: Sequence[str]) -> Reading | None:
    """`ruff format --diff` shows the change, and its last line alone says that it is none that was made."""
    last = next((at for at, line in enumerate(lines) if _WOULD_FORMAT.fullmatch(line)), None)
    heads = [(at, line[4:].split("\t")[0]) for at, line in enumerate(lines) if line.startswith("--- ")]
    if last is None or not heads:
        return None
    failures = [Failure(message=lines[last], path=relative(path), at=at, until=at) for at, path in heads]
    summary = Failure(message=lines[last], at=last, until=last)
    return Reading(tool="ruff", cause="format", failures=(*failures[:200], summary))


def _traceback(lines: Sequence[str]) -> Reading | None:
    """The last one that ends in an error, for what no test runner tells of."""
    starts = [at for at, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    starts += [at for at, line in enumerate(lines) if _FRAME.match(line) and not starts]  # SyntaxError has no head
    for start in reversed(starts):
        frames: list[tuple[str, str]] = []
        for at, line in enumerate(lines[start : start + 200], start):
            if found := _FRAME.match(line):
                frames.append((found[1], found[2]))
            elif frames and _RAISED.match(line):
                if line.startswith("KeyError: '") and "os" in {
                    path.rpartition("/")[2].removesuffix(".py").strip("<>").removeprefix("frozen ")
                    for path, _ in frames[-1:]
                }:
                    failure = failure_at(line, frames, at=at, until=at)  # `os.environ["TOKEN"]`
                    return Reading(tool="python", cause="secret", failures=(failure,), certain=False)
                word = line.partition(":")[0].rpartition(".")[2]
                cause: Cause = (
                    "syntax"
                    if word in {"SyntaxError", "IndentationError", "TabError"}
                    else "import"
                    if word in {"ImportError", "ModuleNotFoundError"}
                    else "crash"
                )
                return Reading(
                    tool="python", cause=cause, failures=(failure_at(line, frames, at=at, until=at),), certain=False
                )
    return None


_MYPY = line_reader(
    "mypy",
    (
        "syntax",
        r"(?P<path>[^\s:]{1,300}\.pyi?):(?P<line>\d+):(?:\d+:)?(?:\d+:\d+:)? error: (?P<message>.*?)  "
        r"\[(?P<name>syntax)\]$",
    ),
    (
        "type",
        r"(?P<path>[^\s:]{1,300}\.pyi?):(?P<line>\d+):(?:\d+:)?(?:\d+:\d+:)? error: (?P<message>.*?)(?:  "
        r"\[(?P<name>[a-z-]+)\])?$",
    ),
    ("usage", r"mypy: (?P<message>(?:can't|error|No ).*)$"),
    signs=(": error: ", "mypy: "),
)


def _mypy(lines: Sequence[str]) -> Reading | None:
    """With --pretty a message goes on in the next line, until its code."""
    whole = list(lines)
    for at in range(len(lines) - 1):
        goes_on = ": error: " in lines[at] and not lines[at].endswith("]")
        if goes_on and re.match(r"\S.{0,300}  \[[a-z-]{2,40}\]$", lines[at + 1]) and ": error: " not in lines[at + 1]:
            whole[at] = f"{lines[at]} {lines[at + 1]}"
    return _MYPY.read(whole)


READERS = (
    Reader(tool="ruff", signs=("--> ",), read=_ruff),
    Reader(tool="mypy", signs=_MYPY.signs, read=_mypy),
    line_reader(
        "ruff",
        (
            "lint",
            r"(?P<path>[^\s:]{1,300}\.(?:py|pyi|ipynb|toml)):(?P<line>\d+):\d+: (?P<name>(?!E\d{4}\b|W\d{4}\b"
            r"|[CRF]\d{4}\b)[A-Z]{1,5}\d{3,4}|invalid-syntax:?|SyntaxError:) (?:\[\*\] )?(?P<message>.*)$",
        ),
        ("format", r"(?P<message>Would reformat: (?P<path>.{1,300}))$"),
        ("syntax", r"error: Failed to parse (?P<path>[^\s:]{1,300}):(?P<line>\d+):\d+: (?P<message>.*)$"),
        ("usage", r"(?P<message>ruff failed)$"),
        signs=(".py:", ".pyi:", ".ipynb:", "Would reformat", "Failed to parse", "ruff failed"),
    ),
    line_reader(
        "black",
        (
            "syntax",
            r"error: (?P<message>cannot (?:format|parse).*?(?P<path>/?[^\s:]{1,300}\.pyi?):.*?(?P<line>\d+):\d+.*)$",
        ),
        ("format", r"(?P<message>would reformat (?P<path>.{1,300}))$"),
        ("format", r"(?P<message>reformatted (?P<path>.{1,300}))$"),
        signs=("would reformat", "reformatted", "error: cannot"),
    ),
    line_reader(
        "isort",
        ("format", r"ERROR: (?P<path>.{1,300}) (?P<message>Imports are incorrectly sorted.*)$"),
        signs=("incorrectly sorted",),
    ),
    line_reader(
        "pylint",
        ("syntax", r"(?P<path>[^\s:]{1,300}\.py):(?P<line>\d+):\d+: (?P<name>E0001): (?P<message>.*)$"),
        ("lint", r"(?P<path>[^\s:]{1,300}\.py):(?P<line>\d+):\d+: (?P<name>[CRWEF]\d{4}): (?P<message>.*)$"),
        signs=("************* Module", "Your code has been rated"),
    ),
    line_reader(
        "flake8",
        ("lint", r"(?P<path>[^\s:]{1,300}\.py):(?P<line>\d+):\d+: (?P<name>[A-Z]{1,3}\d{2,4}) (?P<message>.*)$"),
        signs=(".py:",),
    ),
    line_reader(
        "coverage",
        ("coverage", r"(?P<message>Coverage failure: total of .*)$"),
        signs=("Coverage failure: total of",),
    ),
    Reader(tool="ruff", signs=("would be reformatted",), read=_ruff_diff),
    Reader(tool="python", signs=('File "',), read=_traceback),
)
