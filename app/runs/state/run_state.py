"""The state of a run, as `app.runs.state` makes it from its ledger. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.ledger import GENESIS
from app.runs.state.onboarding import OnboardingState

WORKED = "worked_seconds"  # in a worker's events: how long its attempt has lasted, by a clock that only goes forward

Phase = Literal["created", "queued", "working", "parked", "ended"]
Outcome = Literal[
    "proposed",  # a verified change became a pull request
    "nothing_to_do",
    "not_reproduced",
    "needs_decision",
    "out_of_budget",
    "gave_up",  # it went round in circles; what is known is said
    "failed",
    "cancelled",
    "out_of_reach",  # the repository was deleted, transferred, or taken away from the App
    "refused",  # not admitted: role, configuration, protection
    "replied",  # the request was a question to the bot itself (`status`, `help`)
    "onboarded",  # the repositories of an installation are set up
]

# Outcomes after which a proposal may be there that never became a pull request.
UNPUBLISHED = frozenset({"proposed", "failed", "cancelled", "out_of_reach"})


@dataclass(kw_only=True)
class Stage:
    name: str
    started_at: str
    worked_before: float | None = None  # the attempt's working seconds at its start, where the worker said it
    ended_at: str | None = None
    seconds: float = 0.0  # it took, once it is over
    ok: bool | None = None
    note: str = ""


@dataclass(kw_only=True)
class RunState:
    """What a run is, after all its events. Made by `runs.state.fold`; changed by `runs.state.apply` only."""

    run_id: str
    seq: int = 0
    head: str = GENESIS
    created_at: str = ""
    updated_at: str = ""
    phase: Phase = "created"
    created: Mapping[str, Any] = field(default_factory=dict)
    queue_reason: str = ""
    park_reason: str = ""
    park_note: str = ""
    park_until: str | None = None
    outcome: Outcome | None = None
    reason: str = ""
    next_step: str = ""
    launched: int = 0  # the newest attempt a worker was asked for
    attempt: int = 0  # the newest attempt that started
    stages: list[Stage] = field(default_factory=list)
    commands: list[Mapping[str, Any]] = field(default_factory=list)  # every command.ran, in order
    blocked_hosts: list[str] = field(default_factory=list)
    questions: list[Mapping[str, Any]] = field(default_factory=list)  # question.asked, in order
    reminders: list[Mapping[str, Any]] = field(default_factory=list)  # question.reminded, in order
    answers: list[Mapping[str, Any]] = field(default_factory=list)  # question.answered, in order
    steering: list[Mapping[str, Any]] = field(default_factory=list)  # steer.received, in order
    cancel: Mapping[str, Any] | None = None
    breaking: list[Mapping[str, Any]] = field(default_factory=list)
    finish: Mapping[str, Any] | None = None
    refusal: str = ""  # what stood in the way of `finish` last, for people
    refused_writes: dict[str, str] = field(default_factory=dict)  # by file: what the editor said, newest last
    missing: list[str] = field(default_factory=list)  # what the checkout left out, a sentence each
    snapshot: Mapping[str, Any] | None = None
    snapshot_seq: int = 0
    verification: Mapping[str, Any] | None = None
    scan: Mapping[str, Any] | None = None
    proposal: Mapping[str, Any] | None = None
    cost_usd: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)  # cost_usd by the day (UTC) on which it was charged
    cap_usd: float | None = None  # what it may cost in all by the day's budget, said when it was let in or went on
    turns: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    run_usd: float | None = None  # a budget raised after the start
    working_seconds: float = 0.0  # of attempts that are over
    attempt_seconds: float = 0.0  # of the newest attempt, by its own monotonic clock, as far as it has said
    working_since: str | None = None  # in ledgers of older versions: when the attempt began, by the wall clock
    doing: str = ""
    intended: dict[str, str] = field(default_factory=dict)  # key → digest, not yet done
    published: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # key → publish.done
    tries: dict[str, int] = field(default_factory=dict)  # key → intents that came to nothing so far
    delayed: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # key → error, until, count: refused so far
    resumptions: list[Mapping[str, Any]] = field(default_factory=list)  # proposal.resumed, in order
    fault: str = ""  # the first event of a worker that nobody can read, in a sentence
    visible_seq: int = 0  # last event that GitHub may have to show
    settled_seq: int = 0  # last event that GitHub shows, or that it does not let us show
    onboarding: OnboardingState = field(default_factory=OnboardingState)

    @property
    def is_active(self) -> bool:
        return self.phase != "ended"

    @property
    def is_kept(self) -> bool:
        """Whether it ended with a finished change that is no pull request: a retry publishes it."""
        return (
            self.phase == "ended"
            and self.outcome in UNPUBLISHED
            and bool((self.proposal or {}).get("changes"))
            and "number" not in self.published.get("pull", {}).get("result", {})
        )

    @property
    def last_refusal(self) -> str:
        """What stood in the way of the change: of `finish`, else of a write; "" when nothing did."""
        return self.refusal or next(reversed(self.refused_writes.values()), "")

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
        return min((str(item["until"]) for item in self.delayed.values()), default=None)

    @property
    def open_question(self) -> Mapping[str, Any] | None:
        """The last question that nobody has answered."""
        return self.questions[-1] if len(self.questions) > len(self.answers) else None
