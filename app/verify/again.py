"""A failure that a change is blamed for, or credited with mending, is run again on the same tree: flaky, or real?

Not in what the first time left of it, but laid out anew: what only a second run there passes is no chance.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.claims.records import FAILED
from app.projects import inside, taken_apart
from app.verify.bench import Bench
from app.verify.named import Named, by_name
from app.verify.run import CommandResult, is_about_text, run_commands

_MOST = 20  # tests of which chance can be the cause; more have one in common
_FLOOR_SECONDS = 10.0  # for a run of what took longer than allowed the first time
_TIMES = 3.0  # of what it takes on the other side, where it ends
_ALL_OF_GO = re.compile(r".*\bgo test\b.* \./\.\.\.")
_PYTEST = re.compile(r"(?P<path>[^\s:]+\.py)::(?P<name>.+?)(?:\[.*)?", re.DOTALL)
_DOTTED = re.compile(r"(?P<test>\w+) (?:\w+\.)*?(?P<stem>\w+)\.(?P<group>\w+)(?:\.(?P=test))?")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A command that failed, and which of its failures are in question: `names`, or all of it where it ends as on the
    `other` side.
    """

    result: CommandResult
    names: Sequence[str] = ()
    other: CommandResult | None = None

    @property
    def command(self) -> str:
        return narrowed(self.result.command, self.names) if self.names else self.result.command

    @property
    def seconds(self) -> float | None:
        """How long it took where it ended, if it did not here."""
        return self.other.seconds if self.other and self.result.ending == "killed" else None

    def passing(self, now: CommandResult) -> list[str]:
        if self.names:
            return [name for name in self.names if passed(name, self.result, now)]
        return [self.result.command] if self.other and _passes_as(self.other, now) else []


def flaky_tests(bench: Bench, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> tuple[str, ...]:
    """Those that failed at head, did not at base, and pass now with the same change. A command that took too long goes
    by its own name.
    """
    before = {result.command: result for result in baseline}
    asked: list[_Asked] = []
    for result in head:
        was = before.get(result.command)
        if names := _new(was, result):
            asked.append(_Asked(result=result, names=names))
        elif was is not None and was.ok and result.killed_by == "time":
            asked.append(_Asked(result=result, other=was))
    if not asked or bench.lay_change("head, again"):
        return ()
    return _passing_now(bench, asked, "head")


def flaky_at_base(bench: Bench, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> tuple[str, ...]:
    """Those that failed at base, do not at head, and pass now at base; a command whose failures have no names, all of
    them, by its own name.
    """
    after = {result.command: result for result in head}
    asked: list[_Asked] = []
    for result in baseline:
        now = after.get(result.command)
        if now is None or result.ending not in FAILED or is_about_text(result):
            continue
        if names := _mended(result, now):
            asked.append(_Asked(result=result, names=names))
        elif now.ok and not _has_names(result):
            asked.append(_Asked(result=result, other=now))
    if not asked:
        return ()
    bench.sandbox.reset()
    return _passing_now(bench, asked, "base")


def _passing_now(bench: Bench, asked: Sequence[_Asked], at: str) -> tuple[str, ...]:
    """Commands that came before those in question come before them again. When something passes, the work goes on in
    this tree: then the others are run, too.
    """
    found: list[str] = []
    by_command = {it.result.command: it for it in asked}
    for command in bench.plan.verify:
        it = by_command.pop(command, None)
        now = _again(bench, command if it is None else it.command, at, it.seconds if it else None)
        found += it.passing(now) if it else ()
        if not by_command and not found:
            break
    return tuple(dict.fromkeys(found))


def _again(bench: Bench, command: str, at: str, seconds: float | None) -> CommandResult:
    """`seconds`: what it took where it ended; without, the sandbox's own limit holds."""
    limit = None if seconds is None else max(_FLOOR_SECONDS, _TIMES * seconds)
    (now,) = run_commands(bench.sandbox, [command], purpose="again", at=at, ledger=bench.ledger, timeout_seconds=limit)
    return now


def _mended(before: CommandResult, after: CommandResult) -> list[str]:
    """Failures at base which head has not; nothing where not all have names, or too many have gone to be chance."""
    if not _has_names(before):
        return []
    left = set(after.counts.failing) if after.counts else set()
    names = [name for name in before.counts.failing if name not in left] if before.counts else []
    return names if len(names) <= _MOST else []


def _has_names(result: CommandResult) -> bool:
    counts = result.counts
    return bool(counts and counts.failing and counts.names_all_failures) and result.ending != "killed"


def _passes_as(other: CommandResult, now: CommandResult) -> bool:
    """Whether all of it passes, and no less of it than on the other side."""
    if not now.ok or other.counts is None:
        return now.ok
    return now.counts is not None and now.counts.ran >= other.counts.ran


def _new(before: CommandResult | None, after: CommandResult) -> list[str]:
    """Failures with a name, all of them, which the base has not; nothing where the runner could not load a test."""
    counts = after.counts
    if before is None or after.ending != "red" or counts is None or not counts.names_all_failures:
        return []
    known = set(before.counts.failing) if before.counts else set()
    fresh = [name for name in counts.failing if name not in known]
    return fresh if len(fresh) <= _MOST and not counts.unloaded else []


def passed(name: str, first: CommandResult, now: CommandResult) -> bool:
    """Whether a test that failed `first` ran `now` and did not fail."""
    counts = now.counts
    if now.ending not in {"green", "red"} or counts is None or not counts.passed or not counts.names_all_failures:
        return False
    if now.command == first.command and first.counts and counts.ran < first.counts.ran:
        return False  # it ended before all had run
    return name not in counts.failing


def narrowed(command: str, failing: Sequence[str]) -> str:
    """The command for these tests, as its runner named them; all of it where that cannot be said."""
    folder, there = taken_apart(command)
    tests = [_named(name) for name in failing]
    if all(test is not None for test in tests):
        narrow = by_name(there, [test for test in tests if test is not None])
        return inside(folder, narrow) if narrow else command
    is_go = _ALL_OF_GO.fullmatch(there) and " -run" not in there
    if is_go and all(map(str.isidentifier, _tops(failing))):
        pattern = shlex.quote(f"^({'|'.join(sorted(set(_tops(failing))))})$")
        return inside(folder, f"{there.removesuffix(' ./...')} -run {pattern} ./...")
    return command


def _tops(failing: Iterable[str]) -> list[str]:
    """Where several packages have a test of a name, the package stands behind it."""
    return [re.sub(r" \(\S+\)$", "", name).partition("/")[0] for name in failing]


def _named(failing: str) -> Named | None:
    """From pytest's or unittest's name of a failure."""
    if found := _PYTEST.fullmatch(failing):
        return Named(path=found["path"], name=found["name"].replace("::", "."))
    if found := _DOTTED.fullmatch(failing):
        return Named(path=f"{found['stem']}.py", name=f"{found['group']}.{found['test']}")
    return None
