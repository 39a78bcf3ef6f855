"""The issue file of a local run: Markdown whose first line is the title."""

from __future__ import annotations

from pathlib import Path

from app.cli.given_file import content_of
from app.errors import UserError

MAX_BYTES = 256 * 1024  # four times what GitHub takes; more is a log or a mistake, and would be paid for by the token


def read(path: Path) -> tuple[str, str]:
    """Title and body. Raises UserError for a file that is missing, empty, binary or huge."""
    try:
        size = path.stat().st_size
        if not path.is_file() and not path.is_fifo():
            raise UserError(f"`{path}` is not a file.")
        if size > MAX_BYTES:
            raise UserError(f"`{path}` has {size:,} bytes; an issue may have {MAX_BYTES:,}.")
    except OSError as error:
        raise UserError(f"`{path}` cannot be read: {error.strerror}.") from None
    content = content_of(path, MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"`{path}` is not UTF-8 text.") from None
    if "\0" in text:
        raise UserError(f"`{path}` is a binary file.")
    first, _, body = text.strip().partition("\n")
    title = first.lstrip("#").strip()
    if not title:
        raise UserError(f"`{path}` is empty; its first line is the title of the issue.")
    return title[:256], body.strip()
