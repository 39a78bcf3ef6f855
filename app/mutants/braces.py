"""Languages whose functions stand between braces. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.mutants.code import bare, masked
from app.mutants.languages import Language
from app.mutants.parts import Function, Parts
from app.mutants.typescript import types

# A brace behind one of these and its parenthesis opens no function.
_NO_FUNCTION = re.compile(
    r"if|for|foreach|while|until|switch|catch|with|when|match|try|synchronized|using|lock|fixed|elseif|declare"
)
_TYPE_WORDS = re.compile(r"\b(?:class|record|struct|interface|enum|object|trait|namespace|module|extends|union|new)\b")
_HEAD = re.compile(r"(?:=>|->|\)(?P<behind>[\w\s:,.<>\[\]?&*|\\>-]*))\s*$")
_FIRST_CALL = re.compile(r"\s*(?:super|this)\s*\([^;{}]*\)\s*;")
_TYPE_BEFORE = re.compile(r"\b(?:interface|struct)\s*$")  # in Go a brace behind it is part of a type

_Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A function's first character, its opening brace and the closing one."""

    head: int
    opens: int
    closes: int


def read(text: str, language: Language) -> Parts | None:
    """None where the braces do not match: then something was misread."""
    mask = masked(text, language)
    pairs = _pairs(mask)
    if pairs is None:
        return None
    code = bare(text, mask)
    aside = [*_tests_inside(mask, pairs, language), *(types(mask, pairs) if language.types else ())]
    places = [it for it in _places(mask, pairs, language) if not any(a <= it.opens < b for a, b in aside)]
    hidden = [*((place.head, place.closes + 1) for place in places), *aside]
    imports = [match.span() for match in language.imports.finditer(mask) if not _within(match.span(), hidden)]
    return Parts(
        text=text,
        functions=[_function(code, place, places, language) for place in places],
        around=_left(code, (0, len(code)), [*hidden, *imports]),
        imports="\n".join(sorted(_left(code, span, []) for span in imports)),
        aside="\n".join(_left(code, span, []) for span in aside),
        load_at=len(text) if language.load else None,
        load=language.load,
    )


def _pairs(mask: str) -> dict[int, int] | None:
    opened: list[int] = []
    found: dict[int, int] = {}
    for match in re.finditer(r"[{}]", mask):
        if match.group() == "{":
            opened.append(match.start())
        elif not opened:
            return None
        else:
            found[opened.pop()] = match.start()
    return None if opened else found


def _tests_inside(mask: str, pairs: dict[int, int], language: Language) -> list[_Span]:
    if language.tests_inside is None:
        return []
    return [(it.start(), pairs[it.end() - 1] + 1) for it in language.tests_inside.finditer(mask)]


def _places(mask: str, pairs: dict[int, int], language: Language) -> Iterator[_Place]:
    if language.begins is not None:
        for match in language.begins.finditer(mask):
            opens = _body(mask, match.end())
            if opens is not None and opens in pairs:
                yield _Place(head=match.start(), opens=opens, closes=pairs[opens])
        return
    for opens in sorted(pairs):
        head = _head(mask, opens, language)
        if head is not None:
            yield _Place(head=head, opens=opens, closes=pairs[opens])


def _body(mask: str, at: int) -> int | None:
    """The brace that opens the body of a function whose first word ends at `at`; None for one without."""
    depth = 0
    while at < len(mask):
        char = mask[at]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        if char == "{" and not depth:
            if not _TYPE_BEFORE.search(mask[:at][-40:]):
                return at
            at = mask.find("}", at)
            if at < 0:
                return None
        elif char in ";}" and not depth:
            return None
        at += 1
    return None


def _head(mask: str, opens: int, language: Language) -> int | None:
    """Where the line begins that says which function the brace opens; None where it opens none."""
    before = mask[max(0, opens - 400) : opens]
    found = _HEAD.search(before)
    if found is None:
        return None
    start = opens - len(before) + found.start()
    if mask[start] != ")":
        return mask.rfind("\n", 0, start) + 1
    depth, at = 0, start
    while at >= 0:
        depth += {")": 1, "(": -1}.get(mask[at], 0)
        if not depth:
            break
        at -= 1
    line = mask.rfind("\n", 0, max(at, 0)) + 1
    head = mask[line:at]
    word = re.search(r"(\w+)\s*(?:<[^<>]*>)?\s*$", head)
    if at < 0 or (word and _NO_FUNCTION.fullmatch(word[1])) or (language.classes and _TYPE_WORDS.search(head)):
        return None
    return line


def _function(code: str, place: _Place, places: Sequence[_Place], language: Language) -> Function:
    inner = [(it.head, it.closes + 1) for it in places if place.opens < it.opens < place.closes]
    at = place.opens + 1
    if first := _FIRST_CALL.match(code, at):
        at = first.end()  # a constructor's call of another comes first
    return Function(
        name=_left(code, (place.head, place.opens), []),
        own=_left(code, (place.opens, place.closes + 1), inner),
        at=at,
        put=f" {language.fail}",
    )


def _within(span: _Span, spans: Sequence[_Span]) -> bool:
    return any(first <= span[0] < last for first, last in spans)


def _left(code: str, span: _Span, without: Sequence[_Span]) -> str:
    """What stands in the span outside of the others, with one blank for each gap."""
    pieces, at = [], span[0]
    for first, last in sorted(without):
        if last > at and first < span[1]:
            pieces.append(code[at : max(at, first)])
            at = max(at, last)
    pieces.append(code[at : span[1]])
    return re.sub(r"\s+", " ", " ".join(pieces)).strip()
