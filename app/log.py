"""Structured log lines and the one place where secrets are taken out of text.

Standard library only: the door imports this.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

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


class Redactor:
    """Masks held secrets (exact values) and anything shaped like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._held: set[str] = set()
        for secret in secrets:
            self.hold(secret)

    def hold(self, secret: str) -> None:
        """Mask `secret` from now on. Values under 8 characters are ignored: masking them would shred plain text."""
        if len(secret.strip()) >= 8:
            self._held.add(secret.strip())

    def text(self, text: str) -> str:
        for secret in sorted(self._held, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return _SHAPES.sub(MASK, text)

    def data(self, value: Any) -> Any:
        """A copy of JSON-shaped `value` with every string (keys too) redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value


class _JsonLines(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "action": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(self._redactor.data(line), default=str, ensure_ascii=True)


_logger = logging.getLogger("lamplighter")


def configure(redactor: Redactor, *, level: str = "INFO") -> None:
    """Send log lines as JSON to standard error. ASCII only, so that text from outside cannot forge a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(redactor))
    _logger.handlers[:] = [handler]
    _logger.setLevel(level)
    _logger.propagate = False


def event(action: str, /, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """One log line; `action` is a fixed dotted name (`receive.accepted`), everything variable goes into `fields`."""
    _logger.log(level, action, extra={"fields": fields}, exc_info=error)
