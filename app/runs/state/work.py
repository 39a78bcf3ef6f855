"""What the work brought: commands, replies and what they cost, the change and its checks."""

from __future__ import annotations

from functools import singledispatch

from app.events.conversing import ModelFailed, ModelReplied, NoticeGiven, ToolRan
from app.events.knowing import Rehearsed, TestsKnown
from app.events.record import WORKER, Record
from app.events.working import (
    BreakingReported,
    CommandRan,
    DiagnosisMade,
    EgressRequested,
    FinishCalled,
    HeadMerged,
    MergeTried,
    ProposalMade,
    ScanEnded,
    SnapshotTaken,
    ThreadAnswered,
    VerificationEnded,
    WorkspaceReady,
)
from app.ledger import Event
from app.runs.state.run_state import RunState
from app.runs.state.told import Told

EDITOR = "str_replace_based_edit_tool"  # the vendor's name of the tool that writes files
SHELL = "bash"  # and of the one that runs commands
_LOOKED = frozenset({"viewed", "listed"})  # how its summaries begin when it changed nothing
_WAITING = "the model did not answer, trying again: "


@singledispatch
def fold(said: Record, state: RunState, event: Event) -> None:
    """Everything else is no work."""


@fold.register
def _command(said: CommandRan, state: RunState, event: Event) -> None:
    state.commands.append(Told(seq=event.seq, at=event.at, said=said))


@fold.register
def _egress(said: EgressRequested, state: RunState, event: Event) -> None:
    if not said.allowed and said.host not in state.blocked_hosts:
        state.blocked_hosts.append(said.host)


@fold.register
def _replied(said: ModelReplied, state: RunState, event: Event) -> None:
    state.turns += 1
    if state.doing.startswith(_WAITING):
        state.doing = ""
    _charge(state, event, said.cost_usd)
    for name, count in said.usage.items():
        state.tokens[name] = state.tokens.get(name, 0) + count


@fold.register
def _failed_call(said: ModelFailed, state: RunState, event: Event) -> None:
    _charge(state, event, said.cost_usd)
    state.doing = f"{_WAITING}{said.error}"


def _charge(state: RunState, event: Event, cost_usd: float) -> None:
    """It counts for the day on which it was charged, whenever the run began. Nothing is ever given back."""
    cost_usd = max(0.0, cost_usd)
    state.cost_usd += cost_usd
    if cost_usd:
        day = event.at[:10]  # events are stamped in UTC
        state.spent[day] = state.spent.get(day, 0.0) + cost_usd


@fold.register
def _tool(said: ToolRan, state: RunState, event: Event) -> None:
    state.doing = said.summary
    if said.name in {EDITOR, SHELL} and said.summary.split(" ", 1)[0] not in _LOOKED:
        state.worked_seq = event.seq
    if said.name == EDITOR:
        _written(said, state)


def _written(said: ToolRan, state: RunState) -> None:
    """A write that the editor refused stays in mind until one of the same file is done."""
    words = said.summary.split(" ", 3)
    if words[:2] == ["could", "not"] and len(words) == 4 and words[2] != "view":
        told = " ".join(block.text for block in said.content if block.type == "text")
        state.refused_writes.pop(words[3], None)
        state.refused_writes[words[3]] = f"{said.summary}: {told}"
    elif not said.is_error and words[0] not in _LOOKED:
        state.refused_writes.pop(said.summary.partition(" ")[2], None)


@fold.register
def _noticed(said: NoticeGiven, state: RunState, event: Event) -> None:
    if said.about == "verification":
        state.refusal = said.why or said.text


@fold.register
def _ready(said: WorkspaceReady, state: RunState, event: Event) -> None:
    state.missing = list(said.missing)


@fold.register
def _known(said: TestsKnown, state: RunState, event: Event) -> None:
    state.not_here, state.sources, state.otherwise = list(said.not_here), dict(said.sources), list(said.otherwise)


@fold.register
def _rehearsed(said: Rehearsed, state: RunState, event: Event) -> None:
    state.rehearsed = said


@fold.register
def _merged(said: MergeTried, state: RunState, event: Event) -> None:
    state.merge = said


@fold.register
def _head_merged(said: HeadMerged, state: RunState, event: Event) -> None:
    state.head_merge = said


@fold.register
def _diagnosed(said: DiagnosisMade, state: RunState, event: Event) -> None:
    state.diagnosis = said


@fold.register
def _breaking(said: BreakingReported, state: RunState, event: Event) -> None:
    state.breaking.append(said)


@fold.register
def _answered(said: ThreadAnswered, state: RunState, event: Event) -> None:
    state.thread_answers[said.thread] = said


@fold.register
def _finish(said: FinishCalled, state: RunState, event: Event) -> None:
    state.finish = said


@fold.register
def _snapshot(said: SnapshotTaken, state: RunState, event: Event) -> None:
    state.snapshot, state.snapshot_seq = said, event.seq


@fold.register
def _verified(said: VerificationEnded, state: RunState, event: Event) -> None:
    state.verification = said


@fold.register
def _scanned(said: ScanEnded, state: RunState, event: Event) -> None:
    state.scan = said


@fold.register
def _proposed(said: ProposalMade, state: RunState, event: Event) -> None:
    if event.author != WORKER or state.phase != "ended":  # what was decided to be published is not changed any more
        state.proposal, state.proposed_on = said, state.created.base.sha
