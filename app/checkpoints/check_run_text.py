"""What the check runs of a run say: at work, when it has gone on to another commit, and at its end. Pure."""

from __future__ import annotations

from app.checkpoints.outcomes import appearance
from app.checkpoints.render import STAGES, headline, stage_rows
from app.events.waits import WaitForAnswer
from app.runs.state.run_state import RunState
from app.text.outgoing import code, counted, cut, line, neutral, row

_LIMIT = 65_535  # characters of a check run's summary
_TABLE = ("| | stage | time | |", "|---|---|---|---|")


def at_work(state: RunState) -> tuple[str, str]:
    """Title and summary while the run works or waits. Details of a stage are in its status comment, which follows."""
    now = next((stage.name for stage in reversed(state.stages) if stage.ended_at is None), "")
    is_working = state.phase == "working" and now
    title = f"{_headline(state)}: {STAGES.get(now, now)}" if is_working else _headline(state)
    if isinstance(state.wait, WaitForAnswer):
        what = "The plan" if state.open_plan else "The question"
        lines = [f"{what} is in a comment of the conversation. Nothing is spent while it waits."]
    elif state.phase == "parked":
        lines = [f"{line(state.park_note, 400)} It goes on by itself."]
    else:
        lines = ["The status comment of the conversation follows each step. **Stop** ends the run."]
    table = [*_TABLE, *stage_rows(state, in_motion=False), ""] if state.stages else []
    return title, cut("\n".join([*table, *lines]), _LIMIT)


def gone_on(sha: str) -> tuple[str, str]:
    """Title and summary on a commit that the run no longer stands on, or has put its own commit on top of."""
    return f"Went on with {sha[:7]}", f"This run has a check of its own on {code(sha[:7])}."


def nothing_to_run() -> tuple[str, str]:
    """Title and summary on the commit of a merge queue."""
    return (
        "Nothing was run here",
        "The pull requests of this group were checked on their own heads; I add nothing here.",
    )


def ended(state: RunState) -> tuple[str, str]:
    """Title and summary of a run that has ended and left no commit here. Only of a run that has ended."""
    lines = [neutral(state.reason, 3_000), ""]
    if state.next_step:
        lines += [f"**Next:** {neutral(state.next_step, 600)}", ""]
    table = [*_TABLE, *stage_rows(state), ""] if state.stages else []
    return appearance(state).headline, cut("\n".join([*lines, *table, _spent(state)]), _LIMIT)


def proposed(state: RunState) -> tuple[str, str]:
    """Title and summary of the check run on the commit of the change."""
    head = state.proposal.ledger_head[:16] if state.proposal else ""
    lines = [*_TABLE, *stage_rows(state), "", f"Ledger head `{head}` · {_spent(state)}"]
    return _headline(state), cut("\n".join(lines), _LIMIT)


def scanned(state: RunState) -> tuple[str, str]:
    """Title and summary of the check run `lamplighter/scan`."""
    findings = state.scan.findings if state.scan else []
    if not findings:
        return "Nothing found", "Limits, protected paths, secrets, test weakening and breaking changes were checked."
    rows = [
        row([item.level, code(item.check, 40), code(item.path or "-", 100), line(item.message, 200)])
        for item in findings[:50]
    ]
    return f"{len(findings)} finding(s)", cut("\n".join(["| level | check | file | |", *_TABLE[1:], *rows]), _LIMIT)


def _headline(state: RunState) -> str:
    return headline(state).split(" ", 1)[1][:250]


def _spent(state: RunState) -> str:
    return f"${state.cost_usd:.2f} · {counted(state.turns, 'turn')}"
