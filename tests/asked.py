"""What a run begins with, for tests that look at what came after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CREATED: Mapping[str, Any] = {  # the data of `run.created`
    "thread": {"installation_id": 1, "repository_id": 2, "repository": "acme/calc", "number": 3},
    "requester": {"login": "maya", "id": 4, "type": "User"},
    "trigger": "issues.labeled:agent-fix",
    "reason": "the label was put on",
    "delivery": "guid",
    "task": {"title": "Divide by zero"},
    "base": {"ref": "main", "sha": "a" * 40, "default": True},
    "config": {},
    "config_source": {"path": None, "sha": "a" * 40},
    "model": "m",
    "admission": {"role": "maintain"},
}
