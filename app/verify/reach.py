"""Whether the tests that pass with a change run it at all: once more, with its code broken on purpose.

A pass that stays a pass says nothing of the change: a test command that runs something else, an installed copy of the
package, a workspace member that is left out. What is broken is laid over a clean tree and goes with it. All files of a
project are broken together first; when tests notice, those that did not say so themselves are broken without the rest,
then in halves, while there is time: a file that is reached vouches for no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from secrets import token_hex
from typing import Literal, NamedTuple

from app.checks import ChangeSet, is_test_path
from app.checks.executed import check_executed
from app.claims import Claims, Reach
from app.mutants import MARKER, is_same_code, mutant
from app.ports.sandbox import Sandbox
from app.projects import Plan
from app.runs.run_ledger import RunLedger
from app.verify.named import stopping_early
from app.verify.reasons import was_not_built
from app.verify.run import CommandResult, is_about_text, run_commands
from app.workspace import Change, lay

TIMES = 2.0  # of what the tests took with the change
FLOOR_SECONDS = 10.0  # below it the start of a runner is most of what is measured
_AT = 500  # characters of the names of what is broken, in the record of a run


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A file's content, broken; `says` is what it fails with, and nothing else does."""

    content: bytes
    says: str


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What a change touches in one project, and the commands that test it."""

    paths: tuple[str, ...]
    commands: tuple[str, ...]


_Ending = Literal["reached", "unreached", "unmeasured"]
_ORDER: tuple[_Ending, ...] = ("unreached", "reached", "unmeasured")


class _Said(NamedTuple):
    """Of one file; as `Reach` has it."""

    ending: _Ending
    why: str = ""


_OVER = _Said("unmeasured", "time")


def broken_contents(
    changes: Sequence[Change], new: Mapping[str, bytes], old: Mapping[str, bytes], steered: Sequence[str] = ()
) -> dict[str, Broken]:
    """The change's production code, broken, by path. What tests or tools load as their own is left alone."""
    by_tools = {finding.path for finding in check_executed(ChangeSet.of(changes, old=old, new=new))}
    found = {}
    for change in changes:
        if change.kind not in {"add", "modify"} or change.mode == "120000" or is_test_path(change.path):
            continue
        if change.path in by_tools or change.path in steered:
            continue
        says = f"{MARKER}: {token_hex(4)}"
        made = mutant(change.path, old.get(change.path, b""), new.get(change.path, b""), says)
        if made is not None:
            found[change.path] = Broken(content=made.content, says=says)
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
        broken: Mapping[str, Broken],
        claims: Claims,
        baseline: Sequence[CommandResult],
        head: Sequence[CommandResult],
    ) -> tuple[Reach, ...]:
        """By file, for each project in which no test that fails without the change and passes with it says more."""
        if not self._times or not broken:
            return ()
        parts = _parts(self._plan, sorted(broken))
        if len(parts) == 1:
            left = [] if claims.proven else parts
        else:
            left = [part for part in parts if not self._is_proven(part, claims, baseline, head)]
        return tuple(found for part in left for found in self._of(part, broken, head))

    def _is_proven(
        self, part: _Part, claims: Claims, baseline: Sequence[CommandResult], head: Sequence[CommandResult]
    ) -> bool:
        """Whether a test of this project, not of another one, shows the change."""
        red = {result.command for result in baseline if not result.ok}
        turned = any(result.ok and result.command in red for result in head if result.command in part.commands)
        shown = (test.name.partition("::")[0] for test in claims.tests if test.proves)
        return turned or any(self._plan.testing(path) == part.commands for path in shown)

    def _of(self, part: _Part, broken: Mapping[str, Broken], head: Sequence[CommandResult]) -> list[Reach]:
        """Group by group. The time begins when the first is laid out, and covers the laying of the others."""
        was = [it for it in head if it.command in part.commands and it.ending != "nothing"]
        if not was:
            return []
        seconds = max(FLOOR_SECONDS, self._times * sum(result.seconds for result in was))
        found: dict[str, _Said] = {}
        groups: list[tuple[str, ...]] = [part.paths]
        until = None
        while groups:
            group = groups.pop()
            if until is not None and time.monotonic() >= until:
                found |= dict.fromkeys(group, _OVER)
                continue
            if self._lay_change("broken"):  # it sets up again, and cannot: no other group would fare better
                found |= dict.fromkeys(
                    [*group, *(path for rest in groups for path in rest)], _Said("unmeasured", "build")
                )
                break
            until = until or time.monotonic() + seconds
            self._break(group, broken)
            said, blamed = self._said(group, broken, was, until)
            settled, left = _settled(group, said, blamed)
            found |= settled
            groups += left
        return _reaches(found)

    def _break(self, group: Sequence[str], broken: Mapping[str, Broken]) -> None:
        touched = [change for change in self._changes if change.path in group]
        contents = {path: broken[path].content for path in group}
        lay(self._sandbox, [replace(change, old_mode=change.mode) for change in touched], contents)

    def _said(
        self, group: Sequence[str], broken: Mapping[str, Broken], was: Sequence[CommandResult], until: float
    ) -> tuple[_Said, set[str]]:
        """What the commands say of a group, up to the first that notices; and the files that said so themselves."""
        why, at = "", f"broken: {', '.join(group)}"[:_AT]
        for before in was:
            command = stopping_early(before.command) if before.ok else before.command
            now = self._run(command, at, until - time.monotonic())
            noticed = notices(before, now)
            if noticed == "yes" and MARKER not in now.printed:  # it may have failed by chance
                noticed = notices(before, self._run(command, at, until - time.monotonic()))
            if noticed == "yes":
                return _Said("reached"), {path for path in group if broken[path].says in now.printed}
            why = why or ("" if noticed == "no" else noticed)
            if noticed == "time":
                return _OVER, set()
        return (_Said("unmeasured", why) if why else _Said("unreached")), set()

    def _run(self, command: str, at: str, seconds: float) -> CommandResult:
        timeout = max(1.0, seconds)
        (now,) = run_commands(
            self._sandbox, [command], purpose="reach", at=at, ledger=self._ledger, timeout_seconds=timeout
        )
        return now


