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
PEM_HEADER = r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
# A header and some of a key behind it, cut or whole, on lines or in one string. A header alone, as code that reads
# keys holds it, is no secret; and what stands behind a key that was cut is left alone.
_BREAK = r"(?:[\s\"',()]|\\[nrt])"
_BASE64 = r"[A-Za-z0-9+/=]"
PEM_KEY = (
    rf"|{PEM_HEADER}{_BREAK}{{0,40}}(?:(?:Proc-Type|DEK-Info):[^\n\\]{{0,100}}{_BREAK}{{1,40}}){{0,4}}"
    rf"{_BASE64}{{16,}}(?:{_BREAK}{{1,40}}{_BASE64}{{16,}})*"
    rf"(?:{_BREAK}{{0,40}}{_BASE64}{{0,64}}{_BREAK}{{0,40}}-----END [A-Z ]{{0,40}}PRIVATE KEY-----)?"
)
_SHAPES = re.compile(
    r"gh[a-z]_[A-Za-z0-9._-]{20,}"
    r"|github_pat_[A-Za-z0-9_]{20,}"
    r"|sk-ant-[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b" + PEM_KEY
)
_SHORTEST_SHAPE = 20  # characters: an AWS access key id
_HINTS = re.compile("gh[a-z]_|github_pat_|sk-ant-|AKIA|ASIA|PRIVATE KEY")  # in all of them, whatever stands before it

_MOST_EXPIRING = 1_000  # tokens; they live for an hour, so the oldest of so many is long dead
_SHORTEST_HELD = 8


class Redactor:
    """Masks held secrets (exact values) and anything shaped like a credential.

    `text`, `data` and `line` are for what people read. What is stored exactly is asked about with `holds`, and may
    only lose held values (`without_held`).
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._held: set[str] = set()  # indefinitely
        self._expiring: dict[str, None] = {}  # in order of arrival
        self._longest_first: list[str] = []
        self._in_json: list[str] = []
        for secret in secrets:
            self.hold(secret)

    def hold(self, secret: str, *, expires: bool = False) -> None:
        """Mask `secret` from now on: indefinitely, or, where it `expires` by itself, until a thousand others have come.

        Values under 8 characters are ignored: masking them would shred plain text.
        """
        secret = secret.strip()
        if len(secret) < _SHORTEST_HELD or secret in self._held or (expires and secret in self._expiring):
            return
        if expires:
            self._expiring[secret] = None
            if len(self._expiring) > _MOST_EXPIRING:
                self._expiring.pop(next(iter(self._expiring)))
        else:
            self._held.add(secret)
        self._longest_first = sorted({*self._held, *self._expiring}, key=len, reverse=True)
        self._in_json = [json.dumps(held)[1:-1] for held in self._longest_first]

    def text(self, text: str) -> str:
        text = self._without_held(text)
        return text if len(text) < _SHORTEST_SHAPE else _SHAPES.sub(MASK, text)

    def data(self, value: Any) -> Any:
        """A copy of JSON-shaped `value` with every string (keys too) redacted."""
        return _mapped(value, self.text)

    def without_held(self, value: Any) -> Any:
        """A copy of JSON-shaped `value` without the secrets held; what is only shaped like one stays."""
        return _mapped(value, self._without_held)

    def holds(self, value: Any) -> bool:
        """Whether any string in JSON-shaped `value` contains a secret held."""
        if not self._longest_first:
            return False
        text = _ENCODE(value)
        return any(held in text for held in self._in_json)

    def _without_held(self, text: str) -> str:
        if len(text) < _SHORTEST_HELD:  # most of a log line is
            return text
        for secret in self._longest_first:
            text = text.replace(secret, MASK)
        return text

    def line(self, data: Mapping[str, Any]) -> str:
        """`data` as redacted JSON on one line, in ASCII so that text from outside cannot forge another line.

        Most lines hold nothing to mask, and one look at the whole finds that out.
        """
        text = _ENCODE(data)
        if _HINTS.search(text) or any(held in text for held in self._in_json):
            text = _ENCODE(self.data(json.loads(text)))
        return text


def _mapped(value: Any, do: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return do(value)
    if isinstance(value, dict):
        return {do(str(key)): _mapped(item, do) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, do) for item in value]
    return value


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
