"""What is found in what CI left behind: lines, places, findings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# What went wrong, as far as the text tells. From the project itself:
# test, coverage, no-tests, lint, format, type, syntax, compile, import, crash, usage (a tool called or set up wrongly),
# command (a script's own exit code), timeout (of one test or command), hook.
# From what the project asks for: dependency (no such version, or a conflict), lock (out of date or not matching).
# From around it: network, registry (5xx), rate-limit (429), memory, disk, secret (a secret or input that is not there),
# permission, runner (lost, or none with the labels), time-limit (of a job or step), billing, superseded (a newer run
# took its place), cancelled, workflow (its file is not valid), unknown.
Cause = Literal[
    "test",
    "coverage",
    "no-tests",
    "lint",
    "format",
    "type",
    "syntax",
    "compile",
    "import",
    "crash",
    "usage",
    "command",
    "timeout",
    "hook",
    "dependency",
    "lock",
    "network",
    "registry",
    "rate-limit",
    "memory",
    "disk",
    "secret",
    "permission",
    "runner",
    "time-limit",
    "billing",
    "superseded",
    "cancelled",
    "workflow",
    "unknown",
]
Source = Literal["log", "annotations", "output", "status"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a log: `number` counts from 1 in what was given, `text` has no timestamp, colour or marker."""

    number: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a tool points to. `path` is relative to the repository where that could be told; `line` 0 is all of it."""

    path: str
    line: int = 0
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One thing that failed. `name` is the test's or the rule's, `at` the index of its line among those that were read,
    `until` that of the last line that belongs to it. `path` and `line`: the innermost place inside the project;
    `also`: the others on the way there, outermost first.
    """

    message: str
    name: str = ""
    path: str = ""
    line: int = 0
    at: int = 0
    until: int = 0
    also: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one reader makes of the lines of one step. `certain` is False for what other tools print as well (a
    traceback, a shell's complaint): any other reading goes before it.
    """

    tool: str
    cause: Cause
    failures: tuple[Failure, ...]
    certain: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What stays the same when the same thing fails again: `key` for people, `digest` (16 hex digits) to compare."""

    digest: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as `GET /actions/jobs/{id}` tells of it; times have whole seconds, so neighbours overlap."""

    name: str
    conclusion: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job as the API tells of it; a `conclusion` of "" was not told."""

    name: str = ""
    conclusion: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One cause of red, in words of the tool that found it. All text is from outside: cleaned, not trusted.

    `jobs`: where it was found; more than one after `merge`. `command`: the failed step's script, "" for an action.
    `via`: what ran the tool (tox, pre-commit, docker). `key`: the one line to show. `lines`: those that matter, at most
    MAX_LINES. `places`: at most MAX_PLACES. `tests`: failing tests by name. `failed` of `ran` tests; None where the
    log does not tell. `is_whole` is False where the log was cut, so that there may be more.
    """

    source: Source
    cause: Cause
    signature: Signature
    jobs: tuple[str, ...] = ()
    step: str = ""
    command: str = ""
    tool: str = ""
    via: tuple[str, ...] = ()
    key: str = ""
    lines: tuple[Line, ...] = ()
    places: tuple[Place, ...] = ()
    tests: tuple[str, ...] = ()
    failed: int | None = None
    ran: int | None = None
    exit_code: int | None = None
    link: str = ""
    is_whole: bool = True


MAX_LINES = 40  # a screen: what a comment can show without being folded
MAX_PLACES = 50  # GitHub takes so many annotations in one call
