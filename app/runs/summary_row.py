"""A run's row in the index of runs, as a store has it. Pure.

A worker writes the row together with its events, so one that was taken over may write anything there. A field that is
not what it should be is taken for unknown, and a run of which nothing is known counts as at work and as unpublished:
then somebody looks into its ledger.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from app.ledger import GENESIS
from app.ports.platform import RunSummary
from app.runs.state.run_state import Phase

_LONG_AGO = "2000-01-01T00:00:00.000+00:00"
_GROUP = re.compile(r"[!-~]{1,128}")  # what a queue takes for a group
_MOST = 2**53


def text_of(run: RunSummary) -> str:
    """The row as JSON, without what is None: it is written again with each event, and paid for by the kilobyte."""
    return json.dumps({name: value for name, value in vars(run).items() if value is not None}, separators=(",", ":"))


def read(run_id: str, text: str) -> RunSummary:
    """The row of `run_id`, whose JSON is `text`."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    said = values if isinstance(values, dict) else {}
    known = {name: said[name] for name, is_fit in _FIT.items() if name in said and is_fit(said[name])}
    return RunSummary(**{**_UNKNOWN, **known, "run_id": run_id})


def _is_text(value: object) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) < _MOST  # type: ignore[arg-type]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_spent(value: object) -> bool:
    return isinstance(value, dict) and all(_is_number(usd) for usd in value.values())


def _is_plain(value: object) -> bool:
    return isinstance(value, bool) or _is_text(value) or _is_number(value)


def _is_landing(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_plain, value.values()))


_FIT: Mapping[str, Callable[[object], bool]] = {
    "thread_key": lambda value: isinstance(value, str) and _GROUP.fullmatch(value) is not None,
    "installation_id": _is_count,
    "repository": _is_text,
    "number": _is_count,
    "title": _is_text,
    "phase": lambda value: value in get_args(Phase),
    "reason": _is_text,
    "requester": _is_text,
    "attempt": _is_count,
    "cost_usd": _is_number,
    "spent": _is_spent,
    "created_at": _is_time,
    "updated_at": _is_time,
    "seq": _is_count,
    "head": _is_text,
    "unpublished": lambda value: isinstance(value, bool),
    "park_until": lambda value: value is None or _is_time(value),
    "launched": lambda value: value is None or _is_count(value),
    "kept": lambda value: value is None or isinstance(value, bool),
    "question": lambda value: value is None or _is_text(value),
    "asked_at": lambda value: value is None or _is_time(value),
    "landed": lambda value: value is None or _is_landing(value),
}
_UNKNOWN: Mapping[str, Any] = {
    "thread_key": "0#0",
    "repository": "",
    "number": 0,
    "title": "",
    "phase": "working",
    "reason": "",
    "requester": "",
    "attempt": 0,
    "cost_usd": 0.0,
    "created_at": _LONG_AGO,
    "updated_at": _LONG_AGO,
    "seq": 0,
    "head": GENESIS,
    "unpublished": True,
}
