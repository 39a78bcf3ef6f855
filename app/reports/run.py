"""Running one command so that it leaves a report (`take`), and weighing that against what it prints (`settle`).

What the tested code itself writes there while it runs cannot be told from the runner's: see `settle`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

from app.errors import UserError
from app.failures.counts import Counts
from app.failures.printed import parse_counts, readable
from app.failures.summaries.python import pytest, pytest_starts
from app.ports.sandbox import Execution, Sandbox
from app.reports import go
from app.reports.read import read
from app.reports.settle import heard, settled, together
from app.reports.take import folder, found, kept, shown, take, take_stream
from app.reports.ways import Way, way_of
from app.reports.xml import UnreadableReport

TEXT = "text"
_SETTINGS_BYTES = 256 * 1024  # of a project's manifest that is looked at
# The words of runners that do not know the option they are asked for; nothing was tested then.
_NOT_KNOWN = re.compile(
    rb"unrecognized arguments: --junit-xml|not allowed in NODE_OPTIONS|[Uu]n(?:known|recognized|expected) "
    rb"(?:CLI )?(?:option|argument|parameter|flag)|bad option"
)
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
    """Run `command` and count its tests."""
    way = way_of(command, lambda path: _text(sandbox, path))
    if way is None:
        return _by_text(sandbox.run(command, timeout_seconds=timeout_seconds))
    token = secrets.token_hex(16)
    done = sandbox.run(_prepared(way, token), timeout_seconds=timeout_seconds)
    if way.streamed:
        return _streamed(sandbox, way, done, command, token)
    if done.killed_by:
        return _by_text(_cleaned(done, command, token), unread="it did not come to its end")
    if done.exit_code and _NOT_KNOWN.search(done.output) and _by_text(done).counts is None:
        plain = _by_text(sandbox.run(command, timeout_seconds=timeout_seconds))
        return replace(plain, unread="the runner does not know the reporter")
    plain = _by_text(_cleaned(done, command, token))
    try:
        files = take(sandbox, way, token)
        starts = [[file] for file in files] if way.several else [files]
        reports = [read(way.kind, start, sandbox.root) for start in starts]
    except UnreadableReport as why:
        return replace(plain, unread=str(why))
    reports = heard(reports, pytest_starts(readable(plain.execution.text)))
    text = plain.counts if len(reports) == 1 else pytest(readable(plain.execution.text), starts=len(reports))
    counts = settled(together(reports), text, speaks=way.speaks)
    if counts is None:
        return replace(plain, unread="nothing was printed beside it")
    return replace(plain, counts=counts, source=way.format)


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
        return replace(plain, counts=read(way.kind, [beside, report], sandbox.root), source=way.format)
    except UnreadableReport as why:
        return replace(plain, unread=str(why))


def _by_text(done: Execution, *, unread: str = "") -> Reported:
    counts = parse_counts(done.text, whole=done.output_bytes <= len(done.output))
    return Reported(execution=done, counts=counts, source=TEXT if counts else "", unread=unread)


def _prepared(way: Way, token: str) -> str:
    """All on one line: shells number the lines of a command in their messages."""
    parts = [f"lamplighter_report={folder(token)}", 'mkdir -m 700 "$lamplighter_report"', kept(way), way.before]
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
