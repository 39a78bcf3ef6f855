"""The state of a run, as `app.runs.state` makes it from its ledger. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.events.deciding import (
    BudgetRaised,
    CancelRequested,
    ChecksRead,
    HeadMoved,
    Heard,
    ModelChanged,
    ProposalResumed,
    QuestionAnswered,
    QuestionReminded,
    RequestGathered,
    RerunAsked,
    RunCreated,
    SteerReceived,
)
from app.events.knowing import Rehearsed
from app.events.parts import Outcome, Plan
from app.events.waits import Wait, WaitForQuiet
from app.events.working import (
    BreakingReported,
    CommandRan,
    DiagnosisMade,
    FinishCalled,
    HeadMerged,
    MergeTried,
    ProposalMade,
    QuestionAsked,
    ScanEnded,
    SnapshotTaken,
    ThreadAnswered,
    VerificationEnded,
)
from app.jobs.job import CONFLICT, are_checks, is_unasked
from app.ledger import GENESIS
from app.runs.state.landing import Landing
from app.runs.state.onboarding import OnboardingState
from app.runs.state.told import Delay, Published, Stage, Told
from app.text.set_up import sentences

Phase = Literal["created", "queued", "working", "parked", "ended"]

# Outcomes after which a proposal may be there that never became a pull request.
UNPUBLISHED = frozenset({"proposed", "failed", "cancelled", "out_of_reach", "needs_decision"})


@dataclass(kw_only=True)
class RunState:
    """What a run is, after all its events. Made by `runs.state.fold`; changed by `runs.state.apply` only."""

    run_id: str
    seq: int = 0
    head: str = GENESIS
    created_at: str = ""
    updated_at: str = ""
    phase: Phase = "created"
    created: RunCreated = field(default_factory=RunCreated)
    is_created: bool = False  # its first event is there
    queue_reason: str = ""
    wait: Wait | None = None  # what it waits for while it is parked
    park_note: str = ""
    park_until: str | None = None
    outcome: Outcome | None = None
    reason: str = ""
    next_step: str = ""
    checks: ChecksRead | None = None  # of the commit whose failures it is about
    reruns: list[Told[RerunAsked]] = field(default_factory=list)  # of failed jobs, newest last
    has_taken_head: bool = False  # the pull request was read again when its turn came
    launched: int = 0  # the newest attempt a worker was asked for
    attempt: int = 0  # the newest attempt that started
    stages: list[Stage] = field(default_factory=list)
    commands: list[Told[CommandRan]] = field(default_factory=list)
    blocked_hosts: list[str] = field(default_factory=list)
    questions: list[Told[QuestionAsked]] = field(default_factory=list)
    reminders: list[QuestionReminded] = field(default_factory=list)
    answers: list[Told[QuestionAnswered]] = field(default_factory=list)
    gathered: list[Told[RequestGathered]] = field(default_factory=list)
    steering: list[Told[SteerReceived]] = field(default_factory=list)
    cancel: CancelRequested | None = None
    breaking: list[BreakingReported] = field(default_factory=list)
    thread_answers: dict[int, ThreadAnswered] = field(default_factory=dict)  # by the thread's number
    diagnosis: DiagnosisMade | None = None
    finish: FinishCalled | None = None
    refusal: str = ""  # what stood in the way of `finish` last, for people
    refused_writes: dict[str, str] = field(default_factory=dict)  # by file: what the editor said, newest last
    missing: list[str] = field(default_factory=list)  # what the checkout left out, a sentence each
    sources: dict[str, str] = field(default_factory=dict)  # where commands of a workflow stand
    rehearsed: Rehearsed | None = None
    not_here: list[str] = field(default_factory=list)  # tests that guard the branch and do not run here, one each
    otherwise: list[str] = field(default_factory=list)  # versions that the project asks for and are not here
    merge: MergeTried | None = None  # of the base branch into the branch it stands on
    snapshot: SnapshotTaken | None = None
    snapshot_seq: int = 0
    worked_seq: int = 0  # of the last tool that may have changed the tree
    verification: VerificationEnded | None = None
    scan: ScanEnded | None = None
    proposal: ProposalMade | None = None
    proposed_on: str = ""  # the commit on which the proposal was made
    moved: HeadMoved | None = None  # the last time that its branch went on after it had proposed
    moved_seq: int = 0  # where that stands in the ledger; the tree, its tests and the snapshots are of after it
    moves: int = 0  # so often, since somebody asked for it
    turns_before: int = 0  # of the model, when it moved
    head_merge: HeadMerged | None = None
    cost_usd: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)  # cost_usd by the day (UTC) on which it was charged
    cap_usd: float | None = None  # what it may cost in all by the day's budget, said when it was let in or went on
    turns: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    run_usd: float | None = None  # a budget changed after the start
    budget_changes: list[BudgetRaised] = field(default_factory=list)
    model_changes: list[ModelChanged] = field(default_factory=list)
    working_seconds: float = 0.0  # of attempts that are over
    attempt_seconds: float = 0.0  # of the newest attempt, by its own monotonic clock, as far as it has said
    working_since: str | None = None  # in ledgers of older versions: when the attempt began, by the wall clock
    doing: str = ""
    intended: dict[str, str] = field(default_factory=dict)  # key → digest, not yet done
    published: dict[str, Published] = field(default_factory=dict)  # by key
    tries: dict[str, int] = field(default_factory=dict)  # key → intents that came to nothing so far
    delayed: dict[str, Delay] = field(default_factory=dict)  # by key
    resumptions: list[ProposalResumed] = field(default_factory=list)
    fault: str = ""  # the first event of a worker that nobody can read, in a sentence
    visible_seq: int = 0  # last event that GitHub may have to show
    settled_seq: int = 0  # last event that GitHub shows, or that it does not let us show
    onboarding: OnboardingState = field(default_factory=OnboardingState)
    landing: Landing = field(default_factory=Landing)  # what became of its pull request

    @property
    def is_active(self) -> bool:
        return self.phase != "ended"

    @property
    def gathers(self) -> str:
        """What may still join it; empty once it has begun."""
        return self.created.gathers if isinstance(self.wait, WaitForQuiet) else ""

    @property
    def waits_for(self) -> str:
        """The kind of what it waits for; empty when it is not parked."""
        return self.wait.kind if self.wait else ""

    @property
    def is_by_label(self) -> bool:
        """Whether it was the trigger label that asked for it, so that taking it off calls it off. Once a person has
        asked for a finished change with a comment, it is that.
        """
        label = self.created.names.labels.get("trigger", "")
        return not self.resumptions and self.created.trigger.lower() == f"issues.labeled:{label}".lower()

    @property
    def base_name(self) -> str:
        """The branch that its change is for."""
        target = self.created.target
        return target.base_ref if target else self.created.base.ref

    @property
    def is_through(self) -> bool:
        """Whether it has ended, and the pull request is there if it proposed one."""
        return not self.is_active and (self.outcome != "proposed" or self.pull is not None)

    @property
    def is_kept(self) -> bool:
        """Whether it ended with a finished change that is no pull request: a retry publishes it."""
        has_change = self.proposal is not None and bool(self.proposal.changes or self.proposal.merge)
        is_over = self.phase == "ended" and self.outcome in UNPUBLISHED
        return is_over and has_change and self.pull is None

    @property
    def pull(self) -> Mapping[str, Any] | None:
        """`{"number", "url", "draft"}` of the pull request that holds the change, as it was made, once it does."""
        if target := self.created.target:
            number = self.created.thread.number
            is_there = bool(self.result("patch").get("id") if target.fork else self.result("branch").get("sha"))
            return {"number": number, "url": target.url, "draft": target.draft} if is_there else None
        made = self.result("pull")
        return made if "number" in made else None

    @property
    def is_overtaken(self) -> bool:
        """Whether its proposal was made on another commit than the one on which it stands now."""
        return self.proposal is not None and self.proposed_on != self.created.base.sha

    @property
    def commands_here(self) -> list[Told[CommandRan]]:
        """Those that ran on the commit on which it stands now."""
        return [told for told in self.commands if told.seq > self.moved_seq]

    @property
    def set_up_otherwise(self) -> list[str]:
        """Where set-up is other than the project asks for: sentences of the harness."""
        ran = (told.said for told in self.commands_here if told.said.purpose == "setup")
        by_commands = (text for said in ran for text in sentences(said.command, said.tail))
        return list(dict.fromkeys([*self.otherwise, *by_commands]))

    @property
    def lands_with(self) -> str:
        """The key of the thing on GitHub that makes a finished change somebody else's to judge."""
        target = self.created.target
        return "pull" if target is None else "patch" if target.fork else "branch"

    def result(self, key: str) -> Mapping[str, Any]:
        """What GitHub gave for the thing called `key`; empty when it is not there."""
        done = self.published.get(key)
        return done.result if done else {}

    def delays(self, key: str) -> int:
        """How often GitHub has refused the thing called `key` so far."""
        delay = self.delayed.get(key)
        return delay.count if delay else 0

    @property
    def last_refusal(self) -> str:
        """What stood in the way of `finish`, else of a write; "" when nothing did."""
        return self.refusal or next(reversed(self.refused_writes.values()), "")

    @property
    def is_silent(self) -> bool:
        """Whether nobody asked for it and it has not begun to work: nothing tells of it but what it finds."""
        is_for_nothing = self.created.gathers == CONFLICT and self.outcome == "nothing_to_do"
        return is_for_nothing or (self.is_unasked and self.attempt == 0)

    @property
    def is_unasked(self) -> bool:
        """Whether nobody has asked for it: checks did, or a conflict with the base."""
        return is_unasked(self.created.gathers)

    @property
    def tells_its_end_only(self) -> bool:
        """Whether people hear of it when something is done or they are needed, and not before."""
        return self.created.gathers == CONFLICT

    @property
    def is_by_checks(self) -> bool:
        """Whether failed checks have begun it, and nobody."""
        return are_checks(self.created.gathers)

    @property
    def unanswered_threads(self) -> list[int]:
        """The numbers of those threads of the review of which the worker has said nothing."""
        return [thread.number for thread in self.created.task.threads if thread.number not in self.thread_answers]

    @property
    def has_used_the_day(self) -> bool:
        """Whether what the day's budget has for the run is spent: no call begins from then on."""
        return self.cap_usd is not None and self.cost_usd >= self.cap_usd

    @property
    def worked_seconds(self) -> float:
        """Working time as far as it is in the ledger; a parked run works at nothing."""
        return self.working_seconds + self.attempt_seconds

    @property
    def publish_until(self) -> str | None:
        """When GitHub is next asked for what it refused; None when nothing of the kind is open."""
        return min((delay.until for delay in self.delayed.values()), default=None)

    @property
    def heard(self) -> list[Heard]:
        """What people said to it, each word once."""
        words: list[Heard] = [
            *(told.said for told in self.answers),
            *(told.said for told in self.steering),
            *(told.said for told in self.gathered),
            *self.budget_changes,
            *self.model_changes,
            *self.resumptions,
        ]
        return [*words, self.cancel] if self.cancel else words

    def has_heard(self, delivery: str, line_comment_id: int | None = None) -> bool:
        """Whether what people said in this delivery is among it, or the comment is in a thread of the review that it
        read when it began: then the delivery came late.
        """
        read = (number for thread in self.created.task.threads for number in thread.comment_ids)
        return any(said.delivery == delivery for said in self.heard) or line_comment_id in set(read)

    @property
    def open_plan(self) -> Plan | None:
        """The plan that waits for approval."""
        return self.open_question.said.plan if self.open_question else None

    @property
    def is_approved(self) -> bool:
        """Whether the newest plan is the one that was approved."""
        plans = [told.said.plan.digest for told in self.questions if told.said.plan]
        return bool(plans) and any(told.said.approves == plans[-1] for told in self.answers)

    @property
    def open_question(self) -> Told[QuestionAsked] | None:
        """The last question that nobody has answered."""
        return self.questions[-1] if len(self.questions) > len(self.answers) else None
