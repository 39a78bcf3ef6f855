"""How many tests did what, and the names of those that failed. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_FAILING = 200  # names kept
NAME = 300  # characters of a name


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many tests did what. `failing` names failures and errors as the runner does, the first MAX_FAILING."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    errors: int = 0
    failing: tuple[str, ...] = ()
    unloaded: int = 0  # of the errors: files that could not be imported or built, so that none of their tests ran

    @classmethod
    def of(cls, numbers: Mapping[str, int], failing: Iterable[str], unloaded: int = 0) -> Counts:
        """From how many are `passed`, `failed`, `skipped`, `errors`, and names as they come; equal ones told apart."""
        known = {name: numbers.get(name, 0) for name in ("passed", "failed", "skipped", "errors")}
        return cls(**known, failing=told_apart(failing), unloaded=unloaded)

    @property
    def ran(self) -> int:
        return self.passed + self.failed + self.errors

    @property
    def ran_nothing(self) -> bool:
        """Whether it broke off before the first test: pytest does when it cannot import one of the files."""
        return self.unloaded > 0 and self.passed + self.failed + self.skipped + self.errors == self.unloaded

    @property
    def names_all_failures(self) -> bool:
        """Whether every failure has a name, so that two runs can be compared by name."""
        return len(self.failing) >= self.failed + self.errors

    def numbers(self) -> dict[str, int]:
        """JSON-shaped, without the names."""
        return {"passed": self.passed, "failed": self.failed, "skipped": self.skipped, "errors": self.errors}

    def as_event(self) -> dict[str, int | list[str]]:
        return {**self.numbers(), "failing": list(self.failing), "unloaded": self.unloaded}

    def plus(self, other: Counts) -> Counts:
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            errors=self.errors + other.errors,
            failing=named([*self.failing, *other.failing]),
            unloaded=self.unloaded + other.unloaded,
        )


def named(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(list(dict.fromkeys(name.strip()[:NAME] for name in found if name.strip()))[:MAX_FAILING])


def told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """A name that comes again has its number behind it: tests with parts, and parameters that are not shown."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for name in names:
        short = name.strip()[:NAME] or "?"
        seen[short] += 1
        found.append(short if seen[short] == 1 else f"{short} ({seen[short]})")
        if len(found) == MAX_FAILING:
            break
    return tuple(found)


def find(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE)


def summed(pattern: str, text: str) -> int:
    return sum(int(number) for number in find(pattern, text))
