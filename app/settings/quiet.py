"""How long it has to be quiet before what is gathered is worked, in seconds: read from one setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MOST = 600  # whoever asked waits so long before anything begins


class Quiet(NamedTuple):
    """The comments of one review arrive within a few seconds; the checks of a push fail over minutes, and all are
    waited for.
    """

    review: float = 20.0
    checks: float = 30.0

    def after(self, gathers: str) -> float:
        """By the first word of what a job says that it is gathered with (`Job.gathers`); others wait for nothing."""
        kind = gathers.partition(":")[0]
        return {"review": self.review, "checks": self.checks}.get(kind, 0.0)

    @classmethod
    def read(cls, env: Mapping[str, str], name: str, mistakes: list[str]) -> Quiet:
        """Two whole numbers of seconds, for reviews and for checks; what is wrong goes to `mistakes`."""
        text = env.get(name, "")
        words = text.replace(",", " ").split()
        if not words:
            return cls()
        if len(words) != 2 or not all(w.isascii() and w.isdigit() and len(w) < 5 and int(w) <= MOST for w in words):
            mistakes.append(f"{name}={text!r} is not two numbers of seconds up to {MOST}: for reviews, for checks")
            return cls()
        return cls(review=float(words[0]), checks=float(words[1]))
