"""What a worker says of every kind that is its own, as it says it: the base that bad shapes are made of."""

from __future__ import annotations

from typing import Any

DIGEST = "ab" * 32
_BLOB = {"blob": DIGEST, "size": 3}
_COUNTS = {"passed": 2, "failed": 1, "skipped": 0, "errors": 0}
_STEP = {"command": "pytest", "exit_code": 1, "seconds": 0.5, "counts": _COUNTS}
_ROUND = {"ending": "red", "how": "exit code 1", "passed": 2, "ran": 3, "failing": ["t.py::a"], "unnamed": 0}

GOOD: dict[str, dict[str, Any]] = {
    "attempt.started": {"attempt": 1, "worker": "host:1:1", "sandbox": "bubblewrap", "worked_seconds": 0.0},
    "stage.started": {"stage": "clone", "note": "fetching"},
    "stage.ended": {"stage": "clone", "ok": True, "note": "3 files"},
    "workspace.ready": {"sha": "c1", "files": 3, "size_bytes": 9, "seconds": 0.1, "notes": [], "missing": []},
    "project.rehearsed": {
        "fits": True, "why": "It fails.", "setup": ["uv sync"], "verify": ["pytest"], "untested": ["docs"],
        "configuration": "setup: []\n", "ran": True,
    },
    "tests.known": {"why": "a", "sources": {"pytest": "`ci.yml`, step 1"}, "not_here": ["what needs a browser"]},
    "merge.tried": {
        "base_sha": "c2", "behind": 2, "files": 3, "conflicts": [{"path": "a.py", "why": "both", "lines": [4]}],
    },
    "head.merged": {"sha": "c3", "files": 2, "conflicts": [{"path": "a.py", "why": "both", "lines": [4]}]},
    "command.ran": {
        "purpose": "verify", "command": "pytest", "exit_code": None, "seconds": 1, "killed_by": "time",
        "timed_out": True, "output": _BLOB, "tail": "\ud800", "counts": None, "at": "head", "step": 1, "steps": 1,
    },
    "egress.requested": {
        "host": "pypi.org", "port": 443, "method": "GET", "allowed": True, "reason": "", "size_bytes": 1,
        "sent_bytes": 1,
    },
    "briefing.made": {"facts": [{"what": "a", "text": "b"}], "guides": [], "guides_elsewhere": []},
    "conversation.opened": {"root": DIGEST, "begun": _BLOB},
    "model.called": {
        "call": 1, "model": "m", "estimate_tokens": 9, "max_tokens": 9, "effort": "low", "cleared": 0,
    },
    "model.replied": {
        "call": 1, "content": [{"type": "text", "text": "x"}], "said": "x", "stop_reason": "end_turn",
        "usage": {"input_tokens": 3}, "cost_usd": 0.01, "seconds": 1, "model": "m",
    },
    "model.failed": {"call": 1, "error": "away", "retry_after_seconds": None, "usage": {}, "cost_usd": 0.0},
    "tool.ran": {
        "tool_use_id": "t", "name": "bash", "summary": "ran ls", "content": [{"type": "text", "text": "x"}],
        "is_error": False, "malformed": False, "seconds": 0.1, "exit_code": 0,
    },
    "notice.given": {"about": "verification", "text": "no", "why": "no"},
    "context.trimmed": {"through_call": 1},
    "question.asked": {"questions": [{"text": "?", "options": ["a", "b"], "default": 0, "consequences": ["", ""]}]},
    "breaking.reported": {"what": "a", "affected": "b", "migration": "c"},
    "diagnosis.made": {"what": "w", "where": ["a.py:1"], "why": "y", "fix": "f"},
    "thread.answered": {"thread": 1, "done": True, "text": "t"},
    "finish.called": {
        "outcome": "done", "title": "t", "summary": "s", "confidence": "high", "assumptions": [], "not_proven": [],
        "not_done": [], "decision": "",
    },
    "snapshot.taken": {"manifest": _BLOB, "files": 1, "size_bytes": 1, "skipped": []},
    "workspace.restored": {"snapshot_seq": 1, "replayed": 0},
    "verification.ended": {
        "ok": True, "status": "fixed", "note": "", "baseline": [_STEP], "head": [_STEP], "new_failures": [],
        "fixed": [], "regression": None,
        "claims": {
            "base": _ROUND, "head": _ROUND, "originals": None, "uncollected": [], "steered": [], "tests_only": False,
            "only_edits": False, "tests": [{"name": "t.py::a", "before": "red", "after": "green", "how": ""}],
        },
    },
    "scan.ended": {
        "ok": True,
        "findings": [{"check": "c", "level": "note", "path": "a", "message": "m", "line": 0, "mark": ""}],
    },
    "proposal.made": {
        "changes": [
            {"path": "a", "kind": "modify", "mode": "100644", "digest": DIGEST, "size": 1, "old_mode": "100644"}
        ],
        "title": "t", "draft": False, "draft_reason": "", "marks": [], "owners": [], "reviewers": [],
        "template": None, "evidence": [3], "verified": True, "unseen": [], "ledger_head": DIGEST,
        "kept": {"a": DIGEST}, "merge": {"base_sha": "c2", "ours": ["b"]},
    },
    "run.parked": {"reason": "outage", "note": "n", "until": "2026-03-02T10:00:00+00:00"},
    "run.ended": {"outcome": "failed", "reason": "r", "next_step": "n"},
}  # fmt: skip
