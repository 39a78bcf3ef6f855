"""How an attempt ends: proposed, without a change, parked, failed; always with a reason and the next step."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from app import log
from app.admission.day_budget import next_day
from app.agent.patience import PARK_SECONDS
from app.agent.stops import Stop
from app.checkpoints.diagnosis_text import diagnosis, how_to_go_on
from app.checkpoints.endings import after_refusal, changed_nothing, stopped
from app.checkpoints.moments import utc
from app.config.question_times import first_look
from app.errors import TransientError, UserError
from app.events.conversing import ToolRan
from app.events.parts import Outcome
from app.events.waits import Wait, WaitForAnswer, WaitForBudget, WaitForOutage
from app.events.working import FinishCalled, RunEnded, RunParked, StageEnded
from app.runs.parking import OUTAGE, REFUSAL, Patience, next_pause, tried
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.text.outgoing import counted
from app.workspace.git import FetchRefused

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}

STOPS: Mapping[str, tuple[Outcome, str]] = {
    "out_of_budget": ("out_of_budget", "Raise `budget` in `.github/lamplighter.yml`, or narrow the issue, then retry."),
    "stuck": ("gave_up", "Give a hint (plain words after the command prefix), then retry."),
    "refused": ("failed", "The model declined this request; say it differently, or take it over."),
    "context_exhausted": ("gave_up", "Narrow the issue, or choose a model with a larger context, then retry."),
    "secret_met": ("failed", "Tell the operator: that secret has to be replaced. Then retry."),
}


CHECK_VENDOR = (
    "Check the key, the base URL (ANTHROPIC_BASE_URL) and the network: `lamplighter doctor --online` asks it once. "
    "Then start it again."
)


def end(ledger: RunLedger, outcome: Outcome, reason: str, next_step: str = "") -> None:
    _close_work(ledger, ok=outcome in {"proposed", "explained"})
    ledger.append_if(_is_active, RunEnded(outcome=outcome, reason=reason, next_step=next_step))


def fail(ledger: RunLedger, error: Exception) -> None:
    """What the world may fix parks the run, what a person can fix ends it with their advice, the rest is a defect."""
    if isinstance(error, TransientError):
        patience = REFUSAL if isinstance(error, FetchRefused) else OUTAGE
        note = f"{str(error).rstrip('.')}."
        park(ledger, WaitForOutage(), note, after_seconds=error.retry_after_seconds, patience=patience)
    elif isinstance(error, OSError) and error.errno in _DISK_FULL:
        park(ledger, WaitForOutage(), "There is no room left on this machine's disk.", after_seconds=60)
    elif isinstance(error, UserError):
        end(ledger, "failed", after_refusal(str(error), ledger.state.last_refusal), "Mend that, then retry.")
    else:
        log.event("worker.defect", level=log.ERROR, error=error, run=ledger.run_id)
        end(
            ledger,
            "failed",
            f"Something in me broke: `{type(error).__name__}`. It is logged, and an operator was alarmed.",
            "Retry; if it happens again, tell the operator the run's number.",
        )


def without_model(ledger: RunLedger, stop: Stop, *, attended: bool) -> None:
    """The model's vendor did not answer for longer than the patience. A run that nobody waits for parks, and says why
    and until when; one that a person watches ends with what to check.
    """
    why = f"{stop.detail[:1].upper()}{stop.detail[1:]}."
    seconds = stop.retry_after_seconds or PARK_SECONDS
    if not attended:
        park(ledger, WaitForOutage(), why, after_seconds=seconds)
        return
    if seconds > PARK_SECONDS:
        why += f" It asks to wait until {utc((ledger.clock.now() + timedelta(seconds=seconds)).isoformat())}."
    end(
        ledger,
        "failed",
        why,
        CHECK_VENDOR,
    )


def end_cancelled(ledger: RunLedger) -> None:
    reason, next_step = stopped(ledger.state.cancel)
    end(ledger, "cancelled", reason, next_step)


def end_without_change(ledger: RunLedger, finish: FinishCalled, *, changed: bool, ignored: Sequence[str] = ()) -> None:
    """`ignored` are the new files that `.gitignore` keeps out of the change."""
    if finish.outcome == "done":
        told = changed_nothing(finish.summary, ignored)
        end(ledger, "nothing_to_do", told, "Say what is missing, or give a hint, then retry.")
        return
    outcome = cast(Outcome, finish.outcome)  # the tool takes no other word
    reason = finish.summary
    if finish.decision:
        reason += f"\n\n**To decide:** {finish.decision}"
    if changed:
        reason += "\n\nFiles were changed on the way; they are not proposed."
    steps = {
        "not_reproduced": "Add steps, versions or a failing example to the issue, then retry.",
        "needs_decision": "Decide, say so in a comment, then retry.",
        "nothing_to_do": "Close the issue if that is right; otherwise say what is missing and retry.",
    }
    end(ledger, outcome, reason, steps[outcome])


def end_explained(ledger: RunLedger, finish: FinishCalled) -> None:
    """Of work that may change nothing: what was diagnosed, and what was run, as recorded; or why nothing was."""
    said = ledger.state.diagnosis
    if said is None or finish.outcome != "done":
        end_without_change(ledger, finish, changed=False)
        return
    records = [event.record for event in ledger.events if event.kind == "tool.ran"]
    tools = (record for record in records if isinstance(record, ToolRan) and record.exit_code is not None)
    ran = [tool.summary.removeprefix("ran ") for tool in tools]
    end(ledger, "explained", diagnosis(said, ran), how_to_go_on(ledger.state.created.names.prefix))


def end_stopped(ledger: RunLedger, kind: str, detail: str) -> None:
    """The loop stopped without finishing: with what had refused its change before, which is often the reason."""
    outcome, next_step = STOPS[kind]
    end(ledger, outcome, after_refusal(detail, ledger.state.last_refusal), next_step)


def park(
    ledger: RunLedger,
    wait: Wait,
    note: str,
    *,
    after_seconds: float | None = None,
    patience: Patience = OUTAGE,
) -> None:
    """Wait for a person (no `after_seconds`), or for the world: longer each time, and not indefinitely."""
    until = None
    if after_seconds is not None:
        pause = next_pause(ledger.events, wait, patience, at_least_seconds=after_seconds)
        if pause is None:
            often = tried(ledger.events, wait, ledger.clock.now())
            why = f"{note} I tried {often} and got no further, so I have stopped trying."
            end(ledger, "failed", why, "Mend what is named here, or wait until it has passed; then retry.")
            return
        until = (ledger.clock.now() + timedelta(seconds=pause)).isoformat()
    ledger.append_if(_is_active, RunParked(wait=wait, note=note, until=until))


def park_for_answer(ledger: RunLedger) -> bool:
    """Park until somebody answers; False when the answer is there already, and the run has to go on."""
    asked = ledger.state.questions[-1]
    until = first_look(ledger.state.created.config, asked.at)
    parked = ledger.append_if(
        lambda state: state.is_active and state.open_question is not None,
        RunParked(
            wait=WaitForAnswer(number=len(ledger.state.questions)),
            note="It needs an answer.",
            until=None if until is None else until.isoformat(),
        ),
    )
    return parked is not None or not ledger.state.is_active


def park_until_tomorrow(ledger: RunLedger) -> None:
    """The repository's day pays no more of it; what is begun goes on with the next one."""
    now = ledger.clock.now()
    spent = ledger.state.cost_usd
    note = f"It has cost ${spent:.2f}, and today's budget (`budget.day_usd`) pays no more before midnight UTC."
    park(ledger, WaitForBudget(), note, after_seconds=(next_day(now) - now).total_seconds())


def _is_active(state: RunState) -> bool:
    return state.is_active


def _close_work(ledger: RunLedger, *, ok: bool = True) -> None:
    if any(stage.name == "work" and stage.ended_at is None for stage in ledger.state.stages):
        ledger.append(StageEnded(stage="work", ok=ok, note=counted(ledger.state.turns, "turn")))
