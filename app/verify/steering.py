"""What of a change steers the tests: existing tests, and what decides which run, how, with what result. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence

from app.checks.test_files import holds_tests, is_test_path
from app.verify.disturbing import disturbs
from app.verify.steering_files import SETTINGS, loses_tests, parts_of
from app.workspace import Change

_RUNNERS = frozenset({"pytest", "_pytest", "pluggy", "nose", "nose2", "nox", "tox", "coverage", "hypothesis"})
_OFTEN = frozenset({"test"})  # of Python itself, and of half the world


def steering(
    changes: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes], verify: Sequence[str]
) -> list[str]:
    """Paths of the change that steer the tests; a new file of tests does where it may reach the old ones.

    `verify` are the project's commands: a script they name is one of these.
    """
    words = {word.removeprefix("./") for command in verify for word in re.split(r"[\s;&|'\"]+", command)}
    code = {name for change in changes if not is_test_path(change.path) for name in _modules(change.path)}
    return [it.path for it in changes if _steers(it, new, old, words) or _takes_the_place(it, code)]


def _steers(change: Change, new: Mapping[str, bytes], old: Mapping[str, bytes], words: set[str]) -> bool:
    path = change.path
    before, after = old.get(path, b""), new.get(path, b"")
    if (parts := parts_of(path)) is not None:
        return parts(after) != parts(before)
    if (loses := loses_tests(path, before, after)) is not None:
        return loses
    if SETTINGS.search(path) or path in words or _shadows(change):
        return True
    return is_test_path(path) and (change.kind != "add" or disturbs(path, after))


def _shadows(change: Change) -> bool:
    """Whether Python finds the new module before the runner, or before what the runner is made of."""
    first = change.path.partition("/")[0].removesuffix(".py")
    is_module = change.path.endswith(".py") and change.kind == "add"
    return is_module and (first in _RUNNERS or first in sys.stdlib_module_names) and first not in _OFTEN


def _takes_the_place(change: Change, code: Collection[str]) -> bool:
    """Whether what is new among the tests has the name of a module that the change touches, or of one of Python's: the
    folder of a test comes first where its imports are looked for.
    """
    if change.kind != "add" or not is_test_path(change.path) or holds_tests(change.path):
        return False
    return any(name in code or name in _RUNNERS | sys.stdlib_module_names - _OFTEN for name in _modules(change.path))


def _modules(path: str) -> list[str]:
    """Names under which the file could be imported."""
    if not path.endswith(".py"):
        return []
    return [part for part in path.removesuffix(".py").split("/") if part not in {"__init__", "src", "lib", "tests"}]
