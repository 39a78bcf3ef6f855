"""Which workflows run for a pull request against the default branch, or for what is pushed to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.projects.workflows.expressions import UNKNOWN

_OF_PULLS = ("pull_request", "merge_group", "pull_request_target")
# Types of `pull_request` that come before its merge and without anybody's label or review.
_BEFORE_MERGE = frozenset({"opened", "synchronize", "reopened", "ready_for_review"})
_DEFAULT = re.compile(r"(main|master|trunk|develop|devel|default|v?\d+(\.x|\.\d+)*(-dev)?|\$default-branch)|.*[*].*")


def guards(on: object) -> bool:
    names = _names(on)
    pulls = names.get("pull_request")
    if "pull_request" in names and (not isinstance(pulls, dict) or _before_merge(pulls.get("types"))):
        return True
    return "merge_group" in names or ("push" in names and _to_default(names["push"]))


def event_of(on: object) -> Mapping[str, Any]:
    """The `github` context as far as it is the same for every pull request; under "" what is not in it."""
    is_pull = any(name in _names(on) for name in _OF_PULLS)
    pull = {"labels": [], "merged": False, "draft": False, "": UNKNOWN}
    return {
        "event_name": "pull_request" if is_pull else "push",
        "event": {"pull_request": pull if is_pull else None, "action": "opened", "": UNKNOWN},
        "ref": "refs/pull/1/merge" if is_pull else UNKNOWN,
        "ref_type": "branch",
        "workspace": ".",
        "": UNKNOWN,
    }


def _names(on: object) -> dict[str, Any]:
    if isinstance(on, dict):
        return on
    names = on if isinstance(on, list) else [on]
    return {name: None for name in names if isinstance(name, str)}


def _before_merge(types: object) -> bool:
    if types in (None, ""):
        return True
    listed = types if isinstance(types, list) else [types]
    return any(name in _BEFORE_MERGE for name in listed)


def _to_default(push: object) -> bool:
    if not isinstance(push, dict):
        return True
    if "branches" not in push:
        return "tags" not in push and "tags-ignore" not in push
    branches = push["branches"]
    listed = branches if isinstance(branches, list) else [branches]
    return any(isinstance(name, str) and _DEFAULT.fullmatch(name) for name in listed)
