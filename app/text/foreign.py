"""Markdown from outside, read by a parser and written anew from what it found. Pure.

What is written holds nothing that was not understood: headings have become bold lines, links and pictures words, HTML
is shown as it was written, code stays as it was. Every block that was opened is closed, because each is written whole.
Written once more, the result is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from app.text.inert import commands_off, inert
from app.text.untrusted import clean

_COMMENT = re.compile(r"<!--.*?(?:--!?>|\Z)", re.DOTALL)
_LANGUAGE = re.compile(r"[\w+#.-]{1,20}")
_DRAWN = frozenset({"geojson", "math", "mermaid", "stl", "suggestion", "topojson"})  # GitHub draws or offers these
_MARKS = {"em": "*", "strong": "**", "s": "~~"}
# What is Markdown in the middle of a line; an underscore between letters is not.
_SIGNS = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)|[*`\[~]|(?<![^\W_])_|_(?![^\W_])")
# What would begin a block at a line's start: heading, list, rule or underline, quote, table.
_STARTS = re.compile(
    r"(\d{1,9}(?=[.)](?:\s|$)))?(#{1,6}(?=\s|$)|[-+](?=\s|$)|-(?=[-| :]*$)|=(?==*\s*$)|>|\||:(?=-)|(?<=\d)[.)])"
)


@cache
def reader() -> MarkdownIt:
    """The parser: what GitHub shows of a body, as far as blocks, code and links go."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def rewritten(text: str) -> str:
    """`text` as Markdown in which nothing acts, hides, or reaches beyond its end."""
    return "\n\n".join(_blocks(SyntaxTreeNode(reader().parse(text)).children))


def code_span(text: str) -> str:
    """A code span that shows `text`, which is one line, and that it cannot leave."""
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    wide = "`" in text or (text[:1] == text[-1:] == " " and bool(text.strip()))
    return f"{ticks} {text} {ticks}" if wide else f"{ticks}{text}{ticks}"


def code_block(text: str, language: str = "") -> str:
    """A code block that `text` cannot leave, with no line in it that a bot would obey."""
    ticks = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{commands_off(text)}\n{ticks}"


def row(cells: Iterable[str]) -> str:
    """One row of a table; a cell is Markdown on one line."""
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |"


# ------------------------------------------------------------ blocks


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> Iterator[str]:
    """Each block's Markdown; lists beside one another keep apart by their marks."""
    before, other = "", False
    for node in nodes:
        other = node.type == before and not other
        before = node.type
        if text := _block(node, other=other):
            yield text


def _block(node: SyntaxTreeNode, *, other: bool) -> str:
    match node.type:
        case "fence" | "code_block":
            language = next(iter(_LANGUAGE.findall(node.info.split(" ")[0] if node.info else "")), "")
            return code_block(clean(node.content).strip("\n"), "" if language.lower() in _DRAWN else language)
        case "html_block":
            lines = _COMMENT.sub("", node.content).split("\n")
            return _prose([piece for line in lines for piece in (_Text(line), _BREAK)])
        case "hr":
            return "* * *"
        case "heading":
            words = _line(node)
            return f"**{words}**" if words else ""
        case "blockquote":
            return _prefixed("\n\n".join(_blocks(node.children)), "> ", "> ")
        case "bullet_list" | "ordered_list":
            return _list(node, other=other)
        case "table":
            return _table(node)
        case _:
            return _prose(_inline(node.children[0].children)) if node.children else ""


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(((others if at else first) + line).rstrip() for at, line in enumerate(lines))


def _list(node: SyntaxTreeNode, *, other: bool) -> str:
    tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    filled = [blocks for item in node.children if (blocks := list(_blocks(item.children)))]
    items = []
    for number, blocks in enumerate(filled, start=int(node.attrs.get("start", 1))):
        mark = f"{number}{')' if other else '.'} " if node.type == "ordered_list" else "* " if other else "- "
        items.append(_prefixed(("\n" if tight else "\n\n").join(blocks), mark, " " * len(mark)))
    return ("\n" if tight else "\n\n").join(items)


