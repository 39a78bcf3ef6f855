"""Whatever terminal somebody has: narrow ones keep what matters, any locale gets an answer, NO_COLOR gets no colour."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.runs import table
from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.asked import CREATED
from tests.said import said

TITLE = "Ähnliche Beträge 共有 🕯 werden falsch gerundet, und zwar immer am Ende einer langen Überschrift"
LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LANG": ""},
    {"PYTHONIOENCODING": "latin-1"},
]


def happen(home: Path, *, repository: str = "supper-club/tab", number: int = 1234) -> str:
    """A run that has ended; its id."""
    ledger = RunLedger(
        SqliteStore(home, SystemClock()), os.urandom(8).hex(), clock=SystemClock(), redactor=Redactor()
    )  # fmt: skip
    thread = {**CREATED["thread"], "repository": repository, "number": number}
    ledger.append(said("run.created", **{**CREATED, "thread": thread, "task": {**CREATED["task"], "title": TITLE}}))
    ledger.append(said("run.ended", outcome="needs_decision", reason="because ✗", next_step=""))
    return ledger.run_id


@pytest.mark.parametrize("columns", [60, 80, 110, 200])
@pytest.mark.parametrize("repository", ["supper-club/tab", f"an-organisation-with-a-name/{'long' * 20}"])
def test_a_narrow_terminal_keeps_repository_and_number(tmp_path, columns, repository):
    happen(tmp_path, repository=repository)
    out = Console(file=io.StringIO(), width=columns)
    table(SqliteStore(tmp_path, SystemClock()).runs(), out)
    lines = [line.rstrip() for line in out.file.getvalue().splitlines()]
    assert len(lines) == 2, "no line is broken"
    assert max(map(len, lines)) <= columns
    assert "#1234" in lines[1]
    assert repository[:12] in lines[1]
    assert "ended: needs_decision" in lines[1]
    if len(repository) < 20:
        assert f"{repository}#1234 " in lines[1]
        assert ("title" in lines[0]) == (columns > 80)
        assert ("since" in lines[0]) == (columns >= 80)


@pytest.mark.parametrize("locale", LOCALES, ids=str)
@pytest.mark.parametrize("command", ["runs", "watch", "audit"])
def test_any_locale_gets_an_answer(lamplighter, locale, command):
    run = happen(lamplighter.home / "local")
    done = lamplighter(*([command] if command == "runs" else [command, run]), **locale)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_no_colour_where_none_is_wanted(lamplighter):
    run = happen(lamplighter.home / "local")
    colour = re.compile(r"\x1b\[(?:[0-9]*;)*[34][0-9]")
    env = {"FORCE_COLOR": "1", "TERM": "xterm"}
    assert colour.search(lamplighter("watch", run, **env).stdout)
    assert not colour.search(lamplighter("watch", run, NO_COLOR="1", **env).stdout)
    assert "\x1b" not in lamplighter("watch", run).stdout, "and none in a pipe"


def test_the_version_is_looked_up_only_for_who_asks_for_it(lamplighter):
    assert re.fullmatch(r"lamplighter \S+\n", lamplighter("--version").stdout)
    code = "import sys; from app.cli.parser import build; build(); print('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
