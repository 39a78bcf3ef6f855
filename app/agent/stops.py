"""How a loop may end, and the numbers it goes by. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.agent.budget import Which

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
class Options:
    """Numbers a test or a benchmark may want to turn; the defaults are the product's."""

    reply_tokens: int = 16_000  # max_tokens of a call: a whole new file fits
    command_seconds: float = 600.0
    patience_seconds: float = 600.0  # for a model that does not answer; then the run parks at no cost
    question_rounds: int = 3
    idle_replies: int = 3
    circle_notices: int = 3
    # Clearing old results: rarely and in big cuts, because what follows a cut is written to the cache anew. Holding n
    # results costs 0.1 n/2 reads a step, a cut rewrites three at 1.25: the sum is least at n = 8 or 9 full results.
    trim_above_tokens: int = 14_000
    trim_at_least_bytes: int = 28_000
    keep_results: int = 3
    window_share: float = 0.9
