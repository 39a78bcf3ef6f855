"""A file that a person names: read whole, but never without an end, and what is wrong with it is one line."""

from __future__ import annotations

import sys
from pathlib import Path

from app.errors import UserError


def content_of(path: Path, most_bytes: int) -> bytes:
    """The bytes of `path`; `-` is standard input. Raises UserError when it cannot be read or is longer than
    `most_bytes`, as a device that never ends would be.
    """
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(most_bytes + 1)
        else:
            with path.open("rb") as file:
                content = file.read(most_bytes + 1)
    except OSError as error:
        raise UserError(f"`{path}` cannot be read: {error.strerror}.") from None
    if len(content) > most_bytes:
        raise UserError(f"`{path}` is longer than the {most_bytes:,} bytes that are read.")
    return content
