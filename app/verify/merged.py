"""Verification of a merge: the project's tests on the merged tree, held against both sides of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.claims import Claims, sentences
from app.ports.sandbox import Sandbox
from app.projects import Plan, changes_dependencies
from app.runs.run_ledger import RunLedger
from app.verify.compare import Verdict, compare
from app.verify.head import Verification
from app.verify.rounds import round_of
from app.verify.run import CommandResult, run_commands
from app.workspace import Change, lay

OTHER_SIDE = "merged-side"  # the tree of what is merged in, as records of commands name it


def verify_merge(
    sandbox: Sandbox,
    changes: Sequence[Change],
    contents: Mapping[str, bytes],
    plan: Plan,
    baseline: Sequence[CommandResult],
    ledger: RunLedger,
    *,
    lay_other: Callable[[], None],
) -> Verification:
    """Lay the merge (`changes` from the branch's own tree) over the sealed tree and run the project's verification.

    `baseline` is the branch's. Where tests fail that did not there, they are run on what is merged in as well, whose
    tree `lay_other` makes: what fails there already is no fault of the merge. The sandbox is left somewhere in between.
    """
    sandbox.reset()
    lay(sandbox, changes, contents)
    broken = _set_up(sandbox, changes, plan, ledger, "head")
    if broken:
        note = f"With the dependencies of the merge, setup fails: `{broken[0].command}` ended with {broken[0].ended}."
        return Verification(ok=False, status="failed", note=note, baseline=tuple(baseline), head=tuple(broken))
    head = run_commands(sandbox, plan.verify, purpose="verify", at="head", ledger=ledger)
    verdict = compare(baseline, head)
    if verdict.status == "failed":
        lay_other()
        if not _set_up(sandbox, changes, plan, ledger, OTHER_SIDE):
            other = run_commands(sandbox, plan.verify, purpose="verify", at=OTHER_SIDE, ledger=ledger)
            verdict = against_both(verdict, baseline, other, head)
    claims = Claims(base=round_of(baseline), head=round_of(head), merges=True) if verdict.ok else None
    return Verification(
        ok=verdict.ok,
        status=verdict.status,
        note=" ".join([*sentences(claims), *([verdict.note] if verdict.note else [])]) if claims else verdict.note,
        baseline=tuple(baseline),
        head=tuple(head),
        new_failures=verdict.new_failures,
        fixed=verdict.fixed,
        claims=claims,
    )


def _set_up(sandbox: Sandbox, changes: Sequence[Change], plan: Plan, ledger: RunLedger, at: str) -> list[CommandResult]:
    """Set up again where dependencies changed; what of that failed."""
    if not plan.setup or not changes_dependencies((change.path for change in changes), plan.setup):
        return []
    again = run_commands(sandbox, plan.setup, purpose="setup", at=at, ledger=ledger, withheld=plan.withheld)
    return [result for result in again if not result.ok]


def against_both(
    verdict: Verdict,
    branch: Sequence[CommandResult],
    other: Sequence[CommandResult],
    merged: Sequence[CommandResult],
) -> Verdict:
    """The verdict on a merge that fails where its branch did not. Nothing may fail in it that fails on neither side,
    and every failure of the three has to have a name.
    """
    red = [result for result in merged if not result.ok and result.ending != "nothing"]
    commands = {result.command for result in red}
    sides = [result for result in (*branch, *other) if result.command in commands]
    if not all(_is_named(result) for result in (*red, *(side for side in sides if not side.ok))):
        return verdict
    known = {name for side in sides if side.counts for name in side.counts.failing}
    fresh = tuple(sorted({name for result in red if result.counts for name in result.counts.failing} - known))
    if fresh:
        return Verdict(ok=False, status="failed", note=verdict.note, new_failures=fresh)
    failing = sorted({name for result in red if result.counts for name in result.counts.failing})
    note = f"{len(failing)} failing {'test fails' if len(failing) == 1 else 'tests fail'} on the base branch as well."
    return Verdict(ok=True, status="no_worse", note=note)


def _is_named(result: CommandResult) -> bool:
    return result.ending == "red" and bool(result.counts and result.counts.failing and result.counts.names_all_failures)
