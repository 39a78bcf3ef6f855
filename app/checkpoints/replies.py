"""The short answers to a request that starts no work: refusals, `status`, `help`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.commands.verbs import FLAGS, INSTRUCT, VERBS
from app.ports.platform import RunSummary
from app.text.outgoing import code, line, row

WITH_THE_ROLE = "you have that role, or let somebody who has it do so"  # when a label is to be put on again


def refused_role(login: str, said: str, role: str, needed: str, *, flag: str, prefix: str) -> str:
    """`said` is the command, empty for plain words; `flag` the one that needs more than the command itself."""
    what = f"the flag `--{flag}`" if flag else f"`{said}`" if said else f"plain words after `{prefix}`"
    instead = f"Without it `{said or prefix}` is yours to use." if flag else "Somebody who has it can ask for it."
    return (
        f"Sorry {line(login, 60)}, {what} {_needs(role, needed, 'need' if not (flag or said) else 'needs')} {instead}"
    )


def refused_label(login: str, label: str, role: str, needed: str) -> str:
    return f"Sorry {line(login, 60)}, putting {code(label, 60)} on {_needs(role, needed, 'needs')}"


def _needs(role: str, needed: str, verb: str) -> str:
    return f"{verb} the **{needed}** role on this repository and yours is **{role or 'none'}**."


def refused(reason: str, *, label: str = "", when: str = "") -> str:
    """Why nothing starts; for a `label` that was put on, that it is off again and `when` it helps to put it on."""
    return f"🚫 {reason} {taken_off(label, when)}" if label else f"🚫 {reason}"


def taken_off(label: str, when: str) -> str:
    off = f"I took {code(label, 60)} off"
    return f"{off}; put it on again when {when}." if when else f"{off}."


def label_on_pull_request(label: str, prefix: str) -> str:
    return f"{code(label, 60)} starts work on issues only. Here say what to change, as in `{prefix} rename this`."


def going_on(run_id: str, files: int) -> str:
    return f"I go on from where run `{run_id[:8]}` stopped: {files} changed file{'' if files == 1 else 's'}."


def nothing_left(run_id: str) -> str:
    return f"What run `{run_id[:8]}` had changed is no longer kept, so I start anew."


def changed_since(run_id: str, paths: Sequence[str]) -> str:
    named = ", ".join(code(path) for path in paths[:3]) + (", …" if len(paths) > 3 else "")
    return f"{named} changed since run `{run_id[:8]}` stopped, so I start anew instead of going on from there."


def nothing_to_retry(prefix: str) -> str:
    return f"No run was here yet, so there is nothing to try again. Say what to change, as in `{prefix} rename this`."


def nothing_to_tell(prefix: str) -> str:
    return f"No run is at work here, so nothing starts. `{prefix} fix` starts one; add what matters behind it."


def trouble(error: str) -> str:
    return f"I could not take this up. {error}\n\nAsk again when that is mended."


def gave_up(why: str, attempts: int) -> str:
    return (
        f"I could not take this up: {line(why, 200).rstrip('.')}. I tried {attempts} times and have stopped trying. "
        "Ask again; or whoever runs me mends it and puts your request back with `lamplighter redrive`."
    )


def unpriced(model: str) -> str:
    return (
        f"I do not know the price of `{line(model, 120)}`, so I count it as the dearest model there is: the budget may "
        "end this sooner than it has to."
    )


def already_active(run: RunSummary, prefix: str) -> str:
    if run.phase == "ended":  # all but its pull request
        return (
            f"The change of run `{run.run_id[:8]}` is ready, and GitHub has refused its pull request so far. I try "
            f"again by myself; `{prefix} retry` does it at once, `{prefix} stop` stops that."
        )
    return (
        f"I am already on this (run `{run.run_id[:8]}`, {run.phase}). "
        f"`{prefix} status` shows where it stands, `{prefix} stop` stops it; plain words after `{prefix}` steer it."
    )


def no_active_run(verb: str, prefix: str) -> str:
    return f"There is no run here to {verb}. `{prefix} fix` starts one."


def over_already(run_id: str, prefix: str) -> str:
    return (
        f"Run {code(run_id[:8], 10)} is over: there is nothing to stop. `{prefix} status` shows what is at work here."
    )


def stop_first(run: RunSummary, prefix: str) -> str:
    return (
        f"Run `{run.run_id[:8]}` is at work here, so I take nothing back under it. `{prefix} stop` first, then "
        f"`{prefix} undo`."
    )


def no_plan(prefix: str) -> str:
    return f"No plan waits for approval here. `{prefix} plan` asks for one."


def outdated_plan(named: str, now: str, prefix: str) -> str:
    return (
        f"{code(named, 20)} is not the plan that waits: that is `{now[:8]}`. Look at its comment, the newest one; then "
        f"`{prefix} approve` carries it out."
    )


def answer_first(prefix: str) -> str:
    return f"This run waits for an answer to its question; `{prefix} answer 1a` or plain words give it."


def no_amount(prefix: str) -> str:
    return f"`{prefix} budget` takes an amount in US dollars above 0, as in `{prefix} budget 3`."


def no_budget_to_change(prefix: str, amount: float) -> str:
    return f"No run is at work here. `{prefix} retry --budget {amount:g}` starts the last one anew with that much."


def no_model_to_change(prefix: str, name: str) -> str:
    return f"No run is at work here. `{prefix} retry --model {line(name, 60)}` starts the last one anew with it."


def no_open_question(prefix: str) -> str:
    return f"No question is open here, so there is nothing to answer. `{prefix} status` shows where things stand."


def status(runs: Sequence[RunSummary]) -> str:
    """Where the runs of this thread stand, newest first."""
    if not runs:
        return "No run here yet."
    rows = [
        row(
            [
                f"`{run.run_id[:8]}`",
                run.phase,
                line(run.reason.replace("_", " "), 100),
                f"${run.cost_usd:.2f}",
                f"{run.updated_at[:16].replace('T', ' ')} UTC",
            ]
        )
        for run in runs[:5]
    ]
    return "\n".join(["| run | state | | cost | last change |", "|---|---|---|---|---|", *rows])


def help_text(prefix: str, trigger_label: str) -> str:
    """The verbs and flags of this version, one line each, with the role that each needs."""
    works = [verb for verb in VERBS.values() if verb.works]
    rows = [f"- `{prefix} {verb.example or verb.name}` {verb.help} ({verb.role})" for verb in works]
    told = f"- `{prefix} {INSTRUCT.example}` {INSTRUCT.help} It starts nothing. ({INSTRUCT.role})"
    flags = [
        f"- `{f'--{flag} {example}'.strip()}` {text} ({_flag_role(flag)})" for flag, (example, text) in FLAGS.items()
    ]
    takers = " and ".join(f"`{verb.name}`" for verb in works if verb.flags)
    start = f"Put the label `{trigger_label}` on an issue (write), or begin a comment with one of these. In brackets: "
    return "\n".join([start + "the role it needs.", "", *rows, told, "", f"Flags of {takers}:", *flags])


def _flag_role(flag: str) -> str:
    return next(verb.flags[flag] for verb in VERBS.values() if flag in verb.flags)
