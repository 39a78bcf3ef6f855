"""What a run may spend, checked before each call of the model. Pure.

Prices are a dated table of our own, because the hard stop must not depend on a package that changes its mind;
a test holds the table against `genai-prices`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from app.settings.providers import GLOBAL

PRICES_AS_OF = "2026-11-22"


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD per million tokens; `cache_write` is the five-minute cache. `window` is the context in tokens.

    A call whose prompt has more than `long_from` tokens is billed whole at `long` times the price.
    """

    input: float
    output: float
    cache_read: float
    cache_write: float
    window: int = 1_000_000
    long_from: int | None = None
    long: float = 1.0

    def factor(self, prompt_tokens: int) -> float:
        return self.long if self.long_from is not None and prompt_tokens > self.long_from else 1.0


# The Claude models the anthropic SDK 2.12 names, at the list price of `PRICES_AS_OF`.
PRICES: Mapping[str, Price] = {
    "claude-haiku-5-5": Price(input=0.1, output=0.5, cache_read=0.01, cache_write=0.125, long_from=100_000, long=5.0),
    "claude-sonnet-5-5": Price(input=2.0, output=10.0, cache_read=0.1, cache_write=2.5),
    "claude-opus-5-5": Price(input=4.0, output=20.0, cache_read=0.2, cache_write=5.0),
    "claude-sonnet-5": Price(input=2.0, output=10.0, cache_read=0.2, cache_write=2.5),
    "claude-opus-5": Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25),
    "claude-fable-5": Price(input=10.0, output=50.0, cache_read=1.0, cache_write=12.5),
    "claude-fable-5-1": Price(input=10.0, output=50.0, cache_read=0.25, cache_write=12.5),
    "claude-fable-5-2": Price(input=8.0, output=40.0, cache_read=0.2, cache_write=10.0),
    "claude-mythos-5-2": Price(input=8.0, output=40.0, cache_read=0.2, cache_write=10.0),
    "claude-opus-4-8": Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25),
    "claude-opus-4-7": Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25),
    "claude-opus-4-6": Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25),
    "claude-opus-4-5": Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25, window=200_000),
    "claude-sonnet-4-6": Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75),
    "claude-sonnet-4-5": Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75, window=200_000),
    "claude-haiku-4-5": Price(input=1.0, output=5.0, cache_read=0.1, cache_write=1.25, window=200_000),
}
# A model we do not know costs what the most expensive known one does, and holds what the smallest does.
UNKNOWN = Price(input=15.0, output=75.0, cache_read=1.5, cache_write=18.75, window=200_000)

# What Bedrock asks for a request that stays in one region or geography, by the list price of the global profile.
IN_ONE_PLACE = 1.1

# Below this many output tokens a call cannot hold thinking and a useful tool call: better to stop with money left.
SMALLEST_REPLY_TOKENS = 2_000
# Tool definitions and wrapping that the API adds to a prompt (bash 245, text editor 700, tool-use preamble 500, says
# the vendor's documentation), rounded up.
HIDDEN_PROMPT_TOKENS = 2_000
# No text met in practice is denser than this; English and code have 3.5 to 4 characters a token.
WORST_BYTES_PER_TOKEN = 1.5
WARN_AT = 0.8
# What may follow a family's name: nothing, a date, a vendor's version.
_VERSION = re.compile(r"|[@:].*|-\d{8}.*|-v\d.*")

