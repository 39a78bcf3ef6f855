"""What code says told from what it does: files that say something else and do the same. Pure.

    reworded("calc.py", new)             # as with the change, and with comments more
    in_words_only("calc.py", old, new)   # does what it did before the change, and says what it says with it
    is_document("README.md")             # nothing but words

Both are None where nobody knows what a comment is.
"""

from __future__ import annotations

import re

from app.mutants import python_wording
from app.mutants.code import TEXT, masked
from app.mutants.comments import ending_of, sign_of
from app.mutants.languages import LANGUAGES

REWORDED = "one comment more, to see whether a test goes by the text alone"
_DOCUMENTS = (".md", ".rst", ".adoc")
_PYTHON = frozenset({"py", "pyw"})
_NESTING = frozenset({"rs", "swift", "kt", "kts", "scala", "dart"})  # a comment in a comment ends by itself
_BEHIND_THE_CODE = re.compile(rb"^__(?:END|DATA)__[ \t]*$", re.MULTILINE)  # of Ruby and Perl: read as data
_MEANS_MORE = re.compile(r"#!|//go:|//\s*\+build")  # a line that is no comment, or one that a tool reads whole
_MAX_BYTES = 1_000_000  # of what is looked into for the end of its first line


def reworded(path: str, content: bytes) -> bytes | None:
    """A test of how the text begins, of how it ends, or of all of it has another one."""
    ending = ending_of(path, content)
    if (sign := sign_of(ending)) is None:
        return None
    if ending in _PYTHON:
        return _ended(python_wording.commented(content)) + f"# {REWORDED}\n".encode()
    code, data = _parted(ending, content)
    comment = f"{sign} {REWORDED}\n".encode()
    if ending == "php" and _is_outside_of_php(code):
        return code + b"<?php " + comment
    begins = _commented_first(code, ending) if ending in LANGUAGES else _after_shebang(code, comment)
    return _ended(begins) + comment + data


def in_words_only(path: str, old: bytes, new: bytes) -> bytes | None:
    if is_document(path):
        return new
    ending = ending_of(path, new) or ending_of(path, old)
    if (sign := sign_of(ending)) is None:
        return None
    if ending in _PYTHON:
        return python_wording.in_words_only(old, new)
    try:
        codec = "utf-8"
        text = new.decode(codec)
    except UnicodeDecodeError:
        codec = "latin-1"
        text = new.decode(codec)
    code, data = _parted(ending, old)
    words = _comment(text, sign, ending).encode(codec)
    if ending == "php" and _is_outside_of_php(code):
        return code + b"<?php " + words
    return _ended(code) + words + data


def is_document(path: str) -> bool:
    return path.endswith(_DOCUMENTS)


def _parted(ending: str, content: bytes) -> tuple[bytes, bytes]:
    """The code, and what stands behind its end."""
    end = _BEHIND_THE_CODE.search(content) if ending in {"rb", "rake", "pl", "pm"} else None
    return (content[: end.start()], content[end.start() :]) if end else (content, b"")


def _is_outside_of_php(content: bytes) -> bool:
    return content.rfind(b"?>") > content.rfind(b"<?")


def _ended(content: bytes) -> bytes:
    """So that what comes next stands in a line of its own, whatever the last one says of its end."""
    if content.rstrip(b"\n").endswith(b"\\"):
        return content.rstrip(b"\n") + b"\n\n"
    return content if not content or content.endswith(b"\n") else content + b"\n"


def _commented_first(content: bytes, ending: str) -> bytes:
    """The first line keeps its number, and so do the others."""
    try:
        text = content[:_MAX_BYTES].decode()
    except UnicodeDecodeError:
        return content
    mask = masked(text, LANGUAGES[ending])
    begins = 0
    while (end := text.find("\n", begins)) >= 0:
        line = text[begins:end]
        if mask[end] != TEXT and line.strip() and not line.endswith("\\") and not _MEANS_MORE.match(line.strip()):
            at = len(text[:end].encode())
            return content[:at] + f" // {REWORDED}".encode() + content[at:]
        begins = end + 1
    return content


def _after_shebang(content: bytes, comment: bytes) -> bytes:
    first, newline, rest = content.partition(b"\n")
    if not first.startswith(b"#!"):
        return content if b"coding" in first else comment + content
    return first + newline + comment + rest if newline else content


def _comment(text: str, sign: str, ending: str) -> str:
    """Whole, where comments may span lines: behind the end of one in it another begins."""
    lines = "".join(f"{sign} {line}\n" for line in text.splitlines())
    if sign != "//" or (ending in _NESTING and not _nests(text)):
        return lines
    if ending in _NESTING or "*/" not in text:
        return f"/*\n{text}\n*/\n"
    whole = text.replace("*/", "*//*")
    return f"/*\n{whole}\n*/\n" + ("" if ending == "php" and "?>" in text else lines)


def _nests(text: str) -> bool:
    depth = 0
    for sign in re.findall(r"/\*|\*/", text):
        depth += 1 if sign == "/*" else -1
        if depth < 0:
            return False
    return not depth
