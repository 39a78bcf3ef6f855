"""What of a Markdown text GitHub shows a reader; the rest is not there. Pure.

Out are: HTML comments, processing instructions, declarations and CDATA; elements that are hidden, with all they hold;
words in attributes; definitions of link addresses; the titles of links and the words that stand for a picture. Code
stays as it is written, and so does everything that is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from app.text.untrusted.html import Tag, tag_at

_NEXT = re.compile(r"[\\`<\[\]]|!\[")
_UNSEEN = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"))
_EMPTY_COMMENT = re.compile(r"<!--?-?>")
_DECLARATION = re.compile(r"<![A-Za-z][^<>]*>")
_ADDRESS = re.compile(
    r"\(\s*(<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)"
    r"""(?:\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?\s*\)""",
    re.DOTALL,
)
_RUN = re.compile(r"`+")
_LABEL = re.compile(r"\[([^\[\]]{0,999})\]")

Kind = Literal["code", "html", "prose"]
_Piece = str | Tag | None  # None: the end of a block


@dataclass(frozen=True)
class _Part:
    kind: Kind
    text: str


@cache
def _blocks() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table").disable(["inline", "text_join"])


def shown(text: str) -> str:
    """`text`, whose lines end in "\\n", without what is not shown."""
    env: dict[str, Any] = {}
    tokens = _blocks().parse(text, env)
    references = {label for label in env.get("references", {}) if not label.startswith("^")}
    pieces: list[_Piece] = []
    for part in _parts(text, tokens, _definitions(env)):
        pieces += [part.text] if part.kind == "code" else _Scan(part, references).pieces()
        pieces += [None, "\n"]
    return "".join(_without_hidden(pieces[:-2]))


def _definitions(env: dict[str, Any]) -> set[int]:
    """The lines on which addresses are defined; footnotes (`[^1]: …`) are shown, so they are none."""
    found = [(label, entry["map"]) for label, entry in env.get("references", {}).items()]
    found += [(entry.get("label", ""), entry["map"]) for entry in env.get("duplicate_refs", [])]
    return {line for label, (start, end) in found if not label.startswith("^") for line in range(start, end)}


def _parts(text: str, tokens: list[Token], left_out: set[int]) -> Iterator[_Part]:
    """The text's lines in order, those of one block together."""
    kinds: dict[str, Kind] = {"fence": "code", "code_block": "code", "html_block": "html", "inline": "prose"}
    starts = {token.map[0]: (kinds[token.type], token.map[1]) for token in tokens if token.type in kinds and token.map}
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        kind, end = starts.get(at, ("prose", at + 1))
        kept = [lines[line] for line in range(at, min(max(end, at + 1), len(lines))) if line not in left_out]
        if kept:
            yield _Part(kind, "\n".join(kept))
        at = max(end, at + 1)


class _Scan:
    """One block, from left to right: code spans, HTML and the brackets of links and pictures."""

    def __init__(self, part: _Part, references: set[str]) -> None:
        self._text, self._html, self._references = part.text, part.kind == "html", references
        self._found: list[_Piece] = []
        self._open: list[tuple[int, int, bool]] = []  # piece of the bracket, position behind it, is a picture
        self._ticks: dict[int, list[int]] = {}
        if not self._html:
            for run in _RUN.finditer(part.text):
                self._ticks.setdefault(len(run[0]), []).append(run.start())

    def pieces(self) -> list[_Piece]:
        at = 0
        while sign := _NEXT.search(self._text, at):
            self._found.append(self._text[at : sign.start()])
            at = self._step(sign[0], sign.start())
        self._found.append(self._text[at:])
        return self._found

    def _step(self, sign: str, at: int) -> int:
        """Take what begins at `at`; where to go on."""
        if sign == "<":
            return self._angle(at)
        if self._html:
            return self._take(at, at + len(sign))
        if sign == "\\":
            return self._take(at, at + 2)
        if sign == "`":
            return self._code(at)
        if sign == "]":
            return self._close(at)
        self._open.append((len(self._found), at + len(sign), sign == "!["))
        return self._take(at, at + len(sign))

    def _take(self, at: int, end: int) -> int:
        self._found.append(self._text[at:end])
        return end

    def _code(self, at: int) -> int:
        run = _RUN.match(self._text, at)
        assert run is not None
        size = len(run[0])
        runs = self._ticks.get(size, [])  # none: a backslash took the first of them
        following = bisect_left(runs, at + size)
        return self._take(at, runs[following] + size if following < len(runs) else at + size)

    def _angle(self, at: int) -> int:
        if empty := _EMPTY_COMMENT.match(self._text, at):
            return empty.end()
        for begin, end in _UNSEEN:
            if self._text.startswith(begin, at):
                found = self._text.find(end, at + len(begin))
                if found >= 0:
                    return found + len(end)
                if begin == "<!--" or self._html:
                    return self._swallow()
        if declaration := _DECLARATION.match(self._text, at):
            return declaration.end()
        if tag := tag_at(self._text, at, lax=self._html):
            self._found.append(tag)
            return at + tag.length
        return self._take(at, at + 1)

    def _swallow(self) -> int:
        """A comment without an end: in a paragraph nothing of it is read, in HTML it hides all that follows."""
        if self._html:
            self._found.append(Tag(name="template", text="", closes=False, hides=True, length=0))
        return len(self._text)

    def _close(self, at: int) -> int:
        """A bracket that closes: the end of a link or picture when an address follows."""
        if not self._open:
            return self._take(at, at + 1)
        piece, start, picture = self._open.pop()
        address = _ADDRESS.match(self._text, at + 1)
        label = _LABEL.match(self._text, at + 1)
        if address:
            end, target = address.end(), f"]({address[1]})"
        elif label and self._known(label[1] or self._text[start:at]):
            end, target = label.end(), self._text[at : label.end()]
        elif self._known(self._text[start:at]):
            end, target = at + 1, "]"
        else:
            return self._take(at, at + 1)
        if picture:
            self._found[piece:] = ["!["]
            target = target if address else "]"
        self._found.append(target)
        return end

    def _known(self, label: str) -> bool:
        return len(label) < 1000 and normalizeReference(label) in self._references


def _without_hidden(pieces: list[_Piece]) -> Iterator[str]:
    """The pieces that no hidden element holds, from its tag to the closing one of that name, those between counted."""
    hidden: Tag | None = None
    depth = 0
    for piece in pieces:
        if hidden is not None:
            if piece is None and not hidden.outlives_its_block:
                hidden = None
            elif isinstance(piece, Tag) and piece.name == hidden.name:
                depth += piece.holds - piece.closes
                hidden = hidden if depth else None
        elif isinstance(piece, Tag):
            if piece.hides and piece.holds:
                hidden, depth = piece, 1
            elif not piece.hides:
                yield piece.text
        elif piece is not None:
            yield piece
