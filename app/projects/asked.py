"""A version of a language that a project asks for, and whether one that is there fits. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"(>=|<=|>|<|\^|~>|~|=)?\s*v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.[\w*+-]+)*")
_BY_MAJOR = frozenset({"node", "java"})  # within which versions replace one another


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`text` is a version or a range as it stands in `where`; `tool` is the program that is of some version."""

    tool: str
    name: str
    text: str
    where: str
    at_least: bool = False  # a version alone means no other: the next one does as well

    def fits(self, version: str) -> bool:
        """Whether a version as its tool prints it does. What cannot be compared is let be."""
        here = _PART.search(version)
        ranges = [re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", text) for text in re.split(r"\|\||,(?=\s*\|)", self.text)]
        wanted = [[found for found in _PART.finditer(text)] for text in ranges]
        if here is None or not any(wanted):
            return True
        now = (int(here[2]), int(here[3] or 0))
        return any(all(self._holds(part, now) for part in parts) for parts in wanted if parts)

    def _holds(self, part: re.Match[str], now: tuple[int, int]) -> bool:
        sign = part[1] or (">=" if self.at_least else "")
        whole = part[3] is not None and (sign in {">=", "<", "<=", ">", "^", "~>"} or self.tool not in _BY_MAJOR)
        said, mine = ((int(part[2]), int(part[3])), now) if whole else ((int(part[2]),), now[:1])
        if sign in {"^", "~>"}:
            return mine >= said and mine[0] == said[0]
        return {">=": mine >= said, "<=": mine <= said, ">": mine > said, "<": mine < said}.get(sign, mine == said)
