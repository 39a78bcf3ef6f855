"""HTML as it stands in Markdown: which of its tags hide what they hold, and what no tag shows. Pure.

Source for what hides: the HTML standard's `hidden`, elements that are not rendered, and CSS in `style`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_ATTRIBUTES = r"""(?:\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*"""
_STRICT = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9-]*)({_ATTRIBUTES})\s*/?>")
_LAX = re.compile(r"<(/?)([A-Za-z][^\s/<>]{0,40})([^<>]{0,2000})>")  # browsers read more than Markdown takes for a tag
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0*\.?0*(?:[a-z%]*)\s*(?:;|!|$)"
    r"|color\s*:\s*transparent|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_NEVER_SHOWN = frozenset(
    {"datalist", "head", "iframe", "noembed", "noframes", "noscript", "object", "script", "style", "template"}
)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Elements that also end where Markdown ends the block around them, because HTML does not let them go on.
_CONTAINERS = frozenset(
    {"article", "aside", "blockquote", "center", "details", "dialog", "div", "fieldset", "figure", "footer", "form"}
    | {"header", "main", "nav", "ol", "pre", "section", "table", "ul"}
)
_WORDS = frozenset({"alt", "title", "summary", "label", "placeholder", "content", "abbr"})


@dataclass(frozen=True)
class Tag:
    """One tag; `text` is what of it may be read on: without attributes that hold words nobody sees."""

    name: str
    text: str
    closes: bool
    hides: bool
    length: int

    @property
    def holds(self) -> bool:
        """Whether something can stand between it and a closing tag."""
        return not self.closes and self.name not in _VOID

    @property
    def outlives_its_block(self) -> bool:
        return self.name in _CONTAINERS or self.name in _NEVER_SHOWN


def tag_at(text: str, at: int, *, lax: bool) -> Tag | None:
    """The tag that begins at `at`; `lax`: also what only a browser takes for one."""
    found = _STRICT.match(text, at) or (_LAX.match(text, at) if lax else None)
    if found is None:
        return None
    name = found[2].lower()
    pairs = [(pair[1].lower(), html.unescape(pair[2] or "").strip("\"'")) for pair in _ATTRIBUTE.finditer(found[3])]
    style = _CSS_COMMENT.sub("", " ".join(value for attribute, value in pairs if attribute == "style"))
    hides = name in _NEVER_SHOWN or any(attribute == "hidden" for attribute, _ in pairs) or bool(_HIDING.search(style))
    shown = found[0] if all(_may_be_read(*pair) for pair in pairs) else _without_words(found[0], name, pairs)
    return Tag(name=name, text=shown, closes=bool(found[1]), hides=hides and not found[1], length=len(found[0]))


def _may_be_read(attribute: str, value: str) -> bool:
    return attribute not in _WORDS and not attribute.startswith(("aria-", "data-")) and not re.search(r"\s", value)


def _without_words(raw: str, name: str, pairs: list[tuple[str, str]]) -> str:
    kept = "".join(f' {attribute}="{value}"' for attribute, value in pairs if _may_be_read(attribute, value))
    return f"<{'/' if raw.startswith('</') else ''}{name}{kept}>"
