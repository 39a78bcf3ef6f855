"""Text and comments told from code in the languages with braces, character for character. Pure."""

from __future__ import annotations

import re

from app.mutants.languages import Language

TEXT, GAP = "\x00", " "  # stand for a character of a text, and of a comment
_BLANK = "\x02"
_BEFORE_EXPRESSION = re.compile(
    r"(?:^|[=(,:\[!&|?{};+\-*%<>~^\n]|\b(?:return|typeof|case|in|of|do|else|yield|await))\s*$"
)
_RAW = re.compile(r'b?r(#*)"')
_EXPRESSION = re.compile(r"/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_LIFETIME = re.compile(r"'(?:\w+)(?!')")


def masked(text: str, language: Language) -> str:
    """As long as `text`: TEXT for what stands in quotes, gaps for comments; ends of lines stay where no text spans."""
    found = []
    at = 0
    while at < len(text):
        end, is_text = _piece(text, at, language)
        if end == at:
            end, piece = at + 1, text[at]
        elif is_text:
            piece = TEXT * (end - at)
        else:
            piece = re.sub(r"[^\n]", GAP, text[at:end])
        found.append(piece)
        at = end
    return "".join(found)


def bare(text: str, mask: str) -> str:
    """As long as `text`, with gaps for comments; within texts no blank looks like one."""
    return "".join(
        (_BLANK if char.isspace() else char) if seen == TEXT else seen for char, seen in zip(text, mask, strict=True)
    )


def _piece(text: str, at: int, language: Language) -> tuple[int, bool]:
    """Where the comment or text that begins here ends; `at` itself when none does."""
    two, one = text[at : at + 2], text[at]
    if (language.slashes and two == "//") or (language.hashes and one == "#" and two != "#["):
        end = text.find("\n", at)
        return (len(text) if end < 0 else end), False
    if language.slashes and two == "/*":
        end = text.find("*/", at + 2)
        return (len(text) if end < 0 else end + 2), False
    if language.expressions and one == "/" and _BEFORE_EXPRESSION.search(text[max(0, at - 40) : at]):
        found = _EXPRESSION.match(text, at)
        return (found.end() if found else at), True
    if language.lifetimes and one in "br" and (raw := _RAW.match(text, at)):
        end = text.find(f'"{raw[1]}', raw.end())
        return (at if end < 0 else end + 1 + len(raw[1])), True
    if one not in language.quotes or (language.lifetimes and _LIFETIME.match(text, at)):
        return at, False
    return _text_end(text, at, language), True


def _text_end(text: str, at: int, language: Language) -> int:
    """Behind the closing quote; `at` where there is none on the line, as in a sentence between tags."""
    quote = text[at]
    if text.startswith('"""', at):
        end = text.find('"""', at + 3)
        return at if end < 0 else end + 3
    spans_lines = quote == "`" or language.lifetimes or language.hashes
    here = at + 1
    while here < len(text):
        char = text[here]
        if char == "\\" and not (quote == "`" and not language.templates):
            here += 2
        elif char == quote:
            return here + 1
        elif char == "\n" and not spans_lines:
            return at
        elif quote == "`" and language.templates and text.startswith("${", here):
            here = _inserted(text, here + 2, language)
        else:
            here += 1
    return at


def _inserted(text: str, at: int, language: Language) -> int:
    """Behind the brace that closes an expression within a text."""
    depth = 1
    while at < len(text) and depth:
        end, _ = _piece(text, at, language)
        if end > at:
            at = end
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at
