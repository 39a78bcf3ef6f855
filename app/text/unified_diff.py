"""A change of text files as `git apply` takes it. Pure."""

from __future__ import annotations

import re
from difflib import unified_diff
from itertools import chain

from app.text.untrusted import clean

_MOST_BYTES = 200_000  # of a file: comparing takes time that grows with its square
_PLAIN = re.compile(r"[A-Za-z0-9_@+=,.~-][A-Za-z0-9_@+=,.~/ -]*")  # paths that git does not quote
_OPEN_END = "\n\\ No newline at end of file\n"


def file_diff(path: str, mode: str, old_mode: str, old: bytes | None, new: bytes | None) -> str | None:
    """One file's part of a patch; modes are git's, a content of None means that there is no such file. None when it
    would not survive a comment: not text, too big, or with characters that nobody would see in it.
    """
    before, after = _text(old), _text(new)
    if before is None or after is None or not _PLAIN.fullmatch(path):
        return None
    head = [f"diff --git a/{path} b/{path}\n"]
    if old is None:
        head.append(f"new file mode {mode}\n")
    elif new is None:
        head.append(f"deleted file mode {old_mode}\n")
    elif mode != old_mode:
        head += [f"old mode {old_mode}\n", f"new mode {mode}\n"]
    tab = "\t" if " " in path else ""
    names = ("/dev/null" if old is None else f"a/{path}{tab}", "/dev/null" if new is None else f"b/{path}{tab}")
    lines = unified_diff(_lines(before), _lines(after), *names)
    text = "".join(chain(head, (line if line.endswith("\n") else line + _OPEN_END for line in lines)))
    return text if clean(text).strip() == text.strip() else None


def _text(content: bytes | None) -> str | None:
    if content is None:
        return ""
    if len(content) > _MOST_BYTES or b"\0" in content or b"\r" in content:  # GitHub ends every line in one way
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """As git counts them: `splitlines` knows a dozen more ends."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
