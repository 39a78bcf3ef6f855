"""Variables that look like settings and that nobody reads: misspelt, or of another version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from app import settings
from app.cli.finding import Finding
from app.errors import SettingsError

# Read elsewhere than in `settings.load`: what the launcher tells a sandbox's container.
ELSEWHERE = frozenset({"LAMPLIGHTER_SANDBOX_KEY_SHA"})


class _Asked(dict[str, str]):
    """An environment that remembers what was looked for in it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(key)
        return default


def known() -> frozenset[str]:
    """Every variable that is read."""
    asked = _Asked()
    try:
        settings.load(asked)
    except SettingsError:
        pass  # the names are what is wanted
    return frozenset(asked.names) | ELSEWHERE


def examine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A warning for each variable that was probably meant for us."""
    names = known()
    for name in sorted(environment):
        if name in names or not _is_meant_for_us(name):
            continue
        bare = name.upper().removeprefix("LAMPLIGHTER_")
        near = [bare] if bare in names else get_close_matches(name.upper(), sorted(names), n=1, cutoff=0.8)
        mend = f"Did you mean {near[0]}?" if near else "Take it out; the README lists all settings."
        yield Finding(name="settings", level="warn", text=f"{name} is set, and nothing reads it", mend=mend)


def _is_meant_for_us(name: str) -> bool:
    first = name.upper().partition("_")[0]
    return first.startswith("LAMPLIGHTER") or bool(get_close_matches(first, ["LAMPLIGHTER"], cutoff=0.8))
