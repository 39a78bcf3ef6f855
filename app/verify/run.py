"""Running a project's commands in its sandbox, each recorded as evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.claims import Ending
from app.events import parts
from app.events.working import CommandRan
from app.failures import Cause, cause_of
from app.failures.counts import Counts
from app.ports.sandbox import Execution, Sandbox
from app.reports import TEXT, Reported, run_reported
from app.runs.run_ledger import RunLedger

TAIL_BYTES = 2000  # of the output, in the event itself
SETUP_SECONDS = 1800.0  # installing may build things; verification has the sandbox's own limit per command

_NOTHING_CODES = frozenset({0, 1, 5})  # jest and vitest end with 1, pytest and unittest with 5
# What tools say of the text of a file, without running it.
_OF_TEXT: frozenset[Cause] = frozenset({"lint", "format", "type", "syntax"})
_NO_COMMAND = frozenset({126, 127})  # the shell's: it cannot be executed, it is not there
_NOT_STARTED = re.compile(
    r"No module named '?(?:pytest|unittest|nox|tox|nose2?|trial|coverage)\b|Missing script: |No rule to make target",
)


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """One recorded command. `purpose` is `setup`, `verify`, …, `at` says on which tree: `base`, `head`, …"""

    command: str
    purpose: str
    at: str
    exit_code: int | None  # None: it was killed
    seconds: float
    killed_by: str = ""
    counts: Counts | None = None
    source: str = ""  # of the counts: `junit`, `jest`, `text`
    tail: str = ""
    output: str = field(default="", repr=False)  # head and tail of it; empty where it was read from the ledger

    @property
    def printed(self) -> str:
        """As much of what it printed as is at hand."""
        return self.output or self.tail

    @property
    def ok(self) -> bool:
        """Whether it passed: a suite that ran nothing did not, nor one whose wrapper swallowed the code of failures."""
        return self.ending == "green"

    @property
    def ending(self) -> Ending:
        """What this record says, in one word."""
        if self.exit_code is None:
            return "killed"
        failed = self.counts.failed + self.counts.errors if self.counts else 0
        if self.counts and self.counts.ran + self.counts.skipped == 0:
            return "nothing" if self.exit_code in _NOTHING_CODES else "broken"
        if self.exit_code == 0:
            return "contradictory" if failed else "green"
        if self.is_unloaded or self._never_started:
            return "broken"
        return "red"

    @property
    def is_unloaded(self) -> bool:
        """Whether the runner started and could load none of its tests: an import that fails, mostly."""
        return self.counts is not None and self.counts.ran_nothing

    @property
    def is_reported(self) -> bool:
        """Whether a report of the runner bears the counts out, and not printed lines alone."""
        return self.source not in {"", TEXT}

    @property
    def _never_started(self) -> bool:
        return self.exit_code in _NO_COMMAND or (self.counts is None and bool(_NOT_STARTED.search(self.tail)))

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        if self.ending == "contradictory" and self.counts:
            return f"exit code 0, though {self.counts.failed + self.counts.errors} failed"
        if self.exit_code is not None:
            return f"exit code {self.exit_code}"
        reasons = {"time": f"a time-out after {self.seconds:.0f} s", "memory": "too much memory", "disk": "a full disk"}
        return reasons.get(self.killed_by, f"a kill ({self.killed_by or 'signal'})")

    def as_event(self) -> parts.Step:
        """For `verification.ended`."""
        counts = parts.Counts.model_validate(self.counts.numbers()) if self.counts else None
        return parts.Step(command=self.command, exit_code=self.exit_code, seconds=round(self.seconds, 3), counts=counts)

    @classmethod
    def from_events(cls, events: Iterable[CommandRan], *, purpose: str, at: str) -> list[CommandResult]:
        """The last complete round of commands among commands that ran; empty when there is none."""
        rounds: list[CommandRan] = []
        for data in events:
            if data.purpose == purpose and data.at == at:
                if data.step == 1:
                    rounds = []
                rounds.append(data)
        complete = bool(rounds) and len(rounds) == (rounds[-1].steps or len(rounds))
        return [cls._from_event(data) for data in rounds] if complete else []

    @classmethod
    def _from_event(cls, data: CommandRan) -> CommandResult:
        counts = data.counts.model_dump() if data.counts else None
        return cls(
            command=data.command,
            purpose=data.purpose,
            at=data.at,
            exit_code=data.exit_code,
            seconds=data.seconds,
            killed_by=data.killed_by or "",
            counts=Counts(**{**counts, "failing": tuple(counts["failing"])}) if counts else None,
            source=data.source,
            tail=data.tail,
        )


def is_about_text(result: CommandResult) -> bool:
    """Whether a linter, a formatter or a type checker failed, by what it printed: no test has."""
    return result.counts is None and cause_of(result.tail, command=result.command) in _OF_TEXT


def run_commands(
    sandbox: Sandbox,
    commands: Sequence[str],
    *,
    purpose: str,
    at: str,
    ledger: RunLedger,
    timeout_seconds: float | None = None,
    withheld: tuple[str, ...] = (),
) -> list[CommandResult]:
    """Run each command and append `command.ran`. Only `setup` has the network, but for the hosts `withheld`, and stops
    at its first failure. Raises TransientError when the sandbox is closed meanwhile.
    """
    results: list[CommandResult] = []
    for step, command in enumerate(commands, start=1):
        if purpose == "setup":
            timeout = timeout_seconds or SETUP_SECONDS
            done = sandbox.run(command, timeout_seconds=timeout, network=True, withheld=withheld)
            told = Reported(execution=done.by_itself(), counts=None)
        elif purpose == "build":
            done = sandbox.run(command, timeout_seconds=timeout_seconds)
            told = Reported(execution=done.by_itself(), counts=None)
        else:
            told = run_reported(sandbox, command, timeout_seconds=timeout_seconds)
        results.append(_result(command, purpose, at, told))
        _record(ledger, results[-1], told, step, len(commands))
        if purpose == "setup" and not results[-1].ok:
            break
    return results


def _result(command: str, purpose: str, at: str, told: Reported) -> CommandResult:
    done = told.execution
    return CommandResult(
        command=command,
        purpose=purpose,
        at=at,
        exit_code=None if done.killed_by else done.exit_code,
        seconds=done.seconds,
        killed_by=done.killed_by,
        counts=told.counts,
        source=told.source,
        tail=_tail(done),
        output=done.text,
    )


def _record(ledger: RunLedger, result: CommandResult, told: Reported, step: int, steps: int) -> None:
    ledger.append(
        CommandRan(
            purpose=result.purpose,
            command=result.command,
            exit_code=result.exit_code,
            seconds=round(result.seconds, 3),
            timed_out=result.killed_by == "time",
            killed_by=result.killed_by,
            output=ledger.blob(told.execution.text),
            tail=result.tail,
            counts=parts.Counts.model_validate(result.counts.as_event()) if result.counts else None,
            source=told.source,
            unread=told.unread,
            at=result.at,
            step=step,
            steps=steps,
        )
    )


def _tail(done: Execution) -> str:
    return done.output[-TAIL_BYTES:].decode("utf-8", "replace")[-TAIL_BYTES:]
