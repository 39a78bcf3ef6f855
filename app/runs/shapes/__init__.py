"""What a worker's event must look like to be heeded: one shape for every kind that is a worker's to say. Pure.

A worker that was taken over may write anything into its own run's ledger. What does not fit here stays there and means
nothing to any reader (`app.ledger`), so that nobody after that has to reckon with it. Fields that no reader takes apart
are left out; what is not named here may be anything that JSON can hold.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import ValidationError

from app.runs.shapes.events import SHAPES
from app.runs.shapes.parts import Shape, Time

__all__ = ["SHAPES", "fault"]

_DEEP = 60  # levels of lists and objects; our own events have eight, and readers go down by recursion


class _Stamp(Shape):
    at: Time


def fault(kind: str, at: str, data: object) -> str:
    """What is wrong with a worker's event of a `kind` that it may say; "" when nothing is. It names a field of ours and
    a rule, and quotes nothing that the worker wrote.
    """
    try:
        _Stamp.model_validate({"at": at})
        SHAPES[kind].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{first['loc'][0] if first['loc'] else 'it'}: {first['msg']}"
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
