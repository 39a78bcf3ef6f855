"""`audit RUN`: one run's story on a page. `audit verify RUN`: whether its ledger is whole."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from app.cli import page
from app.cli.homes import Homes, open_homes
from app.cli.verification import examine, known_runs
from app.errors import UserError

_USAGE = "Say `lamplighter audit RUN`, `lamplighter audit verify RUN` or `lamplighter audit verify --all`."


def audit(arguments: argparse.Namespace) -> int:
    """Tell or verify; verifying answers 1 and says in sentences what is wrong."""
    words = list(arguments.words)
    homes = open_homes()
    if words[0] == "verify":
        return _verify(homes, words[1:], everything=arguments.all, as_json=arguments.json)
    if len(words) != 1 or arguments.all:
        raise UserError(_USAGE)
    home, run = homes.find(words[0])
    told = page.tell(home, run.run_id)
    if arguments.json:
        print(json.dumps(told, indent=1))
    else:
        page.show(told)
    return 0


def _verify(homes: Homes, prefixes: list[str], *, everything: bool, as_json: bool) -> int:
    if everything == bool(prefixes) or len(prefixes) > 1:
        raise UserError(_USAGE)
    if everything:
        chosen = [(home, run_id) for home in homes.found for run_id in known_runs(home)]
    else:
        chosen = [_one(homes, prefixes[0])]
    found: dict[str, Any] = {}
    for home, run_id in chosen:
        events, problems, retired = examine(home, run_id)
        found[run_id] = {"events": events, "whole": not problems, "problems": problems, "retired": retired}
    if everything:
        found |= {
            home.witness: {"events": 0, "whole": False, "problems": problems, "retired": 0}
            for home in homes.found
            if (problems := home.store.witness_problems())
        }
    _report(found, as_json=as_json)
    return 0 if all(item["whole"] for item in found.values()) else 1


def _one(homes: Homes, prefix: str) -> tuple[Any, str]:
    """As `find`, but also a run that only the witness still knows."""
    for home in homes.found:
        if home.store.summary(prefix):
            return home, prefix
    hits = {
        (index, run_id)
        for index, home in enumerate(homes.found)
        for run_id in known_runs(home)
        if run_id.startswith(prefix)
    }
    if len(hits) == 1:
        index, run_id = hits.pop()
        return homes.found[index], run_id
    home, run = homes.find(prefix)
    return home, run.run_id


def _report(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for run_id, item in found.items():
        if item["whole"]:
            gone = f"; {item['retired']} contents retired" if item["retired"] else ""
            print(f"{run_id}: whole ({item['events']} events{gone})")
        for problem in item["problems"]:
            print(f"{run_id}: {problem}", file=sys.stderr)
    if not found:
        print("No runs yet.")
