"""How a loop may end, and the numbers it goes by. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.agent.budget import Which
from app.ports.model import Effort

Kind = Literal[
    "finished",
    "asked",
    "cancelled",
    "out_of_budget",
    "stuck",
    "refused",
    "model_unavailable",
    "interrupted",
    "context_exhausted",
    "secret_met",
]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why the loop ended. `detail` is one sentence; what the model said is in the ledger."""

    kind: Kind
    detail: str = ""
    which: Which | None = None  # out_of_budget only
    retry_after_seconds: float = 0.0  # model_unavailable only


# As long as somebody who sits before a terminal will look at it.
ATTENDED_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Thought:
    """How hard to think. `reply_tokens` is what a reply may hold: the thinking and a long edit."""

    effort: Effort
    reply_tokens: int
    up_front: bool = True  # False: think between calls only, where the model can be told so


# Behind the three aliases of models stands more than a name. The vendor advises 32,000 tokens for a reply that thinks
# and edits, and twice that for the highest efforts.
THOUGHT: Mapping[str, Thought] = {
    "fast": Thought(effort="low", reply_tokens=32_000, up_front=False),
    "default": Thought(effort="high", reply_tokens=32_000),
    "deep": Thought(effort="xhigh", reply_tokens=64_000),
}


def thought_for(alias: str, effort: Effort | None = None) -> Thought:
    """What goes with a model's alias (a model's own name counts as `default`); a playbook's `effort` overrides it."""
    usual = THOUGHT.get(alias, THOUGHT["default"])
    if effort is None or effort == usual.effort:
        return usual
    tokens = 64_000 if effort in {"xhigh", "max"} else 32_000
    return Thought(effort=effort, reply_tokens=tokens, up_front=usual.up_front)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Numbers a test or a benchmark may want to turn; the defaults are the product's."""

    thought: Thought = THOUGHT["default"]
    command_seconds: float = 600.0
    patience_seconds: float = 600.0  # for a model that does not answer; then the run parks at no cost
    question_rounds: int = 3
    idle_replies: int = 3
    circle_notices: int = 3
    # Old results are left out of the prompt by the vendor, rarely and in large pieces: a model that sees what it read
    # solves more, and what follows a cut is written to the cache anew (1.25 a token, once) while each later step saves
    # a read (0.1). 20,000 tokens cleared have paid for 20,000 rewritten after 12 steps. Eight results are the last
    # two or three rounds of look, edit and test.
    clear_above_tokens: int = 60_000
    clear_at_least_tokens: int = 20_000
    keep_results: int = 8
    window_share: float = 0.9
