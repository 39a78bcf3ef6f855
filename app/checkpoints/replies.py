"""The short answers to a request that starts no work: refusals, `status`, `help`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.checkpoints.markdown import line
from app.ports import RunSummary


def refused_role(login: str, verb: str, role: str, needed: str) -> str:
    return (
        f"Sorry {line(login, 60)}, `{verb}` needs the **{needed}** role on this repository and yours is "
        f"**{role or 'none'}**. Somebody who has it can ask for it."
    )


def refused(reason: str) -> str:
    return f"🚫 {reason}"


def gave_up(why: str, attempts: int) -> str:
    return (
        f"I could not take this up: {line(why, 200)}. I tried {attempts} times and have stopped trying. Ask again; "
        "or whoever runs me mends it and puts your request back with `lamplighter redrive`."
    )


def unpriced(model: str) -> str:
    return (
        f"I do not know the price of `{line(model, 120)}`, so I count it as the dearest model there is: the budget may "
        "end this sooner than it has to."
    )


def already_active(run: RunSummary, prefix: str) -> str:
    return (
        f"I am already on this (run `{run.run_id[:8]}`, {run.phase}). "
        f"`{prefix} status` shows where it stands, `{prefix} stop` stops it; plain words after `{prefix}` steer it."
    )


def no_active_run(verb: str, prefix: str) -> str:
    return f"There is no run here to {verb}. `{prefix} fix` starts one."


def no_open_question(prefix: str) -> str:
    return f"No question is open here, so there is nothing to answer. `{prefix} status` shows where things stand."


def status(runs: Sequence[RunSummary]) -> str:
    """Where the runs of this thread stand, newest first."""
    if not runs:
        return "No run here yet."
    rows = [
        f"| `{run.run_id[:8]}` | {run.phase} | {line(run.reason.replace('_', ' '), 100)} | ${run.cost_usd:.2f} "
        f"| {run.updated_at[:16].replace('T', ' ')} UTC |"
        for run in runs[:5]
    ]
    return "\n".join(["| run | state | | cost | last change |", "|---|---|---|---|---|", *rows])


def help_text(verbs: Sequence[tuple[str, str]], prefix: str, trigger_label: str) -> str:
    """The verbs of this version, one line each."""
    rows = [f"- `{prefix} {verb}`: {text}" for verb, text in verbs]
    start = f"Put the label `{trigger_label}` on an issue, or write at the start of a comment:"
    return "\n".join([start, "", *rows, "", f"Plain words after `{prefix}` are an instruction."])
