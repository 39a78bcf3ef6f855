"""Waiting for what other threads and processes do, for as long as a busy machine takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

BUSY_SECONDS = 60.0  # what takes 10 ms alone has been seen to take seconds beside a full test run


def until(
    is_so: Callable[[], T],
    otherwise: str | Callable[[], str] = "waited in vain",
    *,
    seconds: float = BUSY_SECONDS,
    pause: float = 0.02,
    meanwhile: Callable[[], object] = lambda: None,
) -> T:
    """The first true answer; `meanwhile` is done between two looks. Raises TimeoutError, saying `otherwise`."""
    deadline = time.monotonic() + seconds
    while not (answer := is_so()):
        if time.monotonic() >= deadline:
            raise TimeoutError(otherwise() if callable(otherwise) else otherwise)
        meanwhile()
        time.sleep(pause)
    return answer
