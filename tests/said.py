"""Events for tests, with what a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from app.events import RECORDS, Record

_NEEDED: dict[str, dict[str, Any]] = {
    "base.followed": {"ref": "main"},
    "breaking.reported": {"what": "", "affected": "", "migration": ""},
    "command.ran": {"purpose": "verify", "command": "make test"},
    "egress.requested": {"port": 443, "method": "GET", "allowed": True, "reason": "", "size_bytes": 0},
    "tool.ran": {"tool_use_id": "t", "name": "bash", "summary": "", "content": [], "is_error": False},
    "attempt.started": {"worker": "w"},
    "model.failed": {"call": 1, "error": ""},
    "model.replied": {"call": 1, "content": [], "stop_reason": "end_turn", "usage": {}, "cost_usd": 0.0},
    "notice.given": {"about": "test", "text": ""},
    "proposal.made": {"draft": False},
    "run.moved": {"clone_url": ""},
}


def said(kind: str, /, **data: Any) -> Record:
    """The record of `kind` that says `data`."""
    return RECORDS[kind](**{**_NEEDED.get(kind, {}), **data})
