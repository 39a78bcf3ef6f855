"""Markdown as GitHub's pages show it: tables, code, no foreign HTML but the few tags that comments use."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ALLOWED = re.compile(r"&lt;(/?(?:sub|details|summary))&gt;")


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def html(text: str) -> str:
    """The HTML of a comment. Everything in `text` that is HTML is escaped; hidden comments do not show."""
    return _ALLOWED.sub(r"<\1>", str(_reader().render(_COMMENT.sub("", text))))
