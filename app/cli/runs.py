"""`runs`, `watch`, `stop`, `redrive`: looking at runs and stopping them, on one machine and in the cloud."""

from __future__ import annotations

import argparse
import getpass
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli import screen
from app.cli.homes import Home, Homes, open_homes
from app.events.deciding import CancelRequested
from app.events.working import RunEnded
from app.ledger import Event
from app.ports.platform import RunSummary
from app.runs.read_model import ADDED

if TYPE_CHECKING:
    from rich.console import Console

_STATE, _WHERE, _SINCE, _TITLE, _GAP = 24, 12, 16, 8, 2  # columns: at most, at least, always, at least, between two
_PUBLISHED_SECONDS = 60.0  # how long after its end a run's last words on GitHub are waited for


def runs(arguments: argparse.Namespace) -> int:
    """List them."""
    homes = open_homes()
    active = True if arguments.active else None
    rows = [(home, run) for home in homes.found for run in home.runs(active=active, limit=arguments.limit)]
    rows = sorted(rows, key=lambda row: row[1].created_at, reverse=True)[: arguments.limit]
    if arguments.json:
        print(json.dumps([_row(run) | {"local": home.is_local} for home, run in rows], indent=1))
    elif not rows:
        print("No runs yet." if not arguments.active else "No active runs.")
    else:
        table([run for _, run in rows], screen.console())
    return 0


def _row(run: RunSummary) -> dict[str, Any]:
    """What a run's row has always said: a question is a person's to read where it was asked."""
    return {name: value for name, value in asdict(run).items() if name not in ADDED}


def table(rows: list[RunSummary], out: Console) -> None:
    """As wide as the terminal: where a run is stands there in any case; its title, then its time make room for that."""
    from rich.table import Table
    from rich.text import Text

    states = [_cut(f"{run.phase}: {run.reason}" if run.reason else run.phase, _STATE) for run in rows]
    costs = [f"${run.cost_usd:.2f}" for run in rows]
    left = out.width - len("run12345") - _longest(states, "state") - _longest(costs, "cost") - 3 * _GAP
    places = [_where(run, max(left, _WHERE)) for run in rows]
    left -= _longest(places, "where")
    columns = {"run": [run.run_id[:8] for run in rows], "where": places, "state": states, "cost": costs}
    if left >= _SINCE + _GAP:
        columns["since"] = [run.created_at[:16].replace("T", " ") for run in rows]
        left -= _SINCE + _GAP
    if left >= _TITLE + _GAP:
        columns["title"] = [run.title for run in rows]
    made = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in columns:
        made.add_column(name, no_wrap=True, overflow="ellipsis", max_width=left - _GAP if name == "title" else None)
    for cells in zip(*columns.values(), strict=True):
        made.add_row(*(Text(cell) for cell in cells))
    out.print(made)


def _where(run: RunSummary, most: int) -> str:
    """The repository and the number, which says most of the two."""
    number = f"#{run.number}" if run.number else ""
    return _cut(run.repository, most - len(number)) + number


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _longest(cells: list[str], name: str) -> int:
    return max(len(cell) for cell in [*cells, name])


def watch(arguments: argparse.Namespace) -> int:
    """Follow the ledger until the run has ended; 0 whatever its outcome."""
    homes = open_homes()
    home, run = homes.find(arguments.id)
    out = screen.console()
    seen, patience = 0, -1.0
    while True:
        for event in home.events(run.run_id, after=seen):
            seen = event.seq
            if event.kind == "run.ended":
                patience = time.monotonic() + _PUBLISHED_SECONDS
            if arguments.json:
                print(json.dumps(_as_json(event)), flush=True)
            else:
                screen.show(out, event)
        summary = home.store.summary(run.run_id)
        shown = home.is_local or summary is None or not summary.unpublished
        if patience > 0 and (shown or time.monotonic() > patience):
            return 0
        time.sleep(home.look_seconds)


def _as_json(event: Event) -> dict[str, Any]:
    from app.log import Redactor

    told: dict[str, Any] = {"seq": event.seq, "at": event.at, "kind": event.kind, "digest": event.digest}
    if not event.is_rightful:  # it may be of any depth, and hold what JSON cannot
        return told | {"data": {}, "objection": event.objection}
    return told | {"data": Redactor().data(dict(event.data))}


def stop(arguments: argparse.Namespace) -> int:
    """Ask a run to stop; one that no worker holds ends at once. 0 also when it had ended before."""
    homes = open_homes()
    home, run = homes.find(arguments.id)
    said = _stop(homes, home, run)
    print(json.dumps({"run": run.run_id, "result": said}) if arguments.json else f"run {run.run_id[:8]}: {said}")
    return 0


def _stop(homes: Homes, home: Home, run: RunSummary) -> str:
    from app.admission.finished_work import waits_for_github
    from app.checkpoints.endings import kept_because
    from app.log import Redactor

    ledger = home.open(run.run_id, Redactor(homes.settings.secrets()))
    who = getpass.getuser()
    if waits_for_github(ledger.state):
        reason = kept_because(f"Stopped by {who}.", homes.settings.command_prefix)
        called_off = ledger.append_if(waits_for_github, RunEnded(outcome="cancelled", reason=reason))
        return "stopped; its finished change is kept" if called_off else "its pull request is being opened"
    if not ledger.state.is_active:
        return f"it had ended already ({ledger.state.outcome})"
    ledger.append_if(
        lambda state: state.is_active and state.cancel is None,
        CancelRequested(by=who, reason="asked to stop on the command line", keeps=True),
    )
    idle = {"created", "queued", "parked"}
    at_once = ledger.append_if(
        lambda state: state.phase in idle, RunEnded(outcome="cancelled", reason=f"Stopped by {who}.")
    )
    return "stopped" if at_once else "its worker was asked to stop, and ends within seconds"


def redrive(arguments: argparse.Namespace) -> int:
    """Put the dead letters of both queues back."""
    moved = dict.fromkeys(("jobs", "publish"), 0)
    for home in open_homes().found:
        for name in moved:
            moved[name] += home.queues[name].redrive()
    if arguments.json:
        print(json.dumps(moved))
    else:
        print(f"{moved['jobs']} jobs and {moved['publish']} publications are tried again")
    return 0
