"""One run on one page: who asked, what was configured, what ran, what was asked and answered, what came of it."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from app.cli import screen, story
from app.cli.homes import Home
from app.cli.verification import examine
from app.events.record import Record
from app.ledger import Event
from app.log import Redactor
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.text.untrusted import one_line


def tell(home: Home, run_id: str) -> dict[str, Any]:
    """The story, JSON-shaped, with shapes of secrets masked: the ledger keeps them as they came."""
    written = home.events(run_id)
    state, events = fold(run_id, written), [event for event in written if event.is_rightful]
    created, said = state.created, state.created.model_dump(exclude_unset=True)
    count, problems, retired = examine(home, run_id)
    told = {
        "run": run_id,
        "trigger": {name: said.get(name) for name in ("trigger", "reason", "delivery", "requester", "thread")},
        "task": created.task.title,
        "role": created.admission.role,
        "base": said.get("base"),
        "config": {"source": created.config_source, "values": created.config.model_dump(exclude_unset=True)},
        "model": created.model,
        "phase": state.phase,
        "outcome": state.outcome,
        "reason": state.reason or state.park_note or state.queue_reason,
        "attempts": [dict(event.data) | {"at": event.at} for event in events if event.kind == "attempt.started"],
        "stages": [vars(stage) for stage in state.stages],
        "commands": [_command({**_told(ran.said), "seq": ran.seq}) for ran in state.commands],
        "tools": [event.data.get("summary", "") for event in events if event.kind == "tool.ran"],
        "questions": list(_conversation(state)),
        "steering": [{**_told(word.said), "seq": word.seq} for word in state.steering],
        "breaking": [_told(item) for item in state.breaking],
        "egress": _egress(events),
        "finish": _told(state.finish),
        "verification": _told(state.verification),
        "scan": _told(state.scan),
        "changes": (_told(state.proposal) or {}).get("changes", []),
        "cost": {"usd": round(state.cost_usd, 4), "turns": state.turns, "tokens": state.tokens},
        "seconds": {"working": round(state.worked_seconds, 1)},
        "published": {key: done.result for key, done in state.published.items()},
        "ledger": {
            "events": count,
            "head": state.head,
            "whole": not problems,
            "problems": problems,
            "retired": retired,
        },
        "times": {"created": state.created_at, "updated": state.updated_at},
    }
    return dict(Redactor().data(told))


def _told(said: Record | None) -> Any:
    return said.model_dump(exclude_unset=True) if said else None


def _command(item: Any) -> dict[str, Any]:
    names = ("seq", "purpose", "at", "command", "exit_code", "killed_by", "seconds", "counts")
    return {name: item.get(name) for name in names}


def _conversation(state: RunState) -> list[dict[str, Any]]:
    answers = [*state.answers, *([None] * len(state.questions))]
    return [
        {
            "asked": [item.text for item in asked.said.questions],
            "answer": answer.said.text if answer else None,
            "by": answer.said.by if answer else None,
        }
        for asked, answer in zip(state.questions, answers, strict=False)
    ]


def _egress(events: list[Event]) -> list[dict[str, Any]]:
    totals: dict[tuple[str, bool], dict[str, Any]] = {}
    for event in events:
        if event.kind == "egress.requested":
            data = event.data
            row = totals.setdefault(
                (data["host"], data["allowed"]),
                {"host": data["host"], "allowed": data["allowed"], "requests": 0, "bytes": 0},
            )
            row["requests"] += 1
            row["bytes"] += data.get("size_bytes", 0)
    return list(totals.values())


def show(told: dict[str, Any]) -> None:
    """Print the page."""
    out = screen.console()
    for heading, rows in _sections(told):
        out.print(Text(heading, style="bold"))
        for row in rows:
            out.print(Text(f"  {row}"), soft_wrap=True)
        out.print()


def _sections(told: dict[str, Any]) -> list[tuple[str, list[str]]]:
    trigger = told["trigger"]
    thread, requester = trigger["thread"] or {}, trigger["requester"] or {}
    where = f"{thread.get('repository')}#{thread['number']}" if thread.get("number") else thread.get("repository")
    role = f", role {told['role']}" if told["role"] else ""
    base = told["base"] or {}
    source = told["config"]["source"] or {}
    config = source.get("path") or "defaults (the repository has no configuration file)"
    parts = [
        (
            f"Run {told['run']}: {one_line(told['task'], 90)}",
            [
                f"asked by {requester.get('login')}{role} on {where}: {trigger['trigger']} ({trigger['reason']})",
                f"delivery {trigger['delivery']}, {told['times']['created']}",
                f"base {base.get('ref')} at {base.get('sha')}",
                f"configuration: {config}; model {told['model']}",
                *[f"attempt {a['attempt']} at {a['at']}, {a.get('sandbox')}" for a in told["attempts"]],
            ],
        ),
        ("Stages", [_stage(item) for item in told["stages"]]),
        ("Commands the harness ran", [_ran(item) for item in told["commands"]]),
        ("What the model did", [one_line(str(text), 100) for text in told["tools"]]),
        ("Questions", [_asked(item) for item in told["questions"]]),
        ("Breaking changes", [one_line(item["what"], 100) for item in told["breaking"]]),
        ("Network", [_host(item) for item in told["egress"]] or ["no request left the sandbox"]),
        ("Change", [f"{item['kind']} {item['path']} ({item['size']} bytes)" for item in told["changes"]]),
        ("Published", [f"{key}: {_result(result)}" for key, result in told["published"].items()]),
        ("Result", _result_rows(told)),
    ]
    return [(heading, rows) for heading, rows in parts if rows]


def _stage(item: dict[str, Any]) -> str:
    mark = {None: "…", True: "✓", False: "✗"}[item["ok"]]
    return f"{mark} {item['name']}: {one_line(item['note'], 100)}"


def _ran(item: dict[str, Any]) -> str:
    return f"[{item['purpose']} at {item['at']}] {one_line(item['command'], 70)}: {story.ended(item)}"


def _asked(item: dict[str, Any]) -> str:
    answer = f"{item['by']}: {one_line(item['answer'], 90)}" if item["answer"] else "not answered"
    return f"{one_line('; '.join(item['asked']), 100)} → {answer}"


def _host(item: dict[str, Any]) -> str:
    return f"{'allowed' if item['allowed'] else 'BLOCKED'} {item['host']}: {item['requests']} requests"


def _result(result: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in result.items()) or "done"


def _result_rows(told: dict[str, Any]) -> list[str]:
    ledger, cost = told["ledger"], told["cost"]
    outcome = told["outcome"] or told["phase"]
    note = (told["verification"] or {}).get("note", "")
    whole = "whole" if ledger["whole"] else f"NOT WHOLE: {'; '.join(ledger['problems'])}"
    rows = [f"{outcome}{': ' + one_line(told['reason'], 200) if told['reason'] else ''}"]
    rows += [f"verification: {one_line(note, 200)}"] if note else []
    rows += [f"${cost['usd']:.2f}, {cost['turns']} turns, {told['seconds']['working']:.0f} s of work"]
    return [*rows, f"ledger: {ledger['events']} events, head {ledger['head']}, {whole}"]
