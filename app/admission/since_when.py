"""Since which commit a check fails: the commits before it, looked at one after another, as few as it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.admission.check_results import State

_MOST = 8  # commits that are looked at; each is two requests


@dataclass(frozen=True, kw_only=True)
class Since:
    """`red`: the first of the commits on which it failed without a break. `green`: the newest before that on which it
    passed; empty where none was found.
    """

    red: str
    green: str = ""


class Past:
    """A line of commits, the newest first. `read` says how the checks of one ended, by name."""

    def __init__(
        self,
        line: Sequence[str],
        read: Callable[[str], Mapping[str, State]],
        *,
        has_time: Callable[[], bool] = lambda: True,
    ) -> None:
        self._line = line[:_MOST]
        self._read = read
        self._has_time = has_time
        self._known: dict[str, Mapping[str, State]] = {}

    def since(self, names: Sequence[str]) -> Since | None:
        """Of a cause that fails several checks: since the first of them has failed. None for an empty line."""
        if not self._line:
            return None
        red = self._line[0]
        for sha in self._line[1:]:
            states = {self._at(sha).get(name) for name in names}
            if "red" in states:
                red = sha
            elif "green" in states:
                return Since(red=red, green=sha)
        return Since(red=red)

    def _at(self, sha: str) -> Mapping[str, State]:
        if sha not in self._known:
            self._known[sha] = self._read(sha) if self._has_time() else {}
        return self._known[sha]
