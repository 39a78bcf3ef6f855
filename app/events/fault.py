"""Whether a worker's event may be heeded: one that was taken over may write anything into its own run's ledger. Pure.

What does not fit its record stays there and means nothing to any reader (`app.ledger`), so that nobody after that has
to reckon with it. Fields that no reader takes apart may be anything that JSON can hold.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.events.parts import CONTROL_OUTCOMES, Time
from app.events.record import read
from app.events.working import RunEnded

_DEEP = 60  # levels of lists and objects; our own events have eight, and readers go down by recursion


_STAMP = TypeAdapter(Time)


def fault(kind: str, at: str, data: object, *, strictly: bool = True) -> str:
    """What is wrong with an event of `kind` that a worker wrote, or nobody knows who; "" when nothing is. It names a
    field of ours and a rule, and quotes nothing of it. `strictly`: nothing may have to be converted, and what the
    control side alone may say is wrong.
    """
    try:
        _STAMP.validate_python(at, strict=strictly)
        said = read(kind, data if isinstance(data, dict) else {}, strictly=strictly)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{first['loc'][0] if first['loc'] else 'it'}: {first['msg']}"
    if strictly and isinstance(said, RunEnded) and said.outcome in CONTROL_OUTCOMES:
        return "outcome: it is the control side's to say"
    return _unsound(data)


def _unsound(data: object) -> str:
    """What readers of any JSON would stumble over: numbers that are none, and nesting without end."""
    level = [data]
    for _ in range(_DEEP):
        below: list[Any] = []
        for value in level:
            if isinstance(value, float) and not math.isfinite(value):
                return "it holds a number that is not finite"
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return ""
        level = below
    return f"it is nested more than {_DEEP} levels deep"
