"""A file taken apart: functions and what stands around them; and which of them a change touched. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Stands in what a broken function says, so that a failure which shows it came from there.
MARKER = "broken on purpose, to see whether a test notices"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """The content with which the file is run. `on_load`: the whole file fails; else only what was changed in it."""

    content: bytes
    on_load: bool


@dataclass(frozen=True, kw_only=True)
class Function:
    """`own` is its code without that of functions in it; `put` at `at` of the text makes it fail when it is called."""

    name: str
    own: str
    at: int
    put: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`around` is the code outside of functions without imports, `imports` those; both without comments. `load` at
    `load_at` makes the file fail when it is loaded; None where its language runs nothing then. `aside` are tests that
    stand in the file, and what is types alone.
    """

    text: str
    functions: Sequence[Function]
    around: str
    imports: str
    aside: str = ""
    load_at: int | None = None
    load: str = ""

    def broken(self, before: Parts, says: str = MARKER) -> Mutant | None:
        """With what `before` has not, or has otherwise, broken: it fails with `says`."""
        changed = self._changed(before)
        whole = self.around != before.around or not changed
        if whole and self.load_at is not None:
            return self._with([(self.load_at, self.load)], says, on_load=True)
        places = self.functions if whole else changed
        return self._with([(it.at, it.put) for it in places], says, on_load=whole) if places else None

    def _changed(self, before: Parts) -> list[Function]:
        left = before.codes()
        found = []
        for function in self.functions:
            key = (function.name, function.own)
            if left[key]:
                left[key] -= 1
            else:
                found.append(function)
        return found

    def codes(self) -> Counter[tuple[str, str]]:
        """All functions, however often one stands there."""
        return Counter((function.name, function.own) for function in self.functions)

    def _with(self, inserted: Sequence[tuple[int, str]], says: str, *, on_load: bool) -> Mutant:
        text = self.text
        for at, put in sorted(set(inserted), reverse=True):
            text = text[:at] + put.replace(MARKER, says) + text[at:]
        return Mutant(content=text.encode(), on_load=on_load)


def is_same(old: Parts, new: Parts) -> bool:
    """Whether both have the same code, tests and types aside."""
    return (old.around, old.imports, old.codes()) == (new.around, new.imports, new.codes())
