"""Markdown as GitHub's pages show it: tables, code, no foreign HTML but the few tags that comments use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ALLOWED = re.compile(r"&lt;(/?(?:sub|details|summary))&gt;")


_REFERENCE = re.compile(r"(?<![\w/#@&])(?:#(?P<number>\d+)|@(?P<name>[A-Za-z0-9][A-Za-z0-9-]*))\b")

Links = Mapping[str, str]  # `#3` or `@name` (in lower case) → where it leads


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    reader.core.ruler.push("references", _link_references)
    return reader


def html(text: str, links: Links | None = None) -> str:
    """The HTML of a comment. Everything in `text` that is HTML is escaped; hidden comments do not show. What `links`
    knows is linked, outside code and other links.
    """
    return _ALLOWED.sub(r"<\1>", str(_reader().render(_COMMENT.sub("", text), {"links": links or {}})))


def _link_references(state: StateCore) -> None:
    links: Links = state.env["links"]
    for block in state.tokens:
        inside = 0
        for token in block.children or ():
            inside += token.nesting if token.type in ("link_open", "link_close") else 0
            if token.type == "text" and not inside:
                token.type, token.content = "html_inline", linked(token.content, links)


def linked(text: str, links: Links) -> str:
    """Plain text as HTML, with links for what `links` knows."""

    def link(found: re.Match[str]) -> str:
        address = links.get(found[0].lower())
        return f'<a href="{escape(address)}">{found[0]}</a>' if address else found[0]

    return _REFERENCE.sub(link, escape(text, quote=False))
