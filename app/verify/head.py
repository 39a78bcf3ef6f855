"""Verification at head: the change, in the sealed tree, against the baseline; and what its tests prove."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checks import ChangeSet, is_test_path
from app.checks.weakened import weakened_tests
from app.ports import Sandbox
from app.run_ledger import RunLedger
from app.verify.compare import Status, Verdict, compare
from app.verify.counts import Counts
from app.verify.detect import Plan, changes_dependencies
from app.verify.run import CommandResult, run_commands
from app.workspace import Change, lay

# A pytest command without paths of its own: test files can be named behind it.
_OPEN_PYTEST = re.compile(
    r"(?:export )?(?:[A-Z_]+=[^\s;]+;? )*(?:\S*python3?(?:\.\d+)? -m )?(?:\S*/)?pytest(?: -[-\w=.:]+| -p \S+)*"
)
_FEEDBACK_BYTES = 6000  # of output, in what the model is told


@dataclass(frozen=True, kw_only=True)
class RegressionProof:
    """Do the change's tests fail without it and pass with it? `fails_before` is None when that could not be told."""

    fails_before: bool | None
    passes_after: bool
    tests: tuple[str, ...]

    def as_event(self) -> dict[str, Any]:
        return {"fails_before": self.fails_before, "passes_after": self.passes_after, "tests": list(self.tests)}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was run on the change and what it says. `ok` lets it be proposed; `note` is a sentence or two."""

    ok: bool
    status: Status
    note: str
    baseline: tuple[CommandResult, ...]
    head: tuple[CommandResult, ...]
    new_failures: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    regression: RegressionProof | None = None
    original_tests_pass: bool | None = None  # None: no test that existed was weakened

    def as_event(self) -> dict[str, Any]:
        """The data of `verification.ended`."""
        return {
            "ok": self.ok,
            "status": self.status,
            "note": self.note,
            "baseline": [result.as_event() for result in self.baseline],
            "head": [result.as_event() for result in self.head],
            "new_failures": list(self.new_failures[:50]),
            "fixed": list(self.fixed[:50]),
            "regression": self.regression.as_event() if self.regression else None,
            "original_tests_pass": self.original_tests_pass,
        }

    def feedback(self) -> str:
        """What the model is told when the change is not good enough yet."""
        lines = [f"The change was verified in a clean copy of the tree and is not accepted yet. {self.note}"]
        for result in self.head:
            if not result.ok:
                lines += [f"$ {result.command}", result.tail[-_FEEDBACK_BYTES:], f"({result.ended})"]
        if self.status == "unverifiable":
            lines.append("Add a test for what you changed, in the way this project tests.")
        return "\n".join(
            [*lines, "Your working tree is as you left it. Go on, and call finish again when it is mended."]
        )


def verify_head(
    sandbox: Sandbox,
    changes: Sequence[Change],
    contents: Mapping[str, bytes],
    plan: Plan,
    baseline: Sequence[CommandResult],
    ledger: RunLedger,
    *,
    original_tests: Mapping[str, bytes] | None = None,
) -> Verification:
    """Lay the change over the sealed tree and run the project's verification, then what its own tests prove.

    `contents` are the new contents by path, `original_tests` the old ones (others than tests are ignored). The
    sandbox is reset first and left somewhere in between: the caller restores a snapshot or is done with it.
    """
    old = original_tests or {}
    sandbox.reset()
    lay(sandbox, changes, contents)
    if plan.setup and changes_dependencies(change.path for change in changes):
        again = run_commands(sandbox, plan.setup, purpose="setup", at="head", ledger=ledger, withheld=plan.withheld)
        broken = [result for result in again if not result.ok]
        if broken:
            note = f"With the changed dependencies, setup fails: `{broken[0].command}` ended with {broken[0].ended}."
            return Verification(ok=False, status="failed", note=note, baseline=tuple(baseline), head=tuple(broken))
    head = run_commands(sandbox, plan.verify, purpose="verify", at="head", ledger=ledger)
    verdict = compare(baseline, head)
    regression, originals = None, None
    if verdict.ok:
        weakened = weakened_tests(ChangeSet.of(changes, old=old, new=contents))
        if weakened:
            originals = _original_tests_pass(sandbox, changes, contents, weakened, old, plan, baseline, ledger)
        regression = prove(sandbox, changes, contents, plan, baseline, ledger, passes_after=verdict.ok)
    return Verification(
        ok=verdict.ok,
        status=verdict.status,
        note=" ".join([verdict.note, *_said(regression, originals)]),
        baseline=tuple(baseline),
        head=tuple(head),
        new_failures=verdict.new_failures,
        fixed=verdict.fixed,
        regression=regression,
        original_tests_pass=originals,
    )


def prove(
    sandbox: Sandbox,
    changes: Sequence[Change],
    contents: Mapping[str, bytes],
    plan: Plan,
    baseline: Sequence[CommandResult],
    ledger: RunLedger,
    *,
    passes_after: bool,
) -> RegressionProof | None:
    """Run the change's tests over the sealed base tree: they must fail there. None when it brings no tests or nothing
    but tests."""
    tests = [change for change in changes if is_test_path(change.path) and change.kind != "delete"]
    if not tests or not any(not is_test_path(change.path) for change in changes):
        return None
    sandbox.reset()
    lay(sandbox, tests, contents)
    paths = tuple(change.path for change in tests if _is_collected(change.path)) or tuple(c.path for c in tests)
    commands = [_narrowed(command, paths) for command in plan.verify]
    results = run_commands(sandbox, commands, purpose="proof", at="tests@base", ledger=ledger)
    fails = _fails_anew(plan.verify, baseline, results)
    return RegressionProof(fails_before=fails, passes_after=passes_after, tests=paths)


def _original_tests_pass(
    sandbox: Sandbox,
    changes: Sequence[Change],
    contents: Mapping[str, bytes],
    weakened: Sequence[str],
    old: Mapping[str, bytes],
    plan: Plan,
    baseline: Sequence[CommandResult],
    ledger: RunLedger,
) -> bool:
    """Whether the tests as they were pass with the change of the code."""
    kept = [change for change in changes if change.path not in weakened or change.path not in old]
    sandbox.reset()
    lay(sandbox, kept, contents)
    results = run_commands(sandbox, plan.verify, purpose="proof", at="original-tests@head", ledger=ledger)
    return compare(baseline, results).ok


def _fails_anew(
    commands: Sequence[str], baseline: Sequence[CommandResult], results: Sequence[CommandResult]
) -> bool | None:
    """True when something fails that did not at base; None when old and new failures cannot be told apart."""
    before = {result.command: result for result in baseline}
    unsure = False
    for command, result in zip(commands, results, strict=False):
        if result.ok or result.killed_by:
            continue
        old = before.get(command)
        if old is None or old.ok:
            return True
        names, known = _failing(result.counts), _failing(old.counts)
        if names is not None and known is not None and names - known:
            return True
        unsure = unsure or names is None or known is None or _ran_nothing(result)
    return None if unsure else False


def _ran_nothing(result: CommandResult) -> bool:
    return result.counts is not None and result.counts.ran_nothing


def _failing(counts: Counts | None) -> set[str] | None:
    return set(counts.failing) if counts is not None and counts.names_all_failures else None


def _narrowed(command: str, paths: Sequence[str]) -> str:
    """The same for these files only, where that is known to be possible: the proof need not run the whole suite."""
    if not _OPEN_PYTEST.fullmatch(command) or not all(path.endswith(".py") for path in paths):
        return command
    return f"{command} {' '.join(shlex.quote(path) for path in paths)}"


def _is_collected(path: str) -> bool:
    """Whether the file holds tests itself (a conftest or test data does not)."""
    name = path.rpartition("/")[2]
    return not path.endswith(".py") or name.startswith("test") or name.endswith("_test.py")


def _said(regression: RegressionProof | None, originals: bool | None) -> list[str]:
    said: list[str] = []
    if regression is not None and regression.fails_before:
        said.append("The new tests fail without the change and pass with it.")
    elif regression is not None and regression.fails_before is False:
        said.append("The new tests pass without the change as well, so they do not prove it.")
    if originals is not None:
        said.append(
            "The tests as they were still pass." if originals else "The tests as they were do not pass with the change."
        )
    return said


__all__ = ["RegressionProof", "Verdict", "Verification", "prove", "verify_head"]
