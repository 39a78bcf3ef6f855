"""Go: compiler, vet, tests, modules, gofmt. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, blocks, failure_at, line_reader, relative
from app.failures.records import Cause, Failure, Reading

_GO_FAIL = re.compile(r"\s{0,40}--- FAIL: (\S{1,300}) \([\d.]+s\)$")
_GO_SAID = re.compile(r"\s{2,40}([\w./-]{1,300}\.go):(\d{1,7}): ?(.*)$")
_GO_BUILD = re.compile(r"(?:vet: )?((?:[A-Za-z]:)?[^\s:]{1,300}\.go):(\d{1,7}):(?:\d{1,7}:)? (.*)$")
_GO_FRAME = re.compile(r"\s+(/[^\s:]{1,300}\.go|[A-Za-z]:[^\s:]{1,300}\.go):(\d{1,7})(?: \+0x[0-9a-f]+)?$")
_GO_MODULE = re.compile(
    r"(?:go: |verifying |\s)?.*(?:missing go\.sum entry|checksum mismatch|updates to go\.mod needed"
    r"|go\.mod file indicates go|inconsistent vendoring).*$"
)


def _go(lines: Sequence[str]) -> Reading | None:
    for read in (_go_panic, _go_tests, _go_build):
        if found := read(lines):
            return found
    return None


def _go_tests(lines: Sequence[str]) -> Reading | None:
    """Names stand before what the test said; with subtests only the innermost said something."""
    failures: list[Failure] = []
    heads = [(at, found[1]) for at, line in enumerate(lines) if (found := _GO_FAIL.match(line))]
    for at, name, block in blocks(lines, heads, len(lines), most=60):
        # With -v what was said stands before the verdict, below `=== RUN`.
        run = next(
            (n for n in range(at - 1, max(at - 60, -1), -1) if re.match(rf"=== RUN\s+{re.escape(name)}$", lines[n])),
            None,
        )
        own = (
            [(at + 1 + n, line) for n, line in enumerate(block)]
            if run is None
            else [(n, lines[n]) for n in range(run, at)]
        )
        said = [(n, found) for n, line in own if (found := _GO_SAID.match(line))]
        if said:
            n, found = said[0]
            failures.append(failure_at(found[3], [(found[1], found[2])], name=name, at=n, until=said[-1][0]))
        elif not any(other.startswith(f"{name}/") for _, other in heads):
            failures.append(Failure(message=f"--- FAIL: {name}", name=name, at=at, until=at))
    return Reading(tool="go", cause="test", failures=tuple(failures)) if failures else None


def _go_panic(lines: Sequence[str]) -> Reading | None:
    for at, line in enumerate(lines):
        if not line.startswith(("panic: ", "fatal error: ", "WARNING: DATA RACE")):
            continue
        frames = [(found[1], found[2]) for other in lines[at + 1 : at + 120] if (found := _GO_FRAME.match(other))]
        if not frames and "goroutine" not in "".join(lines[at + 1 : at + 12]):
            continue
        timed_out = "test timed out after" in line
        cause: Cause = "timeout" if timed_out else "crash"
        name = next((found[1] for other in lines[max(0, at - 4) : at] if (found := _GO_FAIL.match(other))), "")
        message = line.removesuffix(" [recovered]")
        own = _outermost(frames) if timed_out else frames[::-1]
        return Reading(tool="go", cause=cause, failures=(failure_at(message, own, name=name, at=at, until=at + 1),))
    return None


def _outermost(frames: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the dump of all goroutines, the test that was still waiting."""
    tests = [frame for frame in frames if frame[0].endswith("_test.go")]
    return tests[:1] or list(frames[::-1])


def _go_build(lines: Sequence[str]) -> Reading | None:
    failures: list[Failure] = []
    package, vet, missing = "", False, False
    for at, line in enumerate(lines):
        if line.startswith("# "):
            package = line[2:].split(" ")[0]
        if _GO_MODULE.match(line) and ("go.mod" in line or "go.sum" in line or "checksum" in line):
            place = _GO_BUILD.match(line)
            failure = Failure(
                message=line.strip()[:500],
                path=relative(place[1]) if place else "go.mod",
                line=int(place[2]) if place else 0,
                at=at,
                until=at,
            )
            return Reading(tool="go", cause="lock", failures=(failure,))
        if (found := _GO_BUILD.match(line)) and len(failures) < MAX_FAILURES:
            missing = missing or bool(
                re.search(r"is not in (?:GOROOT|std)|cannot find (?:package|module)|no required module provides", line)
            )
            vet = vet or line.startswith("vet: ")
            failures.append(Failure(message=found[3], path=relative(found[1]), line=int(found[2]), at=at, until=at))
    if not failures:
        return _go_fetch(lines)
    cause: Cause = "import" if missing else "compile"
    return Reading(tool="go", cause="lint" if vet or _is_vet(package, lines) else cause, failures=tuple(failures))


def _go_fetch(lines: Sequence[str]) -> Reading | None:
    """`go: module@version: Get "…": …`: what could not be had."""
    for at, line in enumerate(lines):
        if re.match(r"go: (?:downloading )?[^\s:]{1,200}@\S{1,100}: ", line):
            return Reading(
                tool="go", cause="dependency", failures=(Failure(message=line[4:], path="go.mod", at=at, until=at),)
            )
    return None


def _is_vet(package: str, lines: Sequence[str]) -> bool:
    """`go vet` prints as the compiler does; its words are of another kind."""
    words = (
        "Sprintf format",
        "Printf format",
        "struct field tag",
        "unreachable code",
        "composite literal uses",
        "passes lock by value",
        "self-assignment",
    )
    return bool(package) and any(word in line for line in lines for word in words)


READERS = (
    Reader(tool="go", signs=("--- FAIL", "panic: ", ".go:", "go: ", "DATA RACE"), read=_go),
    line_reader(
        "gofmt",
        ("format", r"(?P<path>[^\s:+-]{1,300}\.go)$"),
        ("format", r"diff (?:\S+ )?(?P<path>[^\s]{1,300}\.go)$"),
        signs=(".go",),
        certain=False,
    ),
)
