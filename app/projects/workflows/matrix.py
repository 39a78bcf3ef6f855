"""One entry of a job's matrix: of those that run on Linux the plainest. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.projects.workflows.expressions import UNKNOWN, as_text, evaluate, substitute, typed
from app.projects.workflows.reading import maps

_MOST_ENTRIES = 256  # GitHub's own bound on a matrix
_LINUX = re.compile(r"ubuntu|linux|debian|self-hosted", re.IGNORECASE)
_NOT_LINUX = re.compile(r"windows|win32|macos|osx|darwin", re.IGNORECASE)
# What is tried besides the supported: other interpreters, toolchains to come, oldest versions, other machines.
_ODD = re.compile(
    r"pypy|graal|nightly|beta|alpha|\bdev\b|experimental|\brc\b|\d[.\d]*t\b|lowest|oldest|minim|\bmin\b|msrv|latest-dev"
    r"|musl|i686|\bi?386\b|aarch64|\barm|s390x|ppc64|riscv|free-?thread|nogil|compat|legacy|next|canary|debug|plugin|docs?\b|lint|mypy|typing|typecheck|coverage|xdist|freeze",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"py(thon)?([-_]?version)?s?", re.IGNORECASE)
_SOME_PYTHON = "3.12"  # where a workflow computes its versions: tests run with the interpreter here in any case

Entry = Mapping[str, Any]


def is_linux(runner: str) -> bool:
    return bool(_LINUX.search(runner)) or not _NOT_LINUX.search(runner)


def entries(matrix: object, contexts: Mapping[str, Any]) -> Sequence[Entry]:
    """As GitHub makes them of axes, `exclude` and `include`; one of no values where there is no matrix."""
    matrix = _told(matrix, contexts)
    if not isinstance(matrix, dict):
        return [{}]
    axes = {name: _values(name, _told(values, contexts)) for name, values in matrix.items()
            if name not in {"include", "exclude"}}  # fmt: skip
    made: list[dict[str, Any]] = [{}] if axes else []
    for name, values in axes.items():
        made = [{**entry, name: value} for entry in made for value in values][:_MOST_ENTRIES]
    without = maps(_told(matrix.get("exclude"), contexts))
    made = [entry for entry in made if not any(_has(entry, _typed(item)) for item in without)]
    originals = [dict(entry) for entry in made]
    for item in maps(_told(matrix.get("include"), contexts))[:_MOST_ENTRIES]:
        more = _typed(item)
        fits = [
            at for at, entry in enumerate(originals) if all(entry.get(k) == v for k, v in more.items() if k in axes)
        ]
        if not fits or not set(more) - set(axes):
            made.append(more)
            continue
        for at in fits:
            made[at].update({name: value for name, value in more.items() if name not in axes})
    return made or [{}]


def plainest(found: Sequence[Entry], runs_on: str, contexts: Mapping[str, Any]) -> Entry | None:
    """None where none of them runs on Linux."""
    here = [entry for entry in found if is_linux(substitute(runs_on, {**contexts, "matrix": entry}) or "")]
    return min(here, key=_oddity, default=None)


def _oddity(entry: Entry) -> tuple[int, int, int]:
    values = [as_text(value) for value in entry.values() if not isinstance(value, dict | list)]
    plain = [re.sub(r"[\d.]+", "1", value) for value in values]
    odd = sum(bool(_ODD.search(value)) for value in values) + (entry.get("experimental") is True)
    return odd, sum(bool(value) for value in values), sum(map(len, plain))


def _told(value: object, contexts: Mapping[str, Any]) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", value, re.DOTALL)):
        return evaluate(found[1], contexts)
    return value


def _values(name: str, told: object) -> list[Any]:
    if isinstance(told, list):
        return [_typed(item) if isinstance(item, dict) else typed(item) for item in told] or [None]
    return [_SOME_PYTHON if _PYTHON.fullmatch(name) else UNKNOWN]


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): typed(value) for name, value in item.items()}


def _has(entry: Entry, wanted: Entry) -> bool:
    return all(entry.get(name) == value for name, value in wanted.items())
