"""Running one command so that it leaves a report, and taking that report once.

The report goes to a folder outside the tree whose name is drawn for this one execution, and which is made right before
it: nothing that ran earlier can have written there. What the build tools of Java write is removed from the tree first.
It is taken by a command of our own after everything that the command had started is gone, and removed with its folder.
What the tested code itself writes there while it runs cannot be told from the runner's: see `settle`.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import shlex
import zlib
from dataclasses import dataclass, replace

from app.errors import UserError
from app.failures.counts import Counts
from app.failures.printed import parse_counts
from app.ports.sandbox import Execution, Sandbox
from app.reports.read import read
from app.reports.settle import settled
from app.reports.ways import REPORT, Way, way_of
from app.reports.xml import MAX_BYTES, UnreadableReport

TEXT = "text"
_TAKING_SECONDS = 60.0
_SETTINGS_BYTES = 256 * 1024  # of a project's manifest that is looked at
# The words of runners that do not know the option they are asked for; nothing was tested then.
_NOT_KNOWN = re.compile(
    rb"unrecognized arguments: --junit-xml|not allowed in NODE_OPTIONS|[Uu]n(?:known|recognized|expected) "
    rb"(?:CLI )?(?:option|argument|parameter|flag)|bad option"
)


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
    if done.killed_by:
        return _by_text(_cleaned(done, command, token), unread="it did not come to its end")
    if done.exit_code and _NOT_KNOWN.search(done.output) and _by_text(done).counts is None:
        plain = _by_text(sandbox.run(command, timeout_seconds=timeout_seconds))
        return replace(plain, unread="the runner does not know the reporter")
    plain = _by_text(_cleaned(done, command, token))
    try:
        report = read(way.kind, _take(sandbox, way, token), sandbox.root)
    except UnreadableReport as why:
        return replace(plain, unread=str(why))
    counts = settled(report, plain.counts, speaks=way.speaks)
    if counts is None:
        return replace(plain, unread="nothing was printed beside it")
    return replace(plain, counts=counts, source=way.format)


def _by_text(done: Execution, *, unread: str = "") -> Reported:
    counts = parse_counts(done.text, whole=done.output_bytes <= len(done.output))
    return Reported(execution=done, counts=counts, source=TEXT if counts else "", unread=unread)


def _folder(token: str) -> str:
    return f'"${{TMPDIR:-/tmp}}/lamplighter-{token}"'


def _prepared(way: Way, token: str) -> str:
    """All on one line: shells number the lines of a command in their messages."""
    parts = [f"lamplighter_report={_folder(token)}", 'mkdir -m 700 "$lamplighter_report"', way.before]
    parts += [f"{_found(way)} -delete"] * bool(way.patterns)
    return "; ".join([*filter(None, parts), way.command])


def _found(way: Way) -> str:
    names = " -o ".join(f"-path {shlex.quote(pattern)}" for pattern in way.patterns)
    return f"find . -type f \\( {names} \\)"


def _take(sandbox: Sandbox, way: Way, token: str) -> list[bytes]:
    """The files of the report. Raises UnreadableReport."""
    one = f"[ -f {REPORT} ] && [ ! -L {REPORT} ] && cat {REPORT}"
    every = f'{_found(way)} -exec sh -c \'for f; do cat "$f"; printf "\\\\0"; done\' - {{}} +'
    content = every if way.patterns else f"cd {_folder(token)} 2>/dev/null && {{ {one}; }}"
    packed = f"{{ {content}; }} | head -c {MAX_BYTES + 1} | gzip -c | base64 -w 0"
    command = f"PATH=/usr/bin:/bin; {packed}; rm -rf {_folder(token)}"
    taken = sandbox.run(command, timeout_seconds=_TAKING_SECONDS)
    if not taken.ok or taken.output_bytes > len(taken.output):
        raise UnreadableReport("it is too large" if taken.ok else "it could not be read")
    files = [part for part in _unpacked(taken.output).split(b"\0") if part]
    if not files:
        raise UnreadableReport("none was written")
    return files


def _unpacked(packed: bytes) -> bytes:
    try:
        unpacking = zlib.decompressobj(wbits=31)
        content = unpacking.decompress(base64.b64decode(packed, validate=True), MAX_BYTES + 2)
    except (binascii.Error, zlib.error) as error:
        raise UnreadableReport("it could not be read") from error
    if len(content) > MAX_BYTES:
        raise UnreadableReport("it is too large")
    return content


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