def _table(node: SyntaxTreeNode) -> str:
    rows = [[_line(cell) for cell in line.children] for part in node.children for line in part.children]
    return "\n".join([row(rows[0]), row("---" for _ in rows[0]), *(row(cells) for cells in rows[1:])])


# ------------------------------------------------------------ what stands in a block


@dataclass(frozen=True)
class _Text:
    text: str


@dataclass(frozen=True)
class _Ready:
    """A code span or a mark of emphasis: written as it is."""

    text: str


_BREAK = _Ready("\n")
_Piece = _Text | _Ready


def _inline(nodes: Iterable[SyntaxTreeNode], *, marks: bool = True) -> list[_Piece]:
    found: list[_Piece] = []
    nodes = [node for node in nodes if node.type != "text" or node.content]
    for at, node in enumerate(nodes):
        match node.type:
            case "softbreak" | "hardbreak":
                found.append(_BREAK)
            case "code_inline":
                found.append(_Ready(code_span(clean(node.content))))
            case "em" | "strong" | "s":
                inner = _inline(node.children, marks=False)
                bare = marks and _stands_alone(found, inner, nodes[at + 1 : at + 2])
                mark = [_Ready(_MARKS[node.type])] if bare else []
                found += [*mark, *inner, *mark]
            case "link" | "image":
                inner = _inline(node.children, marks=False)
                address = str(node.attrs.get("href") or node.attrs.get("src") or "")
                shown = "".join(piece.text for piece in inner)
                aside = f" ({address})" if shown.strip() else address
                found += [*inner, *([_Text(aside)] if address.removeprefix("mailto:") != shown else [])]
            case "html_inline":
                found += [] if node.content.startswith("<!--") else [_Text(node.content)]
            case _:
                found.append(_Text(node.content))
    return found


def _stands_alone(before: list[_Piece], inner: list[_Piece], after: list[SyntaxTreeNode]) -> bool:
    """Whether marks around `inner` will be read as marks again: words inside, blanks or full stops around."""
    left = before[-1].text[-1:] if before else ""
    if after and after[0].type not in {"text", "softbreak", "hardbreak"}:
        return False
    right = after[0].content[:1] if after else ""
    words = "".join(piece.text for piece in inner)
    edges = bool(words) and not words[0].isspace() and not words[-1].isspace()
    return edges and left in {"", " ", "\n", "("} and right in {"", " ", "\n", ".", ",", ";", ":", "!", "?", ")"}


def _prose(pieces: Iterable[_Piece]) -> str:
    """A paragraph: each line harmless at its start, none empty."""
    lines: list[list[_Piece]] = [[]]
    for piece in pieces:
        if piece is _BREAK:
            lines.append([])
        else:
            lines[-1].append(piece)
    return commands_off("\n".join(at_start(line) for line in map(_written, lines) if line))


def _line(node: SyntaxTreeNode) -> str:
    """The words of a heading or cell, on one line and without emphasis."""
    inner = _inline(node.children[0].children, marks=False) if node.children else []
    return commands_off(_written([_Text(" ") if piece is _BREAK else piece for piece in inner]))


def _written(pieces: Iterable[_Piece]) -> str:
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, _Text) and isinstance(joined[-1], _Text):
            joined[-1] = _Text(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return "".join(escaped(piece.text) if isinstance(piece, _Text) else piece.text for piece in joined).strip()


def at_start(line: str) -> str:
    """`line`, whose words are escaped, so that it begins no block either."""
    return _STARTS.sub(r"\1\\\2", line, count=1) if _STARTS.match(line) else line


def escaped(text: str) -> str:
    """`text`, which is no Markdown, as Markdown on one line that shows it."""
    text = " ".join(re.split(r"[\n\r\t\v\f\u0085\u2028\u2029]+", clean(text)))
    text = _SIGNS.sub(lambda found: "\\" + found[0], text)
    return inert(re.sub(r"&(?=#?\w{1,40};)", "&amp;", text).replace("<", "&lt;"))
