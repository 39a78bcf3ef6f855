"""Seeing that the model goes round in circles. Pure.

An action is what the model did and what came of it; the same actions with the same results, again and again, are a
circle, also when two or three alternate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAILING_ROUNDS = 3  # the contract: three identical failing actions
ANY_ROUNDS = 6  # the same successful action with the same result is odd, but waiting for a process looks like it
LONGEST_CIRCLE = 3


@dataclass(frozen=True, slots=True)
class Action:
    signature: str  # tool, input and result; every malformed call has the same one
    failed: bool
    summary: str


def circle(actions: Sequence[Action]) -> str | None:
    """The circle the last actions form, described; None when they form none."""
    for length in range(1, LONGEST_CIRCLE + 1):
        last = actions[-length:]
        if len(last) < length:
            return None
        rounds = FAILING_ROUNDS if any(action.failed for action in last) else ANY_ROUNDS
        recent = actions[-length * rounds :]
        if len(recent) == length * rounds and all(
            action.signature == last[i % length].signature for i, action in enumerate(recent)
        ):
            what = ", then ".join(action.summary for action in last)
            return f"{rounds} times in a row with the same result: {what}"
    return None
