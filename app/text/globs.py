"""Path patterns as git understands them: `.gitignore` lines, CODEOWNERS, protected paths. Pure, standard library only.

Written out because the rules are evaluated where git must not run (a tree a sandbox could write) and because git asks
folder by folder, which pathspec 1.1 does not: it lets `!**/d` take back `d/a.o/c`. Held against `git check-ignore` by
a property test. Works on bytes, as git does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache

_MAX_LENGTH = 1000  # of a pattern; git has no limit, people have
_MAX_DOUBLE_STARS = 6  # each may be tried at every folder of a path
_CLASSES = {
    b"alnum": rb"a-zA-Z0-9",
    b"alpha": rb"a-zA-Z",
    b"blank": rb" \t",
    b"digit": rb"0-9",
    b"lower": rb"a-z",
    b"punct": rb"!-/:-@\[-`{-~",
    b"space": rb" \t-\r",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9A-Fa-f",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One line: does it take back (`!`), is it for folders only (`/` at the end), which paths does it match."""

    negated: bool
    folders_only: bool
    regex: re.Pattern[bytes]
    text: str

    @property
    def files_of_one_folder(self) -> bool:
        """`docs/*`: in CODEOWNERS that is what stands in docs itself, not in folders below."""
        return self.text.endswith("/*")

    def covers(self, path: str) -> bool:
        """Whether it matches the file or a folder above it."""
        parts = path.split("/")
        folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        return self.matches(path) or any(self.matches(folder, is_folder=True) for folder in folders)

    def matches(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether it matches this very path (not: something above it)."""
        return (is_folder or not self.folders_only) and self.regex.fullmatch(os.fsencode(path)) is not None


@lru_cache(maxsize=4096)
def parse(line: str) -> Pattern | None:
    """The pattern of one `.gitignore` line; None for a blank line, a comment or what matches nothing."""
    text = os.fsencode(line.rstrip("\r\n"))
    text = re.sub(rb"(?<!\\) +$", b"", text)
    if not text or text.startswith(b"#") or len(text) > _MAX_LENGTH:
        return None
    negated = text.startswith(b"!")
    text = text[1:] if negated else text
    folders_only = text.endswith(b"/")
    text = text[:-1] if folders_only else text
    if not text:
        return None
    body = _path_regex(text.removeprefix(b"/")) if b"/" in text else _prefixed(_segment_regex(text))
    if body is None:
        return None
    return Pattern(negated=negated, folders_only=folders_only, regex=re.compile(body, re.DOTALL), text=line)


def _prefixed(segment: bytes | None) -> bytes | None:
    """A pattern without a slash is held against the last name alone."""
    return None if segment is None else rb"(?:.*/)?" + segment


def _path_regex(text: bytes) -> bytes | None:
    segments = _split(text)
    if segments.count(b"**") > _MAX_DOUBLE_STARS:
        return None
    parts: list[bytes] = []
    last = len(segments) - 1
    for at, segment in enumerate(segments):
        if segment == b"**":
            if at == last:
                parts.append(rb".+" if at else rb".*")
            elif not (at and segments[at - 1] == b"**"):
                parts.append(rb"(?:.*/)?")
            continue
        body = _segment_regex(segment)
        if body is None:
            return None
        parts.append(body if at == last else body + rb"/")
    return b"".join(parts)


def _split(text: bytes) -> list[bytes]:
    """At slashes; one in a bracket matches nothing in git, so splitting there loses nothing."""
    return text.split(b"/")


def _segment_regex(text: bytes) -> bytes | None:
    """One path segment; every star but the last is settled at its first fit, so that no pattern takes indefinitely."""
    pieces: list[list[bytes]] = [[]]
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        if char == b"*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
            at += 1
        elif char == b"?":
            pieces[-1].append(rb"[^/]")
            at += 1
        elif char == b"[":
            found = _bracket(text, at)
            if found is None:
                return None
            pieces[-1].append(found[0])
            at = found[1]
        else:
            at += char == b"\\"
            if at >= len(text):
                return None
            pieces[-1].append(re.escape(text[at : at + 1]))
            at += 1
    first, *rest = [b"".join(piece) for piece in pieces]
    if not rest:
        return first
    return first + b"".join(rb"(?>[^/]*?" + piece + rb")" for piece in rest[:-1]) + rb"[^/]*" + rest[-1]


def _bracket(text: bytes, at: int) -> tuple[bytes, int] | None:
    """A character class from `[` on, and where it ends; None when it never does."""
    at += 1
    negated = text[at : at + 1] in {b"!", b"^"}
    at += negated
    body = b""
    first = True
    while True:
        char = text[at : at + 1]
        if not char:
            return None
        if char == b"]" and not first:
            break
        first = False
        if text[at : at + 2] == b"[:" and (end := text.find(b":]", at)) > 0:
            known = _CLASSES.get(text[at + 2 : end])
            if known is None:
                return None
            body += known
            at = end + 2
            continue
        low, at = _member(text, at)
        high = low
        if text[at : at + 1] == b"-" and text[at + 1 : at + 2] not in {b"]", b""}:
            high, at = _member(text, at + 1)
        if not low or not high:
            return None
        if low <= high:
            body += re.escape(low) + b"-" + re.escape(high)
    if negated:
        return rb"[^/" + body + rb"]", at + 1
    return (rb"(?!/)[" + body + rb"]" if body else rb"(?!)"), at + 1


def _member(text: bytes, at: int) -> tuple[bytes, int]:
    if text[at : at + 1] == b"\\":
        at += 1
    return text[at : at + 1], at + 1
