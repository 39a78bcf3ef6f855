"""The events of `go test -json`: to counts, and back to what Go would have printed. Pure.

Ahead of them stand the test functions that the tree declares, a line for each (`func TestAdd`).

From Go 1.19 to 1.27 at least, what a test prints can be an event (see `summaries.go`), and what `init` or `TestMain`
prints comes before any test: so only those that the tree declares are counted, each once in its package.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Set
from itertools import chain, dropwhile, takewhile
from typing import Any

from app.failures.counts import Counts, told_apart
from app.failures.summaries.go import NOT_BUILT, Tally

_DECLARED = re.compile(r"func\s+((?:Test|Example|Fuzz)\w*)")


def printed(stream: bytes) -> bytes:
    """As `go test -v` prints it, package by package; what is no whole event stays as it is."""
    found: list[str] = []
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for line in dropwhile(_DECLARED.match, stream.decode("utf-8", "replace").splitlines(keepends=True)):
        event = _event(line)
        if event is None:
            found.append(line)
            continue
        package = str(event.get("Package", ""))
        waiting[package].append(str(event.get("Output", "")))
        if not package or (event["Action"] in {"pass", "fail", "skip"} and "Test" not in event):
            found += waiting.pop(package)
    return "".join(chain(found, *waiting.values())).encode()


def counted(stream: str, beside: str) -> Counts:
    """`beside`: what was printed to standard error."""
    packages: defaultdict[str, Tally] = defaultdict(Tally)
    bad, unbuilt = dict.fromkeys(""), dict.fromkeys(NOT_BUILT.findall(beside))
    lines = stream.splitlines()
    declared = {found[1] for found in takewhile(bool, map(_DECLARED.match, lines)) if found}
    for line in lines:
        event = _event(line)
        if event is None:
            unbuilt |= dict.fromkeys(NOT_BUILT.findall(line))  # before Go 1.24 that is no event
            continue
        package, action = str(event.get("Package", "")), str(event.get("Action", ""))
        if test := event.get("Test"):
            packages[package].see(action, str(test))
        elif action == "fail" and package:
            bad[package] = None
            unbuilt |= {package: None} if event.get("FailedBuild") else {}
    return _of_packages(packages, {**bad, **unbuilt}, unbuilt.keys(), declared)


def _of_packages(packages: dict[str, Tally], bad: dict[str, None], unbuilt: Set[str], declared: Set[str]) -> Counts:
    numbers = dict.fromkeys(("passed", "failed", "skipped"), 0)
    failing: list[tuple[str, str]] = []
    for package, tally in packages.items():
        failed = {name for name in tally.failing if "/" not in name}
        failed |= set(tally.ended("") if package in bad else ())
        passed = set(tally.ended("pass")) & declared - failed
        numbers["failed"] += len(failed)
        numbers["passed"] += len(passed)
        numbers["skipped"] += len(set(tally.ended("skip")) & declared - failed - passed)
        failing += [(name, package) for name in dict.fromkeys([*tally.failing, *sorted(failed)])]
    spoke = {package for _name, package in failing}
    alone = [package for package in bad if package not in spoke]  # it ended badly, and none of its tests did
    times = Counter(name for tally in packages.values() for name in {test.name for test in tally.begun})
    return Counts(
        **numbers,
        errors=len(alone),
        failing=told_apart(
            [f"{name} ({package})" if times[name.partition("/")[0]] > 1 else name for name, package in failing] + alone
        ),
        unloaded=sum(1 for package in alone if package in unbuilt),
    )


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "Action" in event else None
