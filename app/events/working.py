"""What a worker says of its own work: its kinds of event, as strict as what a hostile process may write there. Pure.

Blobs are `{"blob": digest, "size": bytes}`. A field without a default has always been there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from app.events.parts import (
    Blob,
    Change,
    Claims,
    Code,
    Conflict,
    Count,
    Counts,
    Digest,
    Finding,
    MergeOf,
    Outcome,
    Plan,
    Question,
    Seconds,
    Step,
    Text,
    Time,
)
from app.events.record import OfWorker
from app.events.waits import Wait


class AttemptStarted(OfWorker, kind="attempt.started"):
    attempt: Annotated[int, Field(ge=1, le=10**6)]
    worker: Text
    sandbox: Text = ""


class StageStarted(OfWorker, kind="stage.started", is_news=True):
    stage: Text
    note: Text = ""


class StageEnded(OfWorker, kind="stage.ended"):
    stage: Text
    ok: bool
    note: Text = ""


class WorkspaceReady(OfWorker, kind="workspace.ready"):
    sha: Text
    files: Count
    size_bytes: Count
    seconds: Seconds
    notes: list[Text]
    missing: list[Text] = []


class MergeTried(OfWorker, kind="merge.tried"):
    """The base branch merged into the branch that the run stands on, in the harness's own repository."""

    base_sha: Text
    behind: Count  # commits that the branch lacked
    files: Count = 0  # that differ from the branch's
    conflicts: list[Conflict] = []


class HeadMerged(OfWorker, kind="head.merged"):
    """The finished change merged with the head of its branch as it is now, in the harness's own repository."""

    sha: Text
    files: Count = 0  # that differ from the head
    conflicts: list[Conflict] = []


class CommandRan(OfWorker, kind="command.ran"):
    purpose: Text
    command: Text
    exit_code: Code | None = None
    seconds: Seconds = 0.0
    killed_by: Text | None = None
    timed_out: bool = False
    output: Blob | None = None
    tail: Text = ""
    counts: Counts | None = None
    source: Text = ""  # of the counts: "junit", "jest", "text"
    unread: Text = ""  # why a report that was asked for does not speak
    at: Text = ""
    step: Count = 1
    steps: Count = 0  # of the round; 0 in ledgers that did not say it


class EgressRequested(OfWorker, kind="egress.requested"):
    host: Text
    port: Count
    method: Text
    allowed: bool
    reason: Text
    size_bytes: Count
    sent_bytes: Count = 0


class QuestionAsked(OfWorker, kind="question.asked"):
    tool_use_id: Any = ""
    questions: Annotated[list[Question], Field(min_length=1)]
    plan: Plan | None = None  # that is to be approved, where the question is that


class BreakingReported(OfWorker, kind="breaking.reported", is_news=True):
    tool_use_id: Any = ""
    what: Text
    affected: Text
    migration: Text


class ThreadAnswered(OfWorker, kind="thread.answered"):
    """What was done about a thread of the review, or why nothing was."""

    tool_use_id: Any = ""
    thread: Count
    done: bool
    text: Text


class DiagnosisMade(OfWorker, kind="diagnosis.made"):
    """What is wrong, in the model's words. `where` are places, as path:line."""

    tool_use_id: Any = ""
    what: Text
    where: list[Text]
    why: Text
    fix: Text
    confidence: Text = "not stated"


class FinishCalled(OfWorker, kind="finish.called"):
    tool_use_id: Any = ""
    outcome: Text
    title: Text = ""
    summary: Text
    confidence: Text = "not stated"
    assumptions: list[Text] = []
    not_proven: list[Text] = []
    not_done: list[Text] = []
    decision: Text = ""


class SnapshotTaken(OfWorker, kind="snapshot.taken"):
    manifest: Blob
    files: Count
    size_bytes: Count
    skipped: list[Any] = []  # paths too big to keep
    changed: Count = 0  # files of the run's change in it; what else differs are notes, data and what set-up made


class WorkspaceRestored(OfWorker, kind="workspace.restored"):
    snapshot_seq: Count
    replayed: Any = None


class VerificationEnded(OfWorker, kind="verification.ended"):
    ok: bool
    status: Text = ""
    note: Text = ""
    new_failures: list[Text] = []
    fixed: list[Text] = []
    regression: Any = None  # sums up `claims`, for who reads it by machine
    baseline: list[Step] = []
    head: list[Step] = []
    claims: Claims | None = None
    flaky: list[Text] = []  # failed with the change, or at base, and passed when run again


class ScanEnded(OfWorker, kind="scan.ended"):
    ok: bool
    findings: list[Finding]


class ProposalMade(OfWorker, kind="proposal.made"):
    changes: list[Change]
    title: Text = ""
    draft: bool
    draft_reason: Text = ""
    marks: list[Text] = []
    owners: list[Text] = []
    reviewers: list[Text] = []
    template: Text | None = None
    evidence: list[Count] = []  # events of commands
    verified: bool = False
    unseen: list[Text] = []  # what could not be looked at
    ledger_head: Text = ""
    kept: dict[Text, Digest] = {}  # contents of before the change, by path
    merge: MergeOf | None = None  # the change is what neither side of a merge holds


class RunParked(OfWorker, kind="run.parked", is_news=True):
    wait: Wait
    note: Text = ""
    until: Time | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_before_there_were_records(cls, said: Any) -> Any:
        """Older versions wrote a word, `reason`."""
        if not isinstance(said, Mapping) or "wait" in said:
            return said
        return {
            **{name: value for name, value in said.items() if name != "reason"},
            "wait": {"kind": said.get("reason")},
        }


class RunEnded(OfWorker, kind="run.ended", is_news=True):
    outcome: Outcome
    reason: Text = ""
    next_step: Text = ""