def _settled(
    group: tuple[str, ...], said: _Said, blamed: Iterable[str]
) -> tuple[dict[str, _Said], list[tuple[str, ...]]]:
    """Of which files this is the last word, and what to break next. Pure."""
    if len(group) == 1 or said.ending == "unreached" or said == _OVER:
        return dict.fromkeys(group, said), []
    if said.ending == "reached" and blamed:
        rest = tuple(path for path in group if path not in blamed)
        return dict.fromkeys(blamed, said), [rest] if rest else []
    half = len(group) // 2
    return {}, [group[half:], group[:half]]


def _reaches(found: Mapping[str, _Said]) -> list[Reach]:
    """The same is said of several files at once; what nobody reaches comes first."""
    key = lambda path: (_ORDER.index(found[path].ending), found[path].why)  # noqa: E731
    return [
        Reach(paths=tuple(sorted(paths)), ending=_ORDER[order], why=why)
        for (order, why), paths in groupby(sorted(found, key=key), key)
    ]


def notices(was: CommandResult, now: CommandResult) -> Literal["yes", "no", "time", "build", "output"]:
    """`yes`: tests fail that did not. `no`: they end as they did. Else why it says nothing of tests: `time`; `build`,
    it never ran; `output`, what was printed does not tell.
    """
    if now.ending == "killed":
        return "time"
    if now.ok:
        return "no"
    if MARKER in now.printed:
        return "yes"
    if was_not_built(now.tail):
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
        found.setdefault(plan.testing(path), []).append(path)
    return [_Part(paths=tuple(some), commands=commands) for commands, some in found.items()]
