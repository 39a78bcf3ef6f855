"""The shape of every kind that is a worker's to say; docs of the fields are in `app.kinds` and at their writers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from app.runs.shapes.parts import (
    ABSENT,
    Blob,
    Change,
    Claims,
    Code,
    Count,
    Counts,
    Digest,
    Dollars,
    Finding,
    Outcome,
    Question,
    Said,
    Seconds,
    Shape,
    Step,
    Text,
    Time,
)


class Attempt(Shape):
    attempt: Annotated[int, Field(ge=1, le=10**6)]
    worker: Text
    sandbox: Text = ABSENT


class StageStarted(Shape):
    stage: Text
    note: Text = ABSENT


class StageEnded(StageStarted):
    ok: bool


class Workspace(Shape):
    sha: Text
    files: Count
    size_bytes: Count
    seconds: Seconds
    notes: list[Text]
    missing: list[Text] = ABSENT


class Command(Shape):
    purpose: Text
    command: Text
    exit_code: Code | None
    seconds: Seconds
    killed_by: Text | None = ABSENT
    timed_out: bool = ABSENT
    output: Blob = ABSENT
    tail: Text = ABSENT
    counts: Counts | None
    at: Text
    step: Count = ABSENT
    steps: Count = ABSENT


class Request(Shape):
    host: Text
    port: Count
    method: Text
    allowed: bool
    reason: Text
    size_bytes: Count
    sent_bytes: Count = ABSENT


class Briefing(Shape):
    facts: list[dict[Text, Text]]
    guides: list[list[Text]]
    guides_elsewhere: list[Text]


class Begun(Shape):
    system: list[dict[Text, Any]]
    tools: list[dict[Text, Any]]
    opening: list[dict[Text, Any]]


class Opened(Shape):
    root: Text
    begun: Begun | Blob


class Called(Shape):
    call: Count
    model: Text
    estimate_tokens: Count
    max_tokens: Count
    effort: Text = ABSENT
    cleared: Count = ABSENT


class Replied(Shape):
    call: Count
    content: list[dict[Text, Any]] | Blob
    said: Text = ABSENT
    stop_reason: Text | None
    usage: dict[Text, Count]
    cost_usd: Dollars
    seconds: Seconds = ABSENT
    model: Text = ABSENT


class Failed(Shape):
    call: Count
    error: Text
    cost_usd: Dollars = ABSENT
    retry_after_seconds: Seconds | None = ABSENT
    usage: dict[Text, Count] = ABSENT


class Tool(Shape):
    tool_use_id: Text
    name: Text
    summary: Text
    content: list[Said]
    is_error: bool
    malformed: bool = ABSENT
    seconds: Seconds = ABSENT
    exit_code: Code | None = ABSENT
    output: Blob = ABSENT
    output_path: Text = ABSENT


class Notice(Shape):
    about: Text
    text: Text
    why: Text = ABSENT


class Trimmed(Shape):
    through_call: Count


class Asked(Shape):
    questions: Annotated[list[Question], Field(min_length=1)]


class Breaking(Shape):
    what: Text
    affected: Text
    migration: Text


class Finish(Shape):
    outcome: Text
    title: Text
    summary: Text
    confidence: Text
    assumptions: list[Text]
    not_proven: list[Text] = ABSENT
    not_done: list[Text]
    decision: Text


class Snapshot(Shape):
    manifest: Blob
    files: Count
    size_bytes: Count


class Restored(Shape):
    snapshot_seq: Count


class Verified(Shape):
    ok: bool
    status: Text
    note: Text
    baseline: list[Step]
    head: list[Step]
    claims: Claims | None


class Scanned(Shape):
    ok: bool
    findings: list[Finding]


class Proposal(Shape):
    changes: list[Change]
    title: Text
    draft: bool
    draft_reason: Text
    marks: list[Text]
    owners: list[Text]
    reviewers: list[Text]
    template: Text | None
    evidence: list[Count]
    verified: bool
    unseen: list[Text]
    ledger_head: Text
    kept: dict[Text, Digest]


class Parked(Shape):
    reason: Text
    note: Text = ABSENT
    until: Time | None = ABSENT


class Ended(Shape):
    outcome: Outcome
    reason: Text = ABSENT
    next_step: Text = ABSENT


SHAPES: Mapping[str, type[Shape]] = {
    "attempt.started": Attempt,
    "stage.started": StageStarted,
    "stage.ended": StageEnded,
    "workspace.ready": Workspace,
    "command.ran": Command,
    "egress.requested": Request,
    "briefing.made": Briefing,
    "conversation.opened": Opened,
    "model.called": Called,
    "model.replied": Replied,
    "model.failed": Failed,
    "tool.ran": Tool,
    "notice.given": Notice,
    "context.trimmed": Trimmed,
    "question.asked": Asked,
    "breaking.reported": Breaking,
    "finish.called": Finish,
    "snapshot.taken": Snapshot,
    "workspace.restored": Restored,
    "verification.ended": Verified,
    "scan.ended": Scanned,
    "proposal.made": Proposal,
    "run.parked": Parked,
    "run.ended": Ended,
}
