"""What each round of verification would compile anew is compiled once, before the tree is sealed.

    built_ahead("go test -race ./...")     # "go test -count=1 -exec=true -race ./..."

A round begins as set-up left tree and home, so without it Go's library and all dependencies are compiled five times and
more. Compiled, and not run: no test has spoken, and none is remembered as passed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.ports.sandbox import Sandbox
from app.projects import inside, taken_apart
from app.reports.ways.way import SET, goes_on
from app.runs.run_ledger import RunLedger
from app.verify.run import run_commands

_GO = re.compile(rf"({SET}go test)(?!.*\s-(?:c|o|list|exec|json)(?=[\s=]|$))((?:\s.*)?)", re.DOTALL)
# Go starts another program with each test's file, and with a count it neither takes nor leaves a remembered result.
_GO_BUILDS = " -count=1 -exec=true"
_PROFILE = re.compile(
    r"\s-(?:test\.)?(cover|cpu|mem|block|mutex)profile(?:=|\s+)\S+"
)  # written by the tests themselves
_CARGO = re.compile(rf"({SET}cargo (?:\+\S+ )?(?:test|t|nextest run))(?!.*\s--(?:no-run|doc)\b)((?:\s.*)?)", re.DOTALL)


def built_ahead(command: str) -> str:
    """The command that compiles all that `command` would, and runs nothing of it; empty where none is known."""
    folder, there = taken_apart(command)
    if (found := _GO.fullmatch(there)) and not goes_on(found[2]):
        words = _PROFILE.sub(lambda profile: " -cover" if profile[1] == "cover" else "", found[2])
        return inside(folder, f"{found[1]}{_GO_BUILDS}{words}")
    if (found := _CARGO.fullmatch(there)) and not goes_on(found[2]):
        return inside(folder, f"{found[1]} --no-run{found[2]}")
    return ""


def build_ahead(sandbox: Sandbox, verify: Sequence[str], ledger: RunLedger, *, at: str = "base") -> None:
    """Whether it can be compiled is for the tests to tell. Raises TransientError when the sandbox is closed."""
    commands = [made for command in verify if (made := built_ahead(command))]
    run_commands(sandbox, list(dict.fromkeys(commands)), purpose="build", at=at, ledger=ledger)
