"""Structured log lines and the one place where secrets are taken out of text.

Standard library only, and little of it: the door imports this, and `logging` alone costs a quarter of a cold start.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

MASK = "[redacted]"

# Shapes of credentials, for those whose exact value this process does not hold. Sources: GitHub's token formats
# (ghp_, gho_, ghu_, ghs_, ghr_, github_pat_; installation tokens carry a JWT since 2026), Anthropic's key prefix,
# AWS access key ids, PEM blocks.
_SHAPES = re.compile(
    r"gh[a-z]_[A-Za-z0-9._-]{20,}"
    r"|github_pat_[A-Za-z0-9_]{20,}"
    r"|sk-ant-[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_SHORTEST_SHAPE = 20  # characters: an AWS access key id
_HINTS = re.compile("gh[a-z]_|github_pat_|sk-ant-|AKIA|ASIA|PRIVATE KEY")  # in all of them, whatever stands before it

_MOST_HELD = 1_000
_SHORTEST_HELD = 8


class Redactor:
    """Masks held secrets (exact values) and anything shaped like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._held: dict[str, None] = {}  # in order of arrival
        self._longest_first: list[str] = []
        self._in_json: list[str] = []
        for secret in secrets:
            self.hold(secret)

    def hold(self, secret: str) -> None:
        """Mask `secret` from now on. Values under 8 characters are ignored: masking them would shred plain text."""
        secret = secret.strip()
        if len(secret) >= _SHORTEST_HELD and secret not in self._held:
            self._held[secret] = None
            if len(self._held) > _MOST_HELD:  # tokens live for an hour: the oldest of so many is long dead
                self._held.pop(next(iter(self._held)))
            self._longest_first = sorted(self._held, key=len, reverse=True)
            self._in_json = [json.dumps(held)[1:-1] for held in self._longest_first]

    def text(self, text: str) -> str:
        if len(text) < _SHORTEST_HELD:  # most of a log line is
            return text
        for secret in self._longest_first:
            text = text.replace(secret, MASK)
        return text if len(text) < _SHORTEST_SHAPE else _SHAPES.sub(MASK, text)

    def data(self, value: Any) -> Any:
        """A copy of JSON-shaped `value` with every string (keys too) redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value

    def line(self, data: Mapping[str, Any]) -> str:
        """`data` as redacted JSON on one line, in ASCII so that text from outside cannot forge another line.

        Most lines hold nothing to mask, and one look at the whole finds that out.
        """
        text = _ENCODE(data)
        if _HINTS.search(text) or any(held in text for held in self._in_json):
            text = _ENCODE(self.data(json.loads(text)))
        return text


_ENCODE = json.JSONEncoder(default=str).encode  # `json.dumps` would make an encoder for every line
INFO, WARNING, ERROR = 20, 30, 40  # as `logging` numbers them
_NAMES = {INFO: "info", WARNING: "warning", ERROR: "error"}

Line = dict[str, Any]
_sinks: list[Callable[[Line], None]] = []


def configure(redactor: Redactor, *, stream: TextIO | None = None) -> None:
    """Send log lines as JSON to `stream` (standard error when None), redacted."""
    send_to(lambda line: print(redactor.line(line), file=stream or sys.stderr, flush=True))


def send_to(*sinks: Callable[[Line], None]) -> None:
    """Hand every line to `sinks` and to nobody else; what they show has to be redacted."""
    _sinks[:] = sinks


def also_to(sink: Callable[[Line], None]) -> None:
    """Hand every line to `sink` too."""
    _sinks.append(sink)


@contextmanager
def captured() -> Iterator[list[Line]]:
    """The lines logged during the block, as they are, besides going where they go."""
    lines: list[Line] = []
    _sinks.append(lines.append)
    try:
        yield lines
    finally:
        _sinks.remove(lines.append)


def event(action: str, /, *, level: int = INFO, error: BaseException | None = None, **fields: Any) -> None:
    """One log line; `action` is a fixed dotted name (`receive.accepted`), everything variable goes into `fields`."""
    if not _sinks:
        return
    line: Line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": _NAMES[level], "action": action}
    line |= fields
    if error is not None:
        line["error"] = _told(error)
    for sink in list(_sinks):
        sink(line)


def _told(error: BaseException) -> str:
    import traceback  # noqa: PLC0415 - a cold start that goes well has no use for it

    return "".join(traceback.format_exception(error)).rstrip()
