"""Whether the tests that pass with a change run it at all: once more, with its code broken on purpose.

A pass that stays a pass says nothing of the change: a test command that runs something else, an installed copy of the
package, a workspace member that is left out. What is broken is laid over a clean tree and goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.checks import ChangeSet, is_test_path
from app.checks.executed import check_executed
from app.claims import Claims, Reach
from app.mutants import MARKER, is_same_code, mutant
from app.ports.sandbox import Sandbox
from app.projects import Plan
from app.runs.run_ledger import RunLedger
from app.verify.named import stopping_early
from app.verify.run import CommandResult, is_about_text, run_commands
from app.workspace import Change, lay

TIMES = 2.0  # of what the tests took with the change
_FLOOR_SECONDS = 10.0  # below it the start of a runner is most of what is measured
# What compilers say of a mutant that they refuse: no test has noticed anything then.
_NOT_BUILT = re.compile(
    r"^error(?:\[E\d+\])?: |\[(?:build|setup) failed\]|cannot find symbol|COMPILATION ERROR|Compilation failed"
    r"|\berror (?:TS|CS)\d+|\bSyntaxError\b|^e: \S+\.kt|^\S+:\d+:\d+: error: ",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What a change touches in one project, and the commands that test it."""

    paths: tuple[str, ...]
    commands: tuple[str, ...]


def broken_contents(
    changes: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes], steered: Sequence[str] = ()
) -> dict[str, bytes]:
    """The change's production code, broken, by path. What tests or tools load as their own is left alone."""
    by_tools = {finding.path for finding in check_executed(ChangeSet.of(changes, old=old, new=new))}
    found = {}
    for change in changes:
        if change.kind not in {"add", "modify"} or change.mode == "120000" or is_test_path(change.path):
            continue
        if change.path in by_tools or change.path in steered:
            continue
        made = mutant(change.path, old.get(change.path, b""), new.get(change.path, b""))
        if made is not None:
            found[change.path] = made.content
    return found


def changes_comments_only(changes: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes]) -> bool:
    """Whether nothing that runs is different, as far as that can be told of all of it."""
    return bool(changes) and all(
        change.kind == "modify" and is_same_code(change.path, old.get(change.path, b""), new.get(change.path, b""))
        for change in changes
    )


class Reaching:
    """The tests of one change with its code broken. `lay_change` makes a clean tree with the whole change."""

    def __init__(
        self,
        sandbox: Sandbox,
        changes: Sequence[Change],
        plan: Plan,
        ledger: RunLedger,
        *,
        lay_change: Callable[[str], list[CommandResult]],
        times: float = TIMES,
    ) -> None:
        self._sandbox, self._changes, self._plan, self._ledger = sandbox, changes, plan, ledger
        self._lay_change, self._times = lay_change, times

    def measured(
        self,
        broken: Mapping[str, bytes],
        claims: Claims,
        baseline: Sequence[CommandResult],
        head: Sequence[CommandResult],
    ) -> tuple[Reach, ...]:
        """For each project, but where a test that fails without the change and passes with it says more."""
        if not self._times or not broken:
            return ()
        parts = _parts(self._plan, sorted(broken))
        if len(parts) == 1:
            left = [] if claims.proven else parts
        else:
            left = [part for part in parts if not self._is_proven(part, claims, baseline, head)]
        return tuple(found for part in left if (found := self._of(part, broken, head)) is not None)

    def _is_proven(
        self, part: _Part, claims: Claims, baseline: Sequence[CommandResult], head: Sequence[CommandResult]
    ) -> bool:
        """Whether a test of this project, not of another one, shows the change."""
        red = {result.command for result in baseline if not result.ok}
        turned = any(result.ok and result.command in red for result in head if result.command in part.commands)
        shown = (test.name.partition("::")[0] for test in claims.tests if test.proves)
        return turned or any(_commands(self._plan, path) == part.commands for path in shown)

    def _of(self, part: _Part, broken: Mapping[str, bytes], head: Sequence[CommandResult]) -> Reach | None:
        was = {result.command: result for result in head}
        commands = [command for command in part.commands if command in was and was[command].ending != "nothing"]
        if not commands:
            return None
        seconds = max(_FLOOR_SECONDS, self._times * sum(was[command].seconds for command in commands))
        if self._lay_change("broken"):
            return Reach(paths=part.paths, ending="unmeasured", why="build")
        touched = [change for change in self._changes if change.path in part.paths]
        lay(self._sandbox, [replace(change, old_mode=change.mode) for change in touched], broken)
        why = ""
        for command in commands:
            now = self._run(stopping_early(command) if was[command].ok else command, seconds)
            seconds -= now.seconds
            noticed = notices(was[command], now)
            if noticed == "yes":
                return Reach(paths=part.paths, ending="reached")
            why = why or ("" if noticed == "no" else noticed)
            if noticed == "time":
                break
        return Reach(paths=part.paths, ending="unmeasured" if why else "unreached", why=why)

    def _run(self, command: str, seconds: float) -> CommandResult:
        timeout = max(1.0, seconds)
        (now,) = run_commands(
            self._sandbox, [command], purpose="reach", at="broken", ledger=self._ledger, timeout_seconds=timeout
        )
        return now


def notices(was: CommandResult, now: CommandResult) -> Literal["yes", "no", "time", "build", "output"]:
    """`yes`: tests fail that did not. `no`: they end as they did. Else why it says nothing of tests: `time`; `build`,
    it never ran; `output`, what was printed does not tell.
    """
    if now.ending == "killed":
        return "time"
    if now.ok:
        return "no"
    if MARKER in now.tail:
        return "yes"
    if _NOT_BUILT.search(now.tail):
        return "build"
    if was.ok and is_about_text(now):
        return "no"  # a linter does not like how it looks
    counts = now.counts
    if was.ok:
        failed = counts is None or counts.failed + counts.errors > 0
        return "yes" if failed and now.ending != "nothing" else "output"
    known = set(was.counts.failing) if was.counts else set()
    if counts is None or not counts.names_all_failures:
        return "output"
    return "yes" if set(counts.failing) - known else "no"


def _parts(plan: Plan, paths: Sequence[str]) -> list[_Part]:
    found: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        found.setdefault(_commands(plan, path), []).append(path)
    return [_Part(paths=tuple(some), commands=commands) for commands, some in found.items()]


def _commands(plan: Plan, path: str) -> tuple[str, ...]:
    """Of the innermost project that has the path; all of them where nobody knows projects."""
    inner = max((it for it in plan.projects if it.covers(path)), key=lambda it: len(it.folder), default=None)
    return inner.verify_here if inner else plan.verify
