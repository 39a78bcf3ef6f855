"""The small words of GraphQL answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Args = Mapping[str, Any]


class Problem(Exception):
    """A field that cannot be answered; `kind` is GitHub's: FORBIDDEN, NOT_FOUND, MISSING_PAGINATION_BOUNDARIES …"""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def plain(value: Any) -> Callable[[Args], Any]:
    """A field without arguments."""
    return lambda _args: value


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """An object of a type: its fields by name, each a function of its arguments."""

    type: str
    fields: Mapping[str, Callable[[Args], Any]]
