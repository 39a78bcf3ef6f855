"""Running one command so that it leaves a report (`take`), and weighing that against what it prints (`settle`).

What the tested code itself writes there while it runs cannot be told from the runner's: see `settle`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.errors import UserError
from app.failures.counts import Counts
from app.failures.printed import parse_counts, readable, unprefixed
from app.failures.summaries.javascript import node_starts
from app.failures.summaries.others import dotnet_starts
from app.failures.summaries.python import pytest_starts
from app.ports.sandbox import Execution, Sandbox
from app.reports import go
from app.reports.read import read
from app.reports.replayed import is_replayed
from app.reports.settle import heard, settled, together, with_starts
from app.reports.take import folder, found, shown, take, take_stream
from app.reports.ways import Way, way_of
from app.reports.xml import UnreadableReport

TEXT = "text"
_SETTINGS_BYTES = 256 * 1024  # of a project's manifest that is looked at
# The words of runners that do not know the option they are asked for; nothing was tested then.
_NOT_KNOWN = re.compile(
    rb"unrecognized arguments: --junit-xml|not allowed in NODE_OPTIONS|[Uu]n(?:known|recognized|expected) "
    rb"(?:CLI )?(?:option|argument|parameter|flag)|bad option"
)
_FORMATS = {"jest": "jest", "vitest": "jest"}  # where it is no JUnit
_STARTS: dict[str, Callable[[str], list[tuple[int, int]]]] = {
    "pytest": pytest_starts, "node": lambda text: node_starts(unprefixed(text)), "trx": dotnet_starts,
}  # fmt: skip
_TO_THE_END = re.compile(rb"^Done in .*$", re.MULTILINE)  # yarn's last word, whatever it did
_DIGEST = re.compile(rb"(?:(?<=\n)|^)([0-9a-f]{64})  -\n$")  # of what was printed, from a tool of ours


@dataclass(frozen=True, kw_only=True)
class Reported:
    """`source`: `junit`, `jest`, `text`; empty when there are no counts. `unread`: why a report that was asked for does
    not speak.
    """

    execution: Execution
    counts: Counts | None
    source: str = ""
    unread: str = ""


def run_reported(sandbox: Sandbox, command: str, *, timeout_seconds: float | None = None) -> Reported:
    """Run `command` and count its tests. Raises TransientError when the sandbox is closed meanwhile."""
    told = _run(sandbox, command, timeout_seconds)
    counts = told.counts
    if counts and not counts.failed + counts.errors and is_replayed(readable(told.execution.text)):
        return replace(told, counts=None, source="", unread="a cache replayed it")
    return told


def _run(sandbox: Sandbox, command: str, timeout_seconds: float | None) -> Reported:
    way = way_of(command, lambda path: _text(sandbox, path))
    if way is None:
        return _by_text(sandbox.run(command, timeout_seconds=timeout_seconds).by_itself())
    token = secrets.token_hex(16)
    done = sandbox.run(_prepared(way, token), timeout_seconds=timeout_seconds).by_itself()
    if way.streamed:
        return _streamed(sandbox, way, done, command, token)
    if done.killed_by:
        return _by_text(_cleaned(done, command, token), unread="it did not come to its end")
    if done.exit_code and _NOT_KNOWN.search(done.output) and _by_text(done).counts is None:
        plain = _by_text(sandbox.run(command, timeout_seconds=timeout_seconds).by_itself())
        return replace(plain, unread="the runner does not know the reporter")
    return _weighed(sandbox, way, _by_text(_cleaned(done, command, token)), token)


def _weighed(sandbox: Sandbox, way: Way, plain: Reported, token: str) -> Reported:
    """The report that was left, against what was printed."""
    try:
        files = take(sandbox, way, token)
        if way.named and not way.several and len(files) > 1:
            raise UnreadableReport("there are more than one start leaves")
        each = (
            [(kind, [content]) for kind, content in files] if way.named else [(way.kind, [file for _, file in files])]
        )
        reports = [read(kind, contents, sandbox.root) for kind, contents in each]
    except UnreadableReport as why:
        is_silent = way.announces and not _TO_THE_END.sub(b"", plain.execution.output).strip()
        return replace(plain, counts=Counts() if is_silent else plain.counts, unread=str(why))
    text = readable(plain.execution.text)
    said = _STARTS[way.kind](text) if way.named else []
    reports = heard(reports, said) if way.kind == "pytest" else reports
    counts = settled(together(reports), with_starts(plain.counts, said, len(reports)), speaks=way.speaks)
    if counts is None:
        return replace(plain, unread="nothing was printed beside it")
    if way.several and len(said) > len(reports):  # or a test printed a summary, too
        return replace(plain, counts=counts, unread="not each start left one")
    formats = {_FORMATS.get(kind, way.format) for kind, _ in each}
    return replace(plain, counts=counts, source=" and ".join(sorted(formats)))


def _streamed(sandbox: Sandbox, way: Way, done: Execution, command: str, token: str) -> Reported:
    """Where the report is what is printed, there is no second word to hold it against."""
    digest = _DIGEST.search(done.output)
    beside = done.output[: digest.start()] if digest else done.output
    events, size = shown(sandbox, token)
    text = beside + (go.printed(events) if way.kind == "go" else events)
    whole = replace(done, command=command, output=text, output_bytes=len(text) + size - len(events))
    plain = _by_text(whole)
    try:
        now, report = take_stream(sandbox, token)
        if done.killed_by or digest is None:
            raise UnreadableReport("it did not come to its end")
        if digest[1] != now:
            raise UnreadableReport("it was written over")
    except UnreadableReport as why:  # nor is it known then what was printed
        return replace(plain, counts=None, source="", unread=str(why))
    try:
        return replace(plain, counts=read(way.kind, [beside, report], sandbox.root), source=way.format)
    except UnreadableReport as why:
        return replace(plain, unread=str(why))


def _by_text(done: Execution, *, unread: str = "") -> Reported:
    counts = parse_counts(done.text, whole=done.output_bytes <= len(done.output))
    return Reported(execution=done, counts=counts, source=TEXT if counts else "", unread=unread)


def _prepared(way: Way, token: str) -> str:
    """All on one line: shells number the lines of a command in their messages."""
    parts = [f"lamplighter_report={folder(token)}", 'mkdir -m 700 "$lamplighter_report"', way.before]
    parts += [f"{found(way)} -delete"] * bool(way.patterns)
    return "; ".join([*filter(None, parts), way.command])


def _cleaned(done: Execution, command: str, token: str) -> Execution:
    """Without the lines in which runners say where they wrote it: no two executions would print the same."""
    output = re.sub(rb"[^\n]*" + token.encode() + rb"[^\n]*\n?", b"", done.output)
    return replace(
        done, command=command, output=output, output_bytes=done.output_bytes - len(done.output) + len(output)
    )


def _text(sandbox: Sandbox, path: str) -> str:
    try:
        return sandbox.read_file(path)[:_SETTINGS_BYTES].decode("utf-8", "replace")
    except (UserError, OSError):
        return ""
