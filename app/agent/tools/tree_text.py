"""Files of the tree as the model reads and writes them: paths below the tree, text with its bytes kept, its lines.

Bytes that are not touched stay as they are: line ends, byte order mark and encoding survive. Text is decoded with
`surrogateescape`, so a file that is not UTF-8 goes through unchanged; a file with NUL bytes is binary and refused.
"""

from __future__ import annotations

import posixpath
import shlex

from app.errors import UserError
from app.ports.sandbox import Sandbox

BOM = "\ufeff"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class EditError(Exception):
    """What the model did wrong, in words it can act on."""


def relative(path: str, root: str) -> str:
    """`path` below the tree with "/" and without ".."; "." is the tree itself. Raises EditError."""
    if "\0" in path or not path.strip():
        raise EditError("path is empty" if not path.strip() else "path holds a NUL character")
    root = root.rstrip("/")
    clean = posixpath.normpath(path)
    if clean.startswith("/"):
        if clean == root:
            return "."
        if not clean.startswith(root + "/"):
            raise EditError(f"{path} is outside the work tree {root}; use bash to read files elsewhere")
        clean = clean[len(root) + 1 :]
    if clean == ".." or clean.startswith("../"):
        raise EditError(f"{path} is outside the work tree {root}")
    return clean


def load(sandbox: Sandbox, path: str) -> str:
    """The text of a file. Raises EditError: there is none, it is no text, it is too big."""
    try:
        data = sandbox.read_file(path)
    except UserError as error:
        raise EditError(str(error)) from error
    if b"\0" in data:
        raise EditError(_binary(path, data))
    return data.decode("utf-8", "surrogateescape")


def _binary(path: str, data: bytes) -> str:
    if data.startswith(_UTF16):
        return (
            f"{path} is UTF-16 text ({len(data):,} bytes), which the editor does not read; use bash: "
            f"iconv -f UTF-16 -t UTF-8 {shlex.quote(path)}"
        )
    return (
        f"{path} is a binary file ({len(data):,} bytes); the editor works on text only. Use bash to look into it "
        "(file, xxd, strings)"
    )


def save(sandbox: Sandbox, path: str, text: str) -> None:
    """Raises EditError."""
    try:
        sandbox.write_file(path, text.encode("utf-8", "surrogateescape"))
    except UserError as error:
        raise EditError(str(error)) from error
    except UnicodeEncodeError as error:
        raise EditError("the text holds a lone surrogate, which no file can hold") from error


def readable(text: str) -> str:
    """`text` with every byte that is not UTF-8 as a replacement character."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def lines_of(text: str) -> list[str]:
    """The lines as the model sees them, as `cat -n` counts them: without carriage returns and byte order mark."""
    lines = readable(text.removeprefix(BOM).replace("\r\n", "\n")).split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    return lines
