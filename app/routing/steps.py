"""What dispatch may do about a command: a closed list. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from app.ports.platform import RunSummary
from app.routing.found import Standing


@dataclass(frozen=True, kw_only=True)
class Why:
    """A tree that explains a step: what was asked, what was found, which rule decided."""

    said: str
    below: tuple[Why, ...] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """For people and logs, two spaces a level."""
        return ["  " * depth + self.said, *(line for why in self.below for line in why.lines(depth + 1))]


@dataclass(frozen=True, kw_only=True)
class Step:
    name: ClassVar[str] = ""
    why: Why = field(default=Why(said=""), compare=False)

    def __init_subclass__(cls) -> None:
        cls.name = cls.__name__.lower()


@dataclass(frozen=True, kw_only=True)
class Ignore(Step):
    """Nothing is done and nothing said."""


@dataclass(frozen=True, kw_only=True)
class ResumeOwnRun(Step):
    """The job made its run when it was here before: that run is admitted, or found to be further on."""


@dataclass(frozen=True, kw_only=True)
class RetryLater(Step):
    """It is too early to tell."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class DenyRole(Step):
    """The role is too low; said once."""

    role: str


@dataclass(frozen=True, kw_only=True)
class Say(Step):
    """A comment. A `refused` label comes off; `when` says what has to be before it helps to put it on again."""

    text: str
    refused: bool = False
    when: str | None = None


@dataclass(frozen=True, kw_only=True)
class SayHowToStart(Step):
    """Plain words where nothing is at work: how to start is said, now and then."""


@dataclass(frozen=True, kw_only=True)
class Answer(Step):
    """The words answer the open question of a run; with `approves` they approve the plan of this digest."""

    run: Standing
    approves: str = ""


@dataclass(frozen=True, kw_only=True)
class Steer(Step):
    """A run at work reads the words before its next step."""

    run: Standing


@dataclass(frozen=True, kw_only=True)
class Explain(Step):
    """Why a run did what it did is said, from its ledger."""

    run_id: str


@dataclass(frozen=True, kw_only=True)
class Resume(Step):
    """A parked run goes on now, whatever it waits for."""

    run: Standing


@dataclass(frozen=True, kw_only=True)
class RaiseBudget(Step):
    """A run may spend so much in all."""

    run: Standing
    run_usd: float


@dataclass(frozen=True, kw_only=True)
class ChangeModel(Step):
    """A run asks another model from its next call on."""

    run: Standing
    alias: str  # `fast`, `default`, `deep`, or a model's own name


@dataclass(frozen=True, kw_only=True)
class Undo(Step):
    """Our last commit is taken back: of the pull request, or of that which one of these runs of the issue made."""

    worked: tuple[RunSummary, ...]


@dataclass(frozen=True, kw_only=True)
class SetAutofix(Step):
    """Failing checks of the pull request are repaired without a word from now on, or no longer."""

    wish: Literal["on", "off"]


@dataclass(frozen=True, kw_only=True)
class Gather(Step):
    """The request joins a run that has not begun yet."""

    run: Standing


@dataclass(frozen=True, kw_only=True)
class Stop(Step):
    """Runs are asked to stop."""

    runs: tuple[Standing, ...]
    reason: str
    told: str = ""  # the whole sentence for people, where that is not that somebody said stop
    next_step: str = ""


@dataclass(frozen=True, kw_only=True)
class Follow(Step):
    """Runs go on with the new name of the branch that their pull request goes to."""

    runs: tuple[Standing, ...]
    base_ref: str


@dataclass(frozen=True, kw_only=True)
class CallOff(Step):
    """A finished change does not become a pull request."""

    run: Standing


@dataclass(frozen=True, kw_only=True)
class RecordLabelEvent(Step):
    """A label event of which nothing comes: one of the opposite kind has to look twice for a while."""


@dataclass(frozen=True, kw_only=True)
class Start(Step):
    """A run is created and admitted, or refused for what GitHub says."""

    role: str
    before: str = ""  # the run that is to be tried again
