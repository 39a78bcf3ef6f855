"""A test that fails with a change and passed before it is run again on the same tree: is it flaky, or real?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from app.ports.sandbox import Sandbox
from app.projects import inside, taken_apart
from app.runs.run_ledger import RunLedger
from app.verify.named import Named, by_name
from app.verify.run import CommandResult, run_commands

_MOST = 20  # tests of which chance can be the cause; more have one in common
_ALL_OF_GO = re.compile(r".*\bgo test\b.* \./\.\.\.")
_PYTEST = re.compile(r"(?P<path>[^\s:]+\.py)::(?P<name>.+?)(?:\[.*)?", re.DOTALL)
_DOTTED = re.compile(r"(?P<test>\w+) (?:\w+\.)*?(?P<stem>\w+)\.(?P<group>\w+)(?:\.(?P=test))?")


def flaky_tests(
    sandbox: Sandbox, baseline: Sequence[CommandResult], head: Sequence[CommandResult], ledger: RunLedger
) -> tuple[str, ...]:
    """Those that failed at head, did not at base, and pass now, in the tree in which head was run."""
    before = {result.command: result for result in baseline}
    found: list[str] = []
    for result in head:
        names = _new(before.get(result.command), result)
        if names:
            (now,) = run_commands(sandbox, [narrowed(result.command, names)], purpose="again", at="head", ledger=ledger)
            found += [name for name in names if passed(name, result, now)]
    return tuple(dict.fromkeys(found))


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
    return [name.partition("/")[0] for name in failing]


def _named(failing: str) -> Named | None:
    """From pytest's or unittest's name of a failure."""
    if found := _PYTEST.fullmatch(failing):
        return Named(path=found["path"], name=found["name"].replace("::", "."))
    if found := _DOTTED.fullmatch(failing):
        return Named(path=f"{found['stem']}.py", name=f"{found['group']}.{found['test']}")
    return None
