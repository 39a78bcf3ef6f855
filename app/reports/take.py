"""Taking a report out of the sandbox, once, after everything that the command had started is gone.

It goes to a folder outside the tree whose name is drawn for one execution, and which is made right before it: nothing
that ran earlier can have written there. What the build tools of Java write is removed from the tree first.
"""

from __future__ import annotations

import base64
import binascii
import shlex
import zlib

from app.ports.sandbox import Sandbox
from app.reports.ways import REPORT, Way
from app.reports.xml import MAX_BYTES, UnreadableReport

_SECONDS = 60.0
_PATH = "PATH=/usr/bin:/bin"


def folder(token: str) -> str:
    """As the shell sees it."""
    return f'"${{TMPDIR:-/tmp}}/lamplighter-{token}"'


def found(way: Way) -> str:
    """The command that finds its files in the tree."""
    names = " -o ".join(f"-path {shlex.quote(pattern)}" for pattern in way.patterns)
    return f"find . -type f \\( {names} \\)"


def take(sandbox: Sandbox, way: Way, token: str) -> list[tuple[str, bytes]]:
    """The files of the report, each with its reader's kind. Raises UnreadableReport: none was written, it is too large,
    or cannot be read.
    """
    if way.named:
        is_file = '[ -f "$f" ] && [ ! -L "$f" ]'
        each = f'for f in *{REPORT}-* *.trx; do {is_file} && echo "$f" && cat "$f" && printf "\\0"; done; true'
        files = _taken(sandbox, f"cd {folder(token)} 2>/dev/null && {{ {each}; }}", token)
        return [(_kind(name), content) for name, _, content in (file.partition(b"\n") for file in files)]
    one = f"cd {folder(token)} 2>/dev/null && {{ [ -f {REPORT} ] && [ ! -L {REPORT} ] && cat {REPORT}; }}"
    many = f'{found(way)} -exec sh -c \'for f; do cat "$f"; printf "\\0"; done\' - {{}} +'
    return [(way.kind, file) for file in _taken(sandbox, many if way.patterns else one, token)]


def _kind(name: bytes) -> str:
    """Of `1001-report-pytest-py311`, or of what .NET names itself."""
    if name.endswith(b".trx"):
        return "trx"
    return name.decode("utf-8", "replace").partition(f"{REPORT}-")[2].partition("-")[0]


def take_stream(sandbox: Sandbox, token: str) -> tuple[bytes, bytes]:
    """The digest of what was printed, and that without what tests printed. Raises UnreadableReport."""
    parts = f"sha256sum <{REPORT}; printf '\\0'; grep -v '\"Action\":\"output\"' {REPORT}"
    digest, *events = _taken(sandbox, f"cd {folder(token)} 2>/dev/null && [ -f {REPORT} ] && {{ {parts}; }}", token)
    return digest.split()[0], b"".join(events)  # none where nothing was printed


def shown(sandbox: Sandbox, token: str) -> tuple[bytes, int]:
    """Head and tail of what was printed to the report's place, and how many bytes that was."""
    done = sandbox.run(f"{_PATH}; cat {folder(token)}/{REPORT}", timeout_seconds=_SECONDS).by_itself()
    return (done.output, done.output_bytes) if done.ok else (b"", 0)


def _taken(sandbox: Sandbox, content: str, token: str) -> list[bytes]:
    packed = f"{{ {content}; }} | head -c {MAX_BYTES + 1} | gzip -c | base64 -w 0"
    taken = sandbox.run(f"{_PATH}; {packed}; rm -rf {folder(token)}", timeout_seconds=_SECONDS).by_itself()
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
