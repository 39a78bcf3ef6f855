"""What `go test` tells of its tests: which began, and how each ended. Pure.

Go takes every line that begins like one of its own for its own, also where `-json` makes events of them, so a test that
prints `--- PASS: TestOther` has passed a test. What began and ended within another that runs is such a print.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate

from app.failures.counts import Counts, find, named

_LINE = re.compile(r"^(?:=== (RUN|PAUSE|CONT) +(\S+)|(\s*)--- (PASS|FAIL|SKIP): (\S+) .*)$", re.MULTILINE)
NOT_BUILT = re.compile(r"^FAIL\s+(\S+) \[(?:build|setup) failed\]$", re.MULTILINE)


@dataclass(kw_only=True)
class _Begun:
    name: str
    since: int  # how many had begun when it began or went on
    ended: str = ""  # "pass", "fail", "skip"


@dataclass
class Tally:
    """The tests of one package, or of a text. `failing` has parts of tests too, in the order in which they began."""

    begun: list[_Begun] = field(default_factory=list)
    _seen: dict[str, bool] = field(default_factory=dict)  # whether it failed
    _running: dict[str, _Begun] = field(default_factory=dict)
    _paused: dict[str, _Begun] = field(default_factory=dict)
    _alone: list[tuple[int, int]] = field(default_factory=list)  # none began between: there ran one that ended later

    def see(self, action: str, name: str) -> None:
        """`action`: run, pause, cont, pass, fail, skip, as Go calls them; others tell nothing."""
        self._seen[name] = self._seen.get(name, False) or action == "fail"
        if "/" in name:
            return
        if action == "run":
            self._running[name] = _Begun(name=name, since=len(self.begun) + 1)
            self.begun.append(self._running[name])
        elif action == "pause" and name in self._running:
            self._paused[name] = self._stopped(name)
        elif action == "cont" and name in self._paused:
            self._running[name] = self._paused.pop(name)
            self._running[name].since = len(self.begun)
        elif action in {"pass", "fail", "skip"} and name in self._running:
            self._stopped(name).ended = action

    @property
    def failing(self) -> list[str]:
        return [name for name, has_failed in self._seen.items() if has_failed]

    def _stopped(self, name: str) -> _Begun:
        test = self._running.pop(name)
        self._alone.append((test.since, len(self.begun)))
        return test

    def ended(self, *how: str) -> list[str]:
        """Those that ended so; "": they were at work when the process ended."""
        steps = [0] * (len(self.begun) + 1)
        for start, end in self._alone:
            steps[start] += 1
            steps[end] -= 1
        within = list(accumulate(steps))
        return [test.name for test, depth in zip(self.begun, within, strict=False) if test.ended in how and not depth]


def go(text: str) -> Counts | None:
    """`go test -v`; without -v only failures are printed, which is no count."""
    tally = Tally()
    for found in _LINE.finditer(text):
        action, begun, indent, ended, name = found.groups()
        if action:
            tally.see(action.lower(), begun)
        elif not indent or ended == "FAIL":
            tally.see(ended.lower(), name)
    passed, failed = len(tally.ended("pass")), len(find(r"^--- FAIL: (\S+)", text))
    if not passed and not (failed and tally.begun):
        return None
    builds = NOT_BUILT.findall(text)
    return Counts(
        passed=passed,
        failed=failed,
        errors=len(builds),
        skipped=len(tally.ended("skip")),
        failing=named([*tally.failing, *builds]),
        unloaded=len(builds),
    )
