"""A repository's own pull request template, filled in: our sections below its headings, no blank left. Pure.

A heading is what GitHub shows as one: none in a comment, none in a code block; a line all in bold counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.token import Token

from app.text.foreign import reader
from app.text.outgoing import closed

# Which heading is a section's home: the first expression that one of them answers to decides, so the best come first.
_HOMES: Mapping[str, tuple[str, ...]] = {
    "Summary": (
        r"\bnew behaviou?r|\bexpected behaviou?r after",
        r"\bsummary|\bdescription|\bdescribe\b|\boverview|\bproposed changes?|\bwhat('s| has)? changed",
        r"\bwhat (does|do|did|is|was|this)\b|^\W*what\W*$|^\W*what and why|^\W*changes\W*$|\bpurpose",
    ),
    "Evidence": (
        r"\bevidence|\bhow (has|have|was|were|did|do|to|can|is)\b.*\b(test|verif)",
        r"\btest(ing)? (plan|done|notes)|\btesting",
        r"\btest|\bverif|\bvalidat",
    ),
    "Risk and breaking changes": (r"\bbreaking", r"\brisk|\bimpact|\bmigration"),
}
_LINK_HOME = re.compile(
    r"^\W*((related|linked|relevant|associated|fixed|corresponding) (github )?)?(issue|ticket)(s|\(s\))?\W*$",
    re.IGNORECASE,
)
_NO_HOME = re.compile(r"\bcurrent|\bprevious|\bold behaviou?r|\btypes? of|\bcheck ?list", re.IGNORECASE)
# "Fixes #", "Closes: # (issue)", "- Resolves #<issue number>", also in a heading: a line that asks for the number.
_BLANK_LINK = re.compile(
    r"^(#{1,6}\s+)?(?:[-*+]\s+)?(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b[:\s]*#"
    r"\s*(?:[(\[<{_]*\s*(?:insert|add|your|the|related|link)?\s*(?:issue|ticket)?[\s_-]*(?:number|no\.?|id|nr)?s?[xn_?.]*"
    r"\s*[)\]>}_]*)?\s*\.?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """`left`: the sections that had no home in it; `linked`: whether it names the issue now."""

    text: str
    left: Mapping[str, str]
    linked: bool


def fill(template: str, sections: Mapping[str, str], link: str) -> Filled:
    """`template` with `sections` (Markdown by name) below its headings, and `link` where it asks for an issue."""
    text = closed(template.replace("\r\n", "\n").strip())
    tokens = reader().parse(text)
    lines = text.split("\n")
    headings = list(_headings(tokens))
    inserted: dict[int, str] = {}
    left = dict(sections)
    for name in sections:
        home = _home(_HOMES.get(name, ()), [(end, title) for end, title in headings if end not in inserted])
        if home is not None:
            inserted[home] = left.pop(name)
    blanks = [at for at in _shown_lines(tokens) if at < len(lines) and _BLANK_LINK.match(lines[at])]
    for at in blanks:
        start = _BLANK_LINK.match(lines[at])
        lines[at] = (start[1] or "" if start else "") + link if at == blanks[0] else ""
    home = next((end for end, title in headings if _LINK_HOME.match(title) and end not in inserted), None)
    if home is not None and not blanks:
        inserted[home] = link
    for end in sorted(inserted, reverse=True):
        lines[end:end] = ["", inserted[end], ""]
    return Filled(text="\n".join(lines).strip(), left=left, linked=bool(blanks) or home is not None)


def _headings(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    """(the line below it, its words) of each heading that stands by itself."""
    for token, inline in pairwise(tokens):
        if token.level or token.map is None or inline.type != "inline":
            continue
        words = inline.content.strip()
        if token.type == "heading_open" or (token.type == "paragraph_open" and _is_bold(inline)):
            yield token.map[1], words.strip("*_ ")


def _is_bold(inline: Token) -> bool:
    shown = [child for child in inline.children or [] if child.type != "text" or child.content.strip(" :")]
    inner = [child.type for child in shown]
    return bool(inner) and inner[0] == "strong_open" and inner.index("strong_close") == len(inner) - 1


def _home(expressions: tuple[str, ...], headings: list[tuple[int, str]]) -> int | None:
    for expression in expressions:
        for end, title in headings:
            if re.search(expression, title, re.IGNORECASE) and not _NO_HOME.search(title):
                return end
    return None


def _shown_lines(tokens: list[Token]) -> list[int]:
    """The lines of paragraphs and headings: what a reader sees as words."""
    maps = [token.map for token in tokens if token.type == "inline" and token.map]
    return sorted({line for start, end in maps for line in range(start, end)})
