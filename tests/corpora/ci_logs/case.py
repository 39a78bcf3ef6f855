"""One broken project, and what is true of the log that it leaves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


# Drawn for the third that is held out, and then shown on a screen before the readers were written: counted as seen.
LOOKED_AT = frozenset({"pytest-assert", "ruff-check", "mypy-types", "precommit-ruff"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """`run` is the script of the failing step; the rest of what is here up to `verdict` is the truth to be found.

    `key` is text that the key line holds, `places` the `path:line` that has to be among those found, `verdict` the
    class under `facts`. `lines`, where given, are what the step printed, written by hand after public texts: those
    are scored as well when only GitHub prints them (`scored`).
    """

    name: str
    run: str = ""
    tool: str = ""
    cause: str = ""
    key: str = ""
    places: tuple[str, ...] = ()
    verdict: str = "deterministic"
    facts: dict[str, object] = field(default_factory=dict)
    step: str = "Run tests"
    files: dict[str, str] = field(default_factory=dict)
    before: str = ""
    env: dict[str, str] = field(default_factory=dict)
    job: str = "test"
    outcome: str = "failure"
    uses: str = ""
    matchers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    scored: bool = True
    exit_code: int | None = None
    annotations: tuple[dict[str, object], ...] = ()
    conclusion: str = ""
    same_as: str = ""  # the case whose signature this one's has to be
    drawn: str = ""  # "second": made later and held out; "seen": made later, and readers were mended for it

    @property
    def held_out(self) -> bool:
        """About a third of the first cases, which nobody looked at while the readers were written: said by the name
        alone; and all of the second draw.
        """
        if self.drawn:
            return self.drawn == "second"
        name = self.same_as or self.name
        return name not in LOOKED_AT and hashlib.sha256(name.encode()).digest()[0] % 3 == 0


def python(text: str) -> dict[str, str]:
    """A small shop with `text` as its test."""
    return {"shop/__init__.py": "", "shop/cart.py": CART, "tests/test_cart.py": text, "pyproject.toml": ""}


CART = '''"""A cart."""


def total(prices):
    return sum(prices) + 1


def discount(price, percent):
    if percent > 100:
        raise ValueError(f"percent out of range: {percent}")
    return price * (100 - percent) / 100


def first(prices):
    return prices[0]
'''
