"""A run is its ledger: an append-only, hash-chained sequence of events.

Pure: no IO, no clock. The vocabulary of events is `KINDS`; `app.run_state` folds them into the state of a run,
`app.agent.transcript` into the conversation with the model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64

KINDS: Mapping[str, str] = {
    # dispatch
    "run.created": "thread, requester, trigger, task (frozen text), playbook, base, config, model, delivery",
    "run.queued": "reason, ahead",
    "run.moved": "thread, clone_url: what the repository is called from now on; its id stays",
    "onboarding.asked": "by, repositories (ids; none: all of the installation), delivery",
    "run.admitted": "reason, cap_usd: what it may cost in all by the day's budget; asks for one more attempt",
    "steer.received": "by, text, delivery",
    "question.answered": "by, text, delivery",
    "cancel.requested": "by, reason, delivery",
    "budget.raised": "by, run_usd, delivery",
    # worker
    "attempt.started": "attempt, worker, sandbox, resumed_from",
    "stage.started": "stage, note",
    "stage.ended": "stage, ok, note",
    "workspace.ready": "sha, files, size_bytes, seconds, notes, missing: what the checkout left out",
    "command.ran": "purpose, command, exit_code, seconds, timed_out, output (blob), tail, counts, at",
    "egress.requested": "host, port, method, allowed, reason, size_bytes",
    "briefing.made": "facts, guides, guides_elsewhere: what the first message says besides the task",
    "conversation.opened": "root, begun (blob or object): system, tools and opening as every call sends them",
    "model.called": "call, model, estimate_tokens, max_tokens, effort, cleared: tool uses whose results are left out",
    "model.replied": "call, content (blob or list, exact), said, stop_reason, usage, cost_usd, seconds, model, "
    "applied_edits (what the vendor cleared), input_transformations (what it did not show to the model)",
    "model.failed": "call, error, retry_after_seconds, usage, cost_usd",
    "tool.ran": "tool_use_id, name, summary, content (list), is_error, malformed, seconds, exit_code, output…",
    "notice.given": "about, text: what the harness told the model besides tool results (budget, steering, loop); why",
    "context.trimmed": "through_call: of older ledgers, in which the harness cleared results itself",
    "question.asked": "questions: text, options, default, consequences",
    "question.reminded": "question (its number, from 1), until: when the run ends without an answer",
    "breaking.reported": "what, affected, migration",
    "finish.called": "outcome, summary, confidence, assumptions, not_proven, not_done, decision, title",
    "snapshot.taken": "manifest (blob), files, size_bytes",
    "workspace.restored": "snapshot_seq, replayed",
    "verification.ended": "ok, baseline, head, regression, note",
    "scan.ended": "ok, findings",
    "proposal.made": "changes, title, summary, evidence, draft, marks, kept (old contents), unseen",
    "proposal.resumed": "by, delivery, comment_id: what was finished but not published is to be published after all",
    "run.parked": "reason, until, note",
    "run.resumed": "reason, cap_usd (unless a lost worker is replaced); asks for one more attempt",
    "run.ended": "outcome, reason, next_step",
    # publish
    "onboarding.listed": "repositories (blob), count, skipped, asks: how many are listed to their end, page: the next",
    "onboarding.began": "ids: repositories that may be written to until `onboarding.progressed`",
    "onboarding.progressed": "listing, cursor, ids, maybe, issues, trouble",
    "publish.intended": "key, digest",
    "publish.withdrawn": "key: a limit refused it, so what was intended was not made",
    "publish.done": "key, digest, result",
    "publish.failed": "key, digest, error",
    "publish.delayed": "key, digest, error, until, maybe_done: GitHub refused it, and it is tried again",
    "publish.settled": "through: GitHub shows every event up to this one",
    "publish.abandoned": "through, reason: the repository is out of reach, so nothing up to here will be shown",
}


def canonical(value: Any) -> bytes:
    """The one byte form of JSON-shaped `value` that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One fact about a run. `digest` covers everything else, `previous` is the digest of the event before."""

    run_id: str
    seq: int  # from 1, without gaps
    at: str  # UTC, ISO 8601
    kind: str
    data: Mapping[str, Any]
    previous: str
    digest: str

    @classmethod
    def make(cls, *, run_id: str, seq: int, at: datetime, kind: str, data: Mapping[str, Any], previous: str) -> Event:
        """Raises KeyError for a kind that is not in the vocabulary."""
        KINDS[kind]
        stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
        digest = _digest(run_id, seq, stamp, kind, data, previous)
        return cls(run_id=run_id, seq=seq, at=stamp, kind=kind, data=data, previous=previous, digest=digest)

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.at)


def _digest(run_id: str, seq: int, at: str, kind: str, data: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(canonical([run_id, seq, at, kind, data, previous])).hexdigest()


def verify_chain(run_id: str, events: Sequence[Event], witness: tuple[int, str] | None) -> list[str]:
    """What is wrong with a ledger, in sentences; empty when it is whole.

    `witness` is the last (seq, digest) recorded outside the ledger: without it a cut-off tail cannot be seen.
    """
    problems: list[str] = []
    previous = GENESIS
    for position, event in enumerate(events, start=1):
        if event.run_id != run_id:
            problems.append(f"event {position} belongs to run {event.run_id}")
        if event.seq != position:
            problems.append(f"event {event.seq} stands where {position} was expected: removed or reordered")
        if event.previous != previous:
            problems.append(f"event {event.seq} does not follow the event before it: changed, removed or reordered")
        if _digest(event.run_id, event.seq, event.at, event.kind, event.data, event.previous) != event.digest:
            problems.append(f"event {event.seq} ({event.kind}) was changed after it was written")
        previous = event.digest
    if witness is not None:
        seq, digest = witness
        if len(events) < seq:
            problems.append(f"the ledger ends at event {len(events)}, but event {seq} was witnessed: cut off")
        elif seq and events[seq - 1].digest != digest:
            problems.append(f"event {seq} is not the one that was witnessed")
    return problems
