"""A command that runs nothing: whatever it is called, it is no test. Pure."""

from __future__ import annotations

import re

_PART = r"(?:(?:echo|printf)\b[^&|;]*|true|:|exit(?: \d+)?|)"
_IDLE = re.compile(rf"{_PART}(?:\s*(?:&&|\|\||;)\s*{_PART})*")


def is_idle(command: str) -> bool:
    """Whether all of it only prints and ends. `echo "Error: no test specified" && exit 1` is npm's own."""
    return bool(_IDLE.fullmatch(command.strip()))
