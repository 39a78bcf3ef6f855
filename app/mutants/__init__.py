"""Production files broken on purpose: whoever runs what a change touched, fails. Extreme mutation. Pure.

    made = mutant("calc.py", old, new)    # Mutant(content), or None where the file's language is not known
    mutant("calc.py", old, new, MARKER + ": 1f")     # what it fails with, where runs of several have to be told apart
    is_same_code("calc.py", old, new)     # nothing but comments (and documentation strings) differs

Only the bodies of changed functions are broken where the change is in functions. What changed around them breaks the
whole file when it is loaded, or all of its functions where the language loads nothing by itself. The mutant still
compiles wherever the file did: names stay used, and no compiler sees that the rest is out of reach.
"""

from __future__ import annotations

from app.mutants import braces, python, ruby
from app.mutants.languages import LANGUAGES
from app.mutants.parts import MARKER, Mutant, Parts, is_same

__all__ = ["MARKER", "Mutant", "is_same_code", "mutant"]

_MAX_BYTES = 1_000_000  # of a file that is taken apart


def mutant(path: str, old: bytes, new: bytes, says: str = MARKER) -> Mutant | None:
    """The file as it is in the change (`new`; `old` is b"" for one that is added), broken. None where nothing that
    runs was changed, or nobody knows how to break it. `says` goes into texts of all languages as it is: no quotes.
    """
    made, before = _read(path, new), _read(path, old)
    if made is None or before is None or is_same(before, made):
        return None
    found = made.broken(before, says)
    return found if found is None or not path.endswith(".py") or python.parses(found.content) else None


def is_same_code(path: str, old: bytes, new: bytes) -> bool:
    """Whether both run alike; False where that cannot be told."""
    made, before = _read(path, new), _read(path, old)
    return made is not None and before is not None and is_same(before, made) and before.aside == made.aside


def _read(path: str, content: bytes) -> Parts | None:
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    if len(content) > _MAX_BYTES or path.endswith(".d.ts"):
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if ending == "py":
        return python.read(text)
    if ending in {"rb", "rake"}:
        return ruby.read(text)
    language = LANGUAGES.get(ending)
    return braces.read(text, language) if language else None
