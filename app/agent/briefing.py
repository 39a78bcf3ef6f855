"""What a colleague would say before the work begins, as it goes into the first message. Pure.

It is made once for a run, kept in the ledger (`briefing.made`) and read from there, so that every attempt tells the
model the same: a prompt that changes under a conversation is refused by the vendor and loses its cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.events.conversing import BriefingMade

ELSEWHERE = 20  # guides named; git lists the others


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`text` is the harness's own; `quote` comes from outside (names of files, output), is fenced, and is `what`."""

    text: str
    quote: str = ""
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """`facts` in the order they are told; `guides` as (path, text), nearest last; `guides_elsewhere` as paths."""

    facts: Sequence[Fact] = ()
    guides: Sequence[tuple[str, str]] = ()
    guides_elsewhere: Sequence[str] = ()

    def as_event(self) -> BriefingMade:
        return BriefingMade(
            facts=[{"text": fact.text, "quote": fact.quote, "what": fact.what} for fact in self.facts],
            guides=[[path, text] for path, text in self.guides],
            guides_elsewhere=list(self.guides_elsewhere),
        )

    @classmethod
    def from_event(cls, said: BriefingMade) -> Briefing:
        return cls(
            facts=tuple(Fact(**fact) for fact in said.facts),
            guides=tuple((path, text) for path, text in said.guides),
            guides_elsewhere=tuple(said.guides_elsewhere),
        )

    @property
    def elsewhere(self) -> str:
        """The other guides, one a line, for a quote."""
        named = list(self.guides_elsewhere[:ELSEWHERE])
        more = len(self.guides_elsewhere) - len(named)
        return "\n".join([*named, *([f"and {more:,} more: git ls-files '*AGENTS.md' '*CLAUDE.md'"] if more else [])])


NOTHING = Briefing()
