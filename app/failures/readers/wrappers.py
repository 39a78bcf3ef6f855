"""What runs other tools: of its output the part that the failing tool printed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HOOK = re.compile(r"(.{1,200}?)\.{3,}(?:\(.{1,60}\))?(Passed|Failed|Skipped)$")
_DOCKER = re.compile(r"#\d{1,4} (?:\d{1,6}\.\d{1,4} )?(.*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    """Who ran the tool, and which lines are its own: pairs of an index and a text."""

    by: str
    name: str = ""
    lines: tuple[tuple[int, str], ...] = ()


def unwrapped(lines: Sequence[str]) -> list[Wrapped]:
    """The parts in which something failed, in their order; empty where nothing wraps."""
    if hooks := list(_hooks(lines)):
        return hooks
    return [part for part in (_docker(lines), _tox(lines)) if part][:1]


def _hooks(lines: Sequence[str]) -> Iterator[Wrapped]:
    """pre-commit runs all its hooks."""
    heads = [
        (at, found)
        for at, line in enumerate(lines)
        if line.endswith(("Passed", "Failed", "Skipped")) and (found := _HOOK.match(line))
    ]
    for number, (at, found) in enumerate(heads):
        if found[2] == "Failed":
            end = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
            yield Wrapped(by="pre-commit", name=found[1], lines=tuple((n, lines[n]) for n in range(at, end)))


def _docker(lines: Sequence[str]) -> Wrapped | None:
    """buildx numbers its lines: `#9 1.234 npm error …`."""
    own = [(at, found[1]) for at, line in enumerate(lines) if line.startswith("#") and (found := _DOCKER.match(line))]
    if len(own) < 3 or not any(line.startswith(("ERROR: failed to", "#")) and "ERROR" in line for line in lines):
        return None
    return Wrapped(by="docker", lines=tuple(own))


def _tox(lines: Sequence[str]) -> Wrapped | None:
    if not any(re.match(r"\s+(?:evaluation failed|.{1,80}: FAIL code \d)", line) for line in lines[-60:]):
        return None
    return Wrapped(by="tox", lines=tuple(enumerate(lines)))