Which = Literal["usd", "turns", "minutes"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits of one run. `minutes` counts working time: a parked run spends none."""

    usd: float
    turns: int
    minutes: float


@dataclass(frozen=True, kw_only=True)
class Spent:
    usd: float
    turns: int
    minutes: float


@cache
def price_of(model: str) -> Price:
    """The price of `model`; `UNKNOWN` where its family is not known. Bedrock asks more where the identifier is not that
    of the global profile.
    """
    family = family_of(model)
    if family and "anthropic." in model and f"{GLOBAL}anthropic." not in model:
        return _dearer(PRICES[family], IN_ONE_PLACE)
    return PRICES.get(family, UNKNOWN)


def family_of(model: str) -> str:
    """The name in `PRICES` that a dated or a provider's name means; empty for a model we do not know."""
    name = model.rsplit("anthropic.", 1)[-1]
    return max((known for known in PRICES if _same_family(name, known)), key=len, default="")


def _dearer(price: Price, factor: float) -> Price:
    return replace(
        price,
        input=price.input * factor,
        output=price.output * factor,
        cache_read=price.cache_read * factor,
        cache_write=price.cache_write * factor,
    )


def _same_family(name: str, known: str) -> bool:
    rest = name.removeprefix(known)
    return name.startswith(known) and _VERSION.fullmatch(rest) is not None


def cost_usd(model: str, usage: Mapping[str, Any]) -> float:
    """What a reply with the API's `usage` cost."""
    price = price_of(model)
    fresh, read, written = (
        int(usage.get(name) or 0) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    )
    millions = (
        fresh * price.input
        + read * price.cache_read
        + written * price.cache_write
        + int(usage.get("output_tokens") or 0) * price.output
    ) / 1_000_000
    return millions * price.factor(fresh + read + written)


def worst_tokens(size_bytes: int) -> int:
    """An upper bound for the tokens in text of that size."""
    return int(size_bytes / WORST_BYTES_PER_TOKEN) + 1


def worst_prompt_usd(model: str, prompt_tokens: int) -> float:
    """The price of a prompt none of which is read from the cache."""
    price = price_of(model)
    return prompt_tokens * price.cache_write * price.factor(prompt_tokens) / 1_000_000


def spent_up(budget: Budget, spent: Spent) -> Which | None:
    """The limit that is reached, if one is."""
    if spent.usd >= budget.usd:
        return "usd"
    if spent.turns >= budget.turns:
        return "turns"
    return "minutes" if spent.minutes >= budget.minutes else None


def affordable_tokens(budget: Budget, spent: Spent, model: str, *, prompt_tokens: int, wanted: int) -> int | Which:
    """How many output tokens the next call may ask for so that its worst case stays within the budget.

    `prompt_tokens` is an upper bound. The limit's name when the call must not be made.
    """
    reached = spent_up(budget, spent)
    if reached:
        return reached
    left_usd = budget.usd - spent.usd - worst_prompt_usd(model, prompt_tokens)
    price = price_of(model)
    tokens = min(wanted, int(left_usd * 1_000_000 / (price.output * price.factor(prompt_tokens))))
    return tokens if tokens >= min(wanted, SMALLEST_REPLY_TOKENS) else "usd"


def warning(budget: Budget, spent: Spent) -> str | None:
    """What the model is told when 80 % of a limit is used."""
    used = {
        f"${spent.usd:.2f} of ${budget.usd:.2f}": spent.usd / budget.usd if budget.usd else 1.0,
        f"{spent.turns} of {budget.turns} turns": spent.turns / budget.turns if budget.turns else 1.0,
        f"{spent.minutes:.0f} of {budget.minutes:.0f} minutes": spent.minutes / budget.minutes
        if budget.minutes
        else 1.0,
    }
    near = [text for text, share in used.items() if share >= WARN_AT]
    if not near:
        return None
    return (
        f"Most of the budget is used: {', '.join(near)}. Bring the work to an end now: keep what is verified, "
        "undo what is half done, and call finish saying what is not done."
    )


def exceeded(budget: Budget, which: Which) -> str:
    """Why no further call is made, as one sentence for people."""
    if which == "usd":
        return f"The budget of ${budget.usd:.2f} does not allow another call of the model."
    if which == "turns":
        return f"All {budget.turns} turns are used."
    return f"All {budget.minutes:g} minutes of working time are used."
