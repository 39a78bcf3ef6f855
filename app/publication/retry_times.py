"""How long after a refusal of GitHub's an effect is tried again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import UserError
from app.github.errors import Refused
from app.publication.projection import Effect

# Pauses after each refusal, in seconds; when they are used up it is final. Finished work is kept for half an hour: a
# permission or a ruleset may be mended meanwhile. For the rest it is the minute in which GitHub may lag behind.
_WORK_PAUSES = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
_LAG_PAUSES = (10.0, 20.0, 30.0)
_LAGS = frozenset({404, 409, 422})


def pause_after(effect: Effect, error: UserError, before: int) -> float | None:
    """How long to wait after the refusal that follows `before` others; None when it was the last."""
    if not isinstance(error, Refused):
        return None  # our own second look said no
    pauses: Sequence[float] = ()
    if effect.kind in {"branch", "pull"}:
        pauses = _WORK_PAUSES
    elif error.status in _LAGS:
        pauses = _LAG_PAUSES
    return pauses[before] if before < len(pauses) else None
