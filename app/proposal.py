"""A worker's last word: the change as a validated manifest, with what the reviewers need to know.

Nothing here writes to GitHub; the publisher checks the proposal again before it mints a write token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app import workspace
from app.checks import ChangeSet, Finding, blocked, marks, owners, scan
from app.recheck import rules_of
from app.run_ledger import RunLedger
from app.run_state import RunState
from app.verify import Verification
from app.workroom import Workroom, stage
from app.workspace import Change

_REVIEWERS = 3  # people asked for a review; more than that and nobody feels asked


def propose(
    ledger: RunLedger,
    room: Workroom,
    found: Sequence[Change],
    new: Mapping[str, bytes],
    old: Mapping[str, bytes],
    verification: Verification,
) -> str | None:
    """Scan the change and put the proposal into the ledger.

    Returns None when it is there, or what the model must mend when a check blocks it.
    """
    rules = rules_of(ledger.state.created["config"])
    changeset = ChangeSet.of(found, old=old, new=new, base_paths=room.before, submodules=room.made.submodules)
    with stage(ledger, "scan", "checking the change") as end:
        findings = scan(changeset, rules)
        refused = blocked(findings)
        end |= {"ok": not refused, "note": f"{len(findings)} finding(s)" if findings else "nothing found"}
        ledger.append("scan.ended", ok=not refused, findings=[asdict(finding) for finding in findings])
    if refused:
        return _refusal(findings)
    for change in found:
        if change.kind != "delete":
            ledger.store.put_blob(new[change.path])
    ledger.append("proposal.made", **_proposal(ledger.state, room, found, findings, verification))
    return None


def _refusal(findings: Sequence[Finding]) -> str:
    lines = [
        f"- {finding.path or 'the change'}{f' line {finding.line}' if finding.line else ''}: {finding.message}"
        for finding in findings
        if finding.level == "block"
    ]
    return "The change cannot be proposed as it is. Mend this and call finish again:\n" + "\n".join(lines)


def _proposal(
    state: RunState,
    room: Workroom,
    found: Sequence[Change],
    findings: Sequence[Finding],
    verification: Verification,
) -> dict[str, Any]:
    finish = state.finish or {}
    earned = sorted(marks(findings) | ({"breaking-change"} if state.breaking else set()))
    draft_reason = _draft_reason(state, earned)
    text = workspace.codeowners(room.mirror, room.made.sha)
    people = owners(text, [change.path for change in found]) if text else []
    requester = state.created["requester"]["login"]
    return {
        "changes": [asdict(change) for change in found],
        "title": finish.get("title", ""),
        "draft": bool(draft_reason),
        "draft_reason": draft_reason,
        "marks": earned,
        "owners": people,
        "reviewers": [name for name in [*state.created["config"]["reviewers"], *people] if name != requester][
            :_REVIEWERS
        ],
        "template": workspace.pull_request_template(room.mirror, room.made.sha),
        "evidence": [item["seq"] for item in state.commands if item["purpose"] in {"verify", "proof"}],
        "verified": verification.ok,
        "ledger_head": state.head,
    }


def _draft_reason(state: RunState, earned: Sequence[str]) -> str:
    if "breaking-change" in earned:
        return "it contains a breaking change, so a person decides when it is ready."
    if "tests-changed" in earned:
        return "it changes what existing tests check, so a person should look at that first."
    if (state.finish or {}).get("confidence") == "low":
        return "I am not sure of it."
    if state.created["config"]["autonomy"] != "ready":
        return "that is how this repository wants my pull requests (`autonomy: draft`)."
    return ""
