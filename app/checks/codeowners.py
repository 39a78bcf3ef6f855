"""CODEOWNERS as GitHub reads it: patterns much like .gitignore's, the last line that matches a path decides. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.text.globs import Pattern, parse

_OWNER = re.compile(r"@([A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?)")


def owners(text: str, paths: Iterable[str]) -> list[str]:
    """Logins and teams (`org/team`), without `@`, who own any of `paths`, in the order of the paths.

    Addresses are left out: a review cannot be asked of one. A line whose pattern GitHub does not support (`!`, `[ ]`)
    is skipped; a matching line without owners means that nobody owns the path.
    """
    rules = list(reversed(_rules(text)))
    found: dict[str, None] = {}
    for path in paths:
        people = next((people for pattern, people in rules if _owns(pattern, path)), ())
        found.update(dict.fromkeys(people))
    return list(found)


def _rules(text: str) -> list[tuple[Pattern, tuple[str, ...]]]:
    rules: list[tuple[Pattern, tuple[str, ...]]] = []
    for raw in text.removeprefix("\ufeff").splitlines():
        line = re.split(r"(?<!\\)#", raw, maxsplit=1)[0].strip()
        if not line or line[0] in "!\\" or "[" in (words := re.split(r"(?<!\\)\s+", line))[0]:
            continue
        pattern = parse(words[0])
        if pattern is not None:
            rules.append((pattern, tuple(m[1] for word in words[1:] if (m := _OWNER.fullmatch(word)))))
    return rules


def _owns(pattern: Pattern, path: str) -> bool:
    """The path itself or a folder above it; `docs/*` owns the files in docs but nothing deeper."""
    return pattern.matches(path) if pattern.files_of_one_folder else pattern.covers(path)
