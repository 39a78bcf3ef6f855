"""A run's events as one line each, for people who watch: `watch`, `run`, `demo`, `audit`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.checkpoints.outcomes import OUTCOMES
from app.checkpoints.render import STAGES
from app.ledger import Event
from app.log import Redactor
from app.runs.state.run_state import RunState
from app.text.untrusted import one_line, strip_hidden

_WIDTH = 110
_LAST_LINES = 20  # of what a command printed that stands in the way
_LINE_CHARS = 300
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # and where the cursor goes
_READABLE = Redactor()  # what is only shaped like a secret is in the ledger as it came


@dataclass(frozen=True, kw_only=True)
class Line:
    """`tone`: plain, dim (details), good, bad, ask (a person is needed), act (a step of the agent)."""

    icon: str
    text: str
    tone: str = "plain"


def line(event: Event) -> Line | None:
    """What a person should read of `event`; None for bookkeeping."""
    if not event.is_rightful:
        return _line("⛔", f"event {event.seq} {event.objection}", "bad")
    tell = _TELL.get(event.kind)
    return tell(event.data) if tell else None


def last_words(state: RunState) -> list[str]:
    """Why a run has no result, in full: the reason, and the last lines of the command it ended at."""
    told = ["", strip_hidden(_READABLE.text(state.reason))] if len(state.reason) > _WIDTH else []
    ran = [told.said.model_dump() for told in state.commands if told.said.purpose in {"setup", "verify"}]
    if state.outcome not in {"failed", "gave_up", "out_of_budget"} or not ran or ran[-1].get("exit_code") == 0:
        return told
    tail = _COLOURS.sub("", _READABLE.text(str(ran[-1].get("tail") or "")))
    lines = strip_hidden(tail).rstrip().splitlines()[-_LAST_LINES:]
    head = f"$ {one_line(ran[-1]['command'], _LINE_CHARS)}  →  {ended(ran[-1])}"
    return [*told, "", head, *(f"  {text[:_LINE_CHARS]}" for text in lines or ["(it printed nothing)"])]


def _line(icon: str, text: str, tone: str = "plain") -> Line:
    return Line(icon=icon, text=one_line(_READABLE.text(text), _WIDTH), tone=tone)


def _created(data: Mapping[str, Any]) -> Line:
    title = data.get("task", {}).get("title", "")
    return _line("🕯", f"{data['requester']['login']} asked ({data['trigger']}): {title}")


def _attempt(data: Mapping[str, Any]) -> Line:
    again = f"attempt {data['attempt']} " if data["attempt"] > 1 else ""
    return _line("🔥", f"{again}started in a {data.get('sandbox', 'sandbox')} sandbox")


def _stage_started(data: Mapping[str, Any]) -> Line:
    return _line("…", f"{STAGES.get(data['stage'], data['stage'])}: {data.get('note', '')}", "dim")


def _stage_ended(data: Mapping[str, Any]) -> Line:
    name = STAGES.get(data["stage"], data["stage"])
    note = f": {data['note']}" if data.get("note") else ""
    return _line("✓", f"{name}{note}", "good") if data["ok"] else _line("✗", f"{name}{note}", "bad")


def counted(counts: Mapping[str, Any] | None) -> str:
    """`3 passed, 1 failed`; empty when the output did not tell."""
    names = ("passed", "failed", "errors", "skipped")
    return ", ".join(f"{counts[name]} {name}" for name in names if counts.get(name)) if counts else ""


def ended(data: Mapping[str, Any]) -> str:
    """How a command ended: `exit 1, 3 passed, 1 failed`."""
    text = f"exit {data['exit_code']}" if data.get("exit_code") is not None else f"killed ({data.get('killed_by', '')})"
    counts = counted(data.get("counts"))
    return f"{text}, {counts}" if counts else text


def _command(data: Mapping[str, Any]) -> Line:
    where = {"base": "before", "head": "with the change"}.get(data.get("at", ""), data.get("at", ""))
    text = f"$ {data['command']}  →  {ended(data)} ({where}, {data.get('seconds', 0):.1f} s)"
    return _line(" ", text, "plain" if data.get("exit_code") == 0 else "bad")


def _said(data: Mapping[str, Any]) -> Line | None:
    """What the model wrote between its calls: text, or the summary of a thought."""
    return _line("·", str(data["said"]), "dim") if data.get("said") else None


def _tool(data: Mapping[str, Any]) -> Line:
    return _line("·", str(data.get("summary", "")), "act")


def _failed_call(data: Mapping[str, Any]) -> Line:
    return _line("!", f"the model did not answer: {data.get('error', '')}", "bad")


def _asked(data: Mapping[str, Any]) -> Line:
    return _line("❓", "; ".join(item["text"] for item in data["questions"]), "ask")


def _answered(data: Mapping[str, Any]) -> Line:
    return _line("💬", f"{data['by']} answered: {data['text']}", "good")


def _breaking(data: Mapping[str, Any]) -> Line:
    return _line("⚠", f"breaking change: {data['what']}", "ask")


def _finish(data: Mapping[str, Any]) -> Line:
    return _line("🏁", f"{data['outcome']} (confidence {data['confidence']}): {data['title']}")


def _parked(data: Mapping[str, Any]) -> Line:
    waits_for = data["wait"]["kind"] if "wait" in data else data["reason"]  # older ledgers say a word
    return _line("⏸", f"parked ({waits_for}): {data.get('note', '')}", "dim")


def _egress(data: Mapping[str, Any]) -> Line | None:
    if data["allowed"]:
        return None
    return _line("⛔", f"blocked: {data['method']} {data['host']}:{data['port']} {data.get('reason', '')}", "bad")


def _ended_run(data: Mapping[str, Any]) -> Line:
    look = OUTCOMES[data["outcome"]]
    reason = f": {data['reason']}" if data.get("reason") else ""
    tone = "good" if look.conclusion == "success" else "plain" if look.conclusion == "neutral" else "bad"
    headline = "The change is ready" if data["outcome"] == "proposed" else look.headline
    return _line(look.icon, f"{headline}{reason}", tone)


def _published(data: Mapping[str, Any]) -> Line:
    result = data.get("result", {})
    what = result.get("url") or result.get("sha", "")[:10]
    return _line("→", f"published: {data['key']} {what}".rstrip(), "dim")


def _wanted(data: Mapping[str, Any]) -> str:
    count = len(data["repositories"])
    return f"{data['by']} gave access to {count or 'all'} repositor{'y' if count == 1 else 'ies'}"


def _progressed(data: Mapping[str, Any]) -> Line:
    trouble = "".join(f"; {name}: {why}" for name, why in data["trouble"].items())
    text = f"set up as far as repository {data['cursor']} of the list, {data['issues']} issues opened{trouble}"
    return _line("·", text, "bad" if trouble else "act")


_TELL: Mapping[str, Callable[[Mapping[str, Any]], Line | None]] = {
    "run.created": _created,
    "run.queued": lambda data: _line("🕯", f"waits: {data.get('reason', '')}", "dim"),
    "attempt.started": _attempt,
    "stage.started": _stage_started,
    "stage.ended": _stage_ended,
    "command.ran": _command,
    "model.replied": _said,
    "tool.ran": _tool,
    "model.failed": _failed_call,
    "egress.requested": _egress,
    "question.asked": _asked,
    "question.answered": _answered,
    "steer.received": lambda data: _line("💬", f"{data['by']}: {data['text']}"),
    "cancel.requested": lambda data: _line("⏹", f"{data['by']} asked to stop: {data.get('reason', '')}"),
    "breaking.reported": _breaking,
    "finish.called": _finish,
    "run.parked": _parked,
    "run.moved": lambda data: _line("→", f"follows to {data['thread']['repository']}", "dim"),
    "onboarding.asked": lambda data: _line("🏮", _wanted(data)),
    "onboarding.listed": lambda data: _line("…", f"{data['count']} repositories to set up are listed", "dim"),
    "onboarding.progressed": _progressed,
    "rerun.asked": lambda data: _line("🔁", f"failed jobs of {data['sha'][:7]} run again"),
    "run.resumed": lambda data: _line("▶", f"goes on: {data.get('reason', '')}", "dim"),
    "run.ended": _ended_run,
    "publish.done": _published,
    "publish.abandoned": lambda data: _line("✗", f"out of reach, nothing is shown: {data['reason']}", "bad"),
    "publish.failed": lambda data: _line("✗", f"GitHub refused {data['key']}: {data['error']}", "bad"),
}
