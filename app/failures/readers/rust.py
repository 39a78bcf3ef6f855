"""Rust: cargo, rustc, clippy, rustfmt. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, failure_at, line_reader, relative
from app.failures.records import Failure, Reading

_RUSTC = re.compile(r"(error|warning)(?:\[(E\d{4})\])?: (.*)$")
_ARROW = re.compile(r"\s{1,12}--> ([^\s:]{1,300}):(\d{1,7}):\d{1,7}$")
_THREAD = re.compile(r"thread '(.{1,200}?)' (?:\(\d+\) )?panicked at (?:'(.*)', )?([^\s:]{1,300}):(\d{1,7}):\d{1,7}:?$")
_FETCH = re.compile(
    r"error: (?:failed to (?:get|load source|select a version|download|fetch|query|update)|no matching package"
    r"|package .{1,80} cannot be built).*$"
)
_LOCKED = re.compile(
    r"error: .*(?:lock file .*(?:--locked|needs to be updated)|cannot create the lock file"
    r"|cannot update the lock file).*$"
)


def _cargo(lines: Sequence[str]) -> Reading | None:
    for at, line in enumerate(lines):
        if _LOCKED.match(line):
            return Reading(
                tool="cargo", cause="lock", failures=(Failure(message=line, path="Cargo.lock", at=at, until=at),)
            )
        if _FETCH.match(line):
            return Reading(
                tool="cargo", cause="dependency", failures=(Failure(message=line, path="Cargo.toml", at=at, until=at),)
            )
    if errors := _rustc(lines):
        lint = any("#[deny(" in line or "`-D " in line or "clippy::" in line for line in lines)
        by_cargo = any(
            re.match(r"(?:error|warning): .*could not compile `|\s+(?:Compiling|Checking) ", line) for line in lines
        )
        coded = any(failure.name for failure in errors)
        return Reading(
            tool="cargo" if by_cargo else "rustc",
            cause="lint" if lint and not coded else "compile",
            failures=tuple(errors),
        )
    panics = [_panic(lines, at, found) for at, line in enumerate(lines) if (found := _THREAD.match(line))][
        :MAX_FAILURES
    ]
    failed = _failed_names(lines)
    if any(line.startswith("test result: FAILED") for line in lines):
        named = [failure for failure in panics if failure.name in failed]
        unsaid = [
            Failure(message="failed", name=name)
            for name in sorted(failed - {f.name for f in panics})
            if "::" in name and " " not in name
        ]
        every = named + unsaid
        return Reading(tool="cargo", cause="test", failures=tuple(every or panics)) if every or panics else None
    return Reading(tool="cargo", cause="crash", failures=tuple(panics)) if panics else None


def _failed_names(lines: Sequence[str]) -> set[str]:
    """`test x ... FAILED`, and the indented list below `failures:`; with -q there is only that."""
    names: set[str] = set()
    listed = False
    for line in lines:
        if found := re.match(r"test (.{1,300}?) \.\.\. FAILED$", line):
            names.add(found[1])
        listed = line == "failures:" or (listed and (not line or line.startswith("    ")))
        if listed and line.startswith("    ") and " " not in line.strip():
            names.add(line.strip())
    return names


def _rustc(lines: Sequence[str]) -> list[Failure]:
    failures: list[Failure] = []
    for at, line in enumerate(lines):
        head = _RUSTC.match(line)
        if not head or head[1] != "error":
            continue
        arrow = next((found for other in lines[at + 1 : at + 6] if (found := _ARROW.match(other))), None)
        if arrow and len(failures) < MAX_FAILURES:
            failures.append(
                Failure(
                    message=head[3],
                    name=head[2] or "",
                    path=relative(arrow[1]),
                    line=int(arrow[2]),
                    at=at,
                    until=at + 1,
                )
            )
    return failures


def _panic(lines: Sequence[str], at: int, found: re.Match[str]) -> Failure:
    """Since Rust 1.73 the message stands on the lines below."""
    message = found[2] or next((line for line in lines[at + 1 : at + 2] if line), "panicked")
    below = [line.strip() for line in lines[at + 2 : at + 4] if re.match(r"\s+(?:left|right): ", line)]
    return failure_at(
        " ".join([message, *below]),
        [(found[3], found[4])],
        name="" if found[1] == "main" else found[1],
        at=at,
        until=at + 1 + len(below),
    )


READERS = (
    Reader(tool="cargo", signs=("error[", "error: ", "panicked at", "test result: FAILED"), read=_cargo),
    line_reader(
        "rustfmt",
        ("format", r"Diff in (?P<path>[^\s:]{1,300}\.rs)(?::| at line )(?P<line>\d+):?$"),
        signs=("Diff in ",),
    ),
)
