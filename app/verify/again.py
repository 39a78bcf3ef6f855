"""A failure that a change is blamed for, or credited with mending, is run again on the same tree: flaky, or real?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from app.claims.records import FAILED
from app.ports.sandbox import Sandbox
from app.projects import inside, taken_apart
from app.runs.run_ledger import RunLedger
from app.verify.named import Named, by_name
from app.verify.run import CommandResult, is_about_text, run_commands

_MOST = 20  # tests of which chance can be the cause; more have one in common
_FLOOR_SECONDS = 10.0  # for a run of what took longer than allowed the first time
_TIMES = 3.0  # of what it takes on the other side, where it ends
_ALL_OF_GO = re.compile(r".*\bgo test\b.* \./\.\.\.")
_PYTEST = re.compile(r"(?P<path>[^\s:]+\.py)::(?P<name>.+?)(?:\[.*)?", re.DOTALL)
_DOTTED = re.compile(r"(?P<test>\w+) (?:\w+\.)*?(?P<stem>\w+)\.(?P<group>\w+)(?:\.(?P=test))?")


def flaky_tests(
    sandbox: Sandbox, baseline: Sequence[CommandResult], head: Sequence[CommandResult], ledger: RunLedger
) -> tuple[str, ...]:
    """Those that failed at head, did not at base, and pass now, in the tree in which head was run. A command that took
    too long goes by its own name.
    """
    before = {result.command: result for result in baseline}
    found: list[str] = []
    for result in head:
        was = before.get(result.command)
        if names := _new(was, result):
            now = _again(sandbox, narrowed(result.command, names), "head", ledger)
            found += [name for name in names if passed(name, result, now)]
        elif was is not None and was.ok and result.killed_by == "time":
            now = _again(sandbox, result.command, "head", ledger, seconds=was.seconds)
            found += [result.command] if _passes_as(was, now) else []
    return tuple(dict.fromkeys(found))


def flaky_at_base(
    sandbox: Sandbox, baseline: Sequence[CommandResult], head: Sequence[CommandResult], ledger: RunLedger
) -> tuple[str, ...]:
    """Those that failed at base, do not at head, and pass now at base, which is laid out first; a command whose
    failures have no names, all of them, by its own name.
    """
    after = {result.command: result for result in head}
    found: list[str] = []
    for result in baseline:
        now_at_head = after.get(result.command)
        if now_at_head is None or result.ending not in FAILED or is_about_text(result):
            continue
        names = _mended(result, now_at_head)
        if not names and (not now_at_head.ok or _has_names(result)):
            continue
        sandbox.reset()
        command = narrowed(result.command, names) if names else result.command
        seconds = now_at_head.seconds if result.ending == "killed" else None
        now = _again(sandbox, command, "base", ledger, seconds=seconds)
        if names:
            found += [name for name in names if passed(name, result, now)]
        elif _passes_as(now_at_head, now):
            found.append(result.command)
    return tuple(dict.fromkeys(found))


def _again(
    sandbox: Sandbox, command: str, at: str, ledger: RunLedger, *, seconds: float | None = None
) -> CommandResult:
    """`seconds`: what it took where it ended; without, the sandbox's own limit holds."""
    limit = None if seconds is None else max(_FLOOR_SECONDS, _TIMES * seconds)
    (now,) = run_commands(sandbox, [command], purpose="again", at=at, ledger=ledger, timeout_seconds=limit)
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
