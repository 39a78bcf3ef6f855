"""What of TypeScript is types alone: nobody runs it, and no test could reach it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_DECLARED = re.compile(
    r"^(?:export[ \t]+)?(?:declare[ \t]+)?(?:interface[ \t]+\w[^{}=;()]*(?P<body>\{)|type[ \t]+\w[^={};()]*(?P<is>=))",
    re.M,
)
_OPENS, _CLOSES = "([{", ")]}"
_GOES_ON = re.compile(r"\s*(?:[|&?:]|=>|extends\b)")
_UNFINISHED = re.compile(r"(?:[|&?:=,]|=>|\b(?:extends|keyof|typeof|infer|readonly))\s*$")


def types(mask: str, pairs: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Interfaces and type aliases at the beginning of a line, in a masked text whose braces are `pairs`."""
    for match in _DECLARED.finditer(mask):
        if match["body"]:
            yield match.start(), pairs[match.end() - 1] + 1
        else:
            yield match.start(), _alias_end(mask, match.end())


def _alias_end(mask: str, at: int) -> int:
    """Behind its semicolon, or the end of the first line that nothing carries on."""
    depth, begins = 0, at
    while at < len(mask):
        char = mask[at]
        depth += (char in _OPENS) - (char in _CLOSES)
        if depth < 0 or (char == ";" and not depth):
            return at + (char == ";")
        ended = char == "\n" and not depth and mask[begins:at].strip()
        if ended and not _UNFINISHED.search(mask[begins:at]) and not _GOES_ON.match(mask, at):
            return at
        at += 1
    return at
