"""Every sentence the bot says in a comment or a check, so that its words can be reviewed like code.

All text from outside goes through `app.text.outgoing` first. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.checkpoints import rehearsal_text, unfinished_text
from app.checkpoints.addressed import to
from app.checkpoints.executed_text import took
from app.checkpoints.merge_text import conflict_lines, merged_lines
from app.checkpoints.moments import utc
from app.checkpoints.moved_text import came_in, left_over
from app.checkpoints.outcomes import appearance, doubt, is_unproven
from app.checkpoints.reproduction_text import reproduction_lines
from app.claims import Claims, sentences
from app.events.waits import WaitForAnswer, WaitForQuiet, WaitForWorker
from app.events.working import CommandRan
from app.jobs.job import ONBOARDING_TRIGGER, is_red_fix
from app.playbooks import playbook
from app.runs.state.run_state import RunState
from app.runs.state.told import Stage
from app.text.outgoing import code, counted, cut, fence, line, neutral, people, row

STAGES: Mapping[str, str] = {
    "clone": "Clone",
    "merge": "Merge",
    "setup": "Set up",
    "baseline": "Tests before",
    "reproduce": "Failed step",
    "work": "Work",
    "verify": "Tests after",
    "scan": "Security scan",
}
_LANDING = {"pull": "Opening the pull request", "branch": "Adding the commit", "patch": "Offering the patch"}
_LANDED = {"pull": "pull request", "branch": "commit", "patch": "the patch above"}
_FEW = 3  # of the tests that are not run here, in the status
_LAST_LINES = 20  # of what a failing command printed


def marker(run_id: str, part: str) -> str:
    """The hidden line by which a comment is found again; unique per run and part."""
    return f"<!-- lamplighter run={run_id} part={part} -->"


def short(run_id: str) -> str:
    return run_id[:8]


def status(state: RunState) -> str:
    """The one status comment of a run; edited in place, at most 40 lines."""
    lines = [marker(state.run_id, "status"), f"### {headline(state)}", ""]
    if state.stages:
        lines += ["| | stage | time | |", "|---|---|---|---|", *stage_rows(state)]
        lines.append("")
    lines += [*_standing(state), *state.created.config_notes, *_not_here(state), *_otherwise(state), ""]
    cap_usd = state.run_usd or state.created.config.budget.run_usd
    spent = (
        f"${state.cost_usd:.2f} of ${cap_usd:.2f} · {counted(state.turns, 'turn')}"
        if state.turns
        else ("nothing spent yet" if playbook(state.created.playbook).asks_model else "no model is asked")
    )
    spent += f" · model changed to {line(state.created.alias, 60)}" if state.model_changes else ""
    lines += [f"<sub>{spent} · {_begun(state)} · run `{short(state.run_id)}`</sub>"]
    return cut("\n".join(lines))


def _begun(state: RunState) -> str:
    if state.is_by_checks or is_red_fix(state.created.gathers):
        return "begun by failed checks"
    if state.created.trigger == ONBOARDING_TRIGGER:
        return "begun once, because the App came"
    return f"asked for by {line(_requester(state), 60)}"


def _not_here(state: RunState) -> list[str]:
    """What guards the branch and is not run, while that can still be thought over; a result says it at its place."""
    if not state.not_here or state.phase == "ended":
        return []
    more = f"; and {len(state.not_here) - _FEW} more" if len(state.not_here) > _FEW else ""
    return [
        "",
        f"Not run here, so not looked at: {'; '.join(line(text, 200) for text in state.not_here[:_FEW])}{more}.",
    ]


def _otherwise(state: RunState) -> list[str]:
    """What set-up could not do as the project asks, before money is spent on it; a result says it at its place."""
    told = state.set_up_otherwise
    if not told or state.phase == "ended":
        return []
    return ["", f"Set up otherwise than the project asks: {'; '.join(line(text, 200) for text in told[:_FEW])}."]


def headline(state: RunState) -> str:
    """An icon, and how the run stands in a few words."""
    if state.phase == "ended" and state.outcome:
        look, pull = appearance(state), state.pull
        if state.outcome == "proposed" and pull is None:
            return f"📦 {_LANDING[state.lands_with]}"
        where = f": {_landed(state)}" if pull and _landed(state) else ""
        if state.outcome == "proposed" and is_unproven(state):
            how = "not proven" if doubt(state) == "not proven" else "to be looked at with care"
            return f"🟡 {look.headline}, {how}" + (f": {where}" if pull and (where := _landed(state)) else "")
        return f"{look.icon} {look.headline}" + (f": {where}" if pull and (where := _landed(state)) else "")
    if state.phase == "queued" or isinstance(state.wait, WaitForQuiet):
        return "🕯️ Waiting"
    if state.phase == "parked":
        if isinstance(state.wait, WaitForAnswer):
            return "📋 Waiting for approval" if state.open_plan else "❓ Waiting for an answer"
        return "⏸️ Paused"
    return "🔥 Working on it" if state.stages else "🕯️ Starting"


def _landed(state: RunState) -> str:
    """What a change that is on GitHub is called there: its pull request, or its commit on one that was there."""
    if state.created.target:
        return str(state.result("branch").get("sha", ""))[:7]  # a patch has none
    return f"#{state.pull['number']}" if state.pull else ""


def stage_rows(state: RunState, *, in_motion: bool = True) -> list[str]:
    """The last stages, newest attempt only where a stage was repeated; `in_motion` with what is done just now."""
    latest = {stage.name: stage for stage in state.stages}  # in the order of their first time
    rows = []
    for stage in latest.values():
        icon = {None: "⏳" if state.phase == "working" else "⏸️", True: "✅", False: "❌"}[stage.ok]
        note = stage.note if stage.ended_at else (state.doing or stage.note) if in_motion else ""
        said = line(note.replace("**", ""), 90)  # elsewhere claims are bold; here it would show
        rows.append(row([icon, STAGES.get(stage.name, stage.name), _took(stage), said]))
    return rows


def _took(stage: Stage) -> str:
    if stage.ended_at is None:
        return "…"
    return took(stage.seconds)


def _standing(state: RunState) -> list[str]:
    prefix = state.created.names.prefix
    if state.phase == "ended":
        if state.outcome == "cancelled":
            return [line(state.reason, 300), *(f"\n{text}" for text in unfinished_text.where(state))]
        for key in ("branch", "pull"):
            if delayed := state.delayed.get(key):
                again = f"I try again at {delayed.until[11:16]} UTC; the change is kept."
                what = "commit could not be added" if state.created.target else "pull request could not be opened"
                return [f"The {what} yet: {line(delayed.error, 300)} {again}"]
        if state.rehearsed:
            return rehearsal_text.findings(state)
        return [] if state.pull else [line(_first_line(state.reason), 300)]
    if state.phase == "queued":
        return [line(state.queue_reason, 300), f"`{prefix} stop` takes it out of the queue."]
    if isinstance(state.wait, WaitForAnswer):
        return [
            f"The {'plan' if state.open_plan else 'question'} is in a comment below. Nothing is spent while it waits."
        ]
    if state.phase == "parked":
        if isinstance(state.wait, WaitForWorker) or not state.park_until:
            return [f"{line(state.park_note, 300)} It goes on by itself; nothing is spent meanwhile."]
        when = utc(state.park_until)
        return [f"{line(state.park_note, 400)} It goes on by itself at {when}; nothing is spent until then."]
    again = f" Attempt {state.attempt}: the one before was interrupted." if state.attempt > 1 else ""
    return [f"`{prefix} stop` stops it.{again}"]


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0] if text.strip() else ""


def result(state: RunState, part: str) -> str:
    """The closing comment: what came out, with evidence, and what to do next. `part` is for its marker."""
    look, pull, whom = appearance(state), state.pull, to(state)
    lines = [marker(state.run_id, part)]
    if state.outcome == "proposed" and pull:
        what = f"{_LANDED[state.lands_with]} {_landed(state)}".strip()
        if doubt(state) == "not proven":
            lines += [f"### 🟡 {whom}{what} is not proven: look at it with care", ""]
        elif doubt(state):
            lines += [f"### 🟡 {whom}{what} needs a careful look: tests were changed", ""]
        else:
            lines += [f"### {look.icon} {whom}{what} is ready for you to look at", ""]
        lines += [neutral(state.finish.summary, 900) if state.finish else "", "", *merged_lines(state)]
        lines += [*_proof_lines(state), *reproduction_lines(state)]
        if state.created.target:
            lines += came_in(state)
        elif why_draft := _why_draft(state):
            lines += ["", f"It is a **draft**: {why_draft}"]
        if state.breaking and state.proposal and state.proposal.owners:
            lines += ["", f"⚠️ Breaking change, please look: {people(state.proposal.owners)}"]
    else:
        words = look.headline if look.headline.startswith("I ") else look.headline.lower()
        lines += [f"### {look.icon} {whom}{words}", "", neutral(state.reason, 3_000)]
        lines += ["", *(f"- Not in my checkout: {line(text, 300)}" for text in state.missing)] if state.missing else []
        ran_here = reproduction_lines(state)
        lines += [
            *rehearsal_text.configuration(state),
            *(["", *ran_here] if ran_here else []),
            *conflict_lines(state),
            *left_over(state),
            *_tried(state),
        ]
        if state.next_step:
            lines += ["", f"**Next:** {neutral(state.next_step, 600)}"]
    retry = f"`{state.created.names.prefix} retry` starts again"
    lines += ["", f"<sub>{retry} · run `{short(state.run_id)}` · ${state.cost_usd:.2f}</sub>"]
    return cut("\n".join(lines))


def _requester(state: RunState) -> str:
    return state.created.requester.login


def _why_draft(state: RunState) -> str:
    """Empty for a pull request that is ready for review."""
    if state.proposal and state.proposal.draft:
        return state.proposal.draft_reason
    ready = state.published.get("ready")
    refused = line(ready.error, 300) if ready else ""
    return f"I could not mark it ready for review ({refused}). You can." if refused else ""


def _proof_lines(state: RunState) -> list[str]:
    found = state.verification
    claims = found.claims if found else None  # runs before they were kept have a note only
    note = line(found.note, 300) if found else ""
    said = sentences(Claims.from_event(claims.model_dump())) if claims else [note]
    lines = [f"- {' '.join(said)}"] if any(said) else []
    if state.finish and state.finish.confidence == "low":
        lines.append("- 🟡 I am **not sure** of this one: see *Decisions and assumptions* in the pull request.")
    return lines


def _tried(state: RunState) -> list[str]:
    """What was run, newest last, for an outcome without a pull request."""
    ran = [told.said for told in state.commands if told.said.purpose in {"baseline", "verify", "setup"}][-3:]
    if not ran:
        return []
    lines = ["", "<details><summary>What was run</summary>", ""]
    for item in ran:
        ended = f"exit {item.exit_code}" if item.exit_code is not None else "killed"
        lines += [f"{code(item.command, 200)}: {ended}", ""]
        if item.tail and not _passed(item):
            lines += [fence("\n".join(item.tail.splitlines()[-_LAST_LINES:]), 1_500), ""]
    if state.blocked_hosts:
        lines += ["Blocked hosts (allow them under `sandbox.network`): "]
        lines += [", ".join(code(host, 80) for host in state.blocked_hosts[:10]), ""]
    return [*lines, "</details>"]


def _passed(item: CommandRan) -> bool:
    counts = item.counts
    if counts is None or item.purpose == "setup":
        return item.exit_code == 0
    return item.exit_code == 0 and counts.passed > 0 and not counts.failed + counts.errors


def reply(state: RunState) -> str:
    """The answer to a request that starts no work; `reason` is the bot's own Markdown."""
    return cut(f"{marker(state.run_id, 'reply')}\n{state.reason}")
