"""Verification at head: the change, in the sealed tree, against the baseline; and what its tests prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.checks import ChangeSet, is_test_path
from app.checks.weakened import weakened_tests
from app.claims import Claims, Round, marks, sentences
from app.events import parts
from app.events.working import VerificationEnded
from app.ports.sandbox import Sandbox
from app.projects import Plan
from app.runs.run_ledger import RunLedger
from app.verify.again import flaky_at_base, flaky_tests
from app.verify.bench import Bench
from app.verify.compare import Status, Verdict, compare, runs_less
from app.verify.counted import unread, unreported
from app.verify.proof import Proofs, prove
from app.verify.reach import TIMES, Reaching, broken_contents, changes_comments_only
from app.verify.rounds import round_of
from app.verify.run import CommandResult, is_about_text, run_commands
from app.verify.steering import steering
from app.workspace import Change

_FEEDBACK_BYTES = 6000  # of output, in what the model is told


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was run on the change and what it says. `ok` lets it be proposed; `note` is made of `claims`' sentences.

    `claims` is None when the change did not get as far: set-up failed, or tests fail that passed.
    """

    ok: bool
    status: Status
    note: str
    baseline: tuple[CommandResult, ...]
    head: tuple[CommandResult, ...]
    new_failures: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    claims: Claims | None = None
    flaky: tuple[str, ...] = ()  # tests that failed, with the change or without, and passed when they were run again

    @property
    def marks(self) -> set[str]:
        """Labels that the claims earn, without prefix."""
        return marks(self.claims) if self.claims else set()

    def as_event(self) -> VerificationEnded:
        return VerificationEnded(
            ok=self.ok,
            status=self.status,
            note=self.note,
            baseline=[result.as_event() for result in self.baseline],
            head=[result.as_event() for result in self.head],
            new_failures=list(self.new_failures[:50]),
            fixed=list(self.fixed[:50]),
            regression=self._regression(),
            claims=parts.Claims(**self.claims.as_event()) if self.claims else None,
            flaky=list(self.flaky[:50]),
        )

    def _regression(self) -> dict[str, Any] | None:
        tests = self.claims.tests if self.claims else ()
        if not tests:
            return None
        return {
            "fails_before": any(test.proves for test in tests),
            "passes_after": all(test.after == "green" for test in tests),
            "tests": [test.name for test in tests],
        }

    def feedback(self) -> str:
        """What the model is told when the change is not good enough yet."""
        lines = [f"The change was verified in a clean copy of the tree and is not accepted yet. {self.note}"]
        for result in self.head:
            if not result.ok:
                lines += [f"$ {result.command}", result.tail[-_FEEDBACK_BYTES:], f"({result.ended})"]
        if self.status == "unverifiable":
            lines.append("Add a test for what you changed, in the way this project tests.")
        if self.claims and self.claims.only_edits:
            lines.append("Mend the code. If the tests themselves are wrong, finish with `needs_decision` and say why.")
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
    untested: Sequence[str] = (),
    reach_times: float = TIMES,
) -> Verification:
    """Lay the change over the sealed tree and run the project's verification, then what its own tests prove.

    `contents` are the new contents by path, `original_tests` the old ones of all that was changed, `untested` folders
    of projects that the change touches and that could not be set up; `reach_times` how long the tests may take with the
    change broken, in times of what they took. The sandbox is reset first and left somewhere in between: the caller
    restores a snapshot or is done with it.
    """
    old = original_tests or {}
    steered = steering(changes, contents, old, plan.verify)
    bench = Bench(sandbox, changes, contents, old, plan, ledger, steered=steered)
    broken = bench.lay_change("head")
    if broken:
        note = f"With the changed dependencies, setup fails: `{broken[0].command}` ended with {broken[0].ended}."
        return Verification(ok=False, status="failed", note=note, baseline=tuple(baseline), head=tuple(broken))
    head = run_commands(sandbox, plan.verify, purpose="verify", at="head", ledger=ledger)
    verdict = compare(baseline, head)
    late = any(result.killed_by == "time" for result in head)
    flaky = flaky_tests(bench, baseline, head) if verdict.new_failures or late else ()
    if flaky:
        verdict = compare(baseline, head, flaky=flaky)
    if not verdict.ok:
        return _verification(verdict, baseline, head, None, flaky)
    proofs = prove(bench, baseline, head)
    proved = _proved(bench, baseline, head, proofs)
    by_chance = (*flaky, *proofs.flaky)
    claims = _judged(replace(proved, untested=tuple(untested), flaky=by_chance), changes, contents, old, baseline)
    if claims.proven and not claims.only_edits and not any(test.proves for test in claims.tests):
        claims = replace(claims, flaky=(*by_chance, *flaky_at_base(bench, baseline, head)))
    if not claims.only_edits:
        reaching = Reaching(sandbox, changes, plan, ledger, lay_change=bench.lay_change, times=reach_times)
        mutants = broken_contents(changes, contents, old, steered)
        claims = replace(claims, reach=reaching.measured(mutants, claims, baseline, head))
    return _verification(verdict, baseline, head, claims, flaky)


def _proved(
    bench: Bench,
    baseline: Sequence[CommandResult],
    head: Sequence[CommandResult],
    proofs: Proofs,
) -> Claims:
    """What the tests of the change show, and the old ones as they were."""
    changes, steered = bench.changes, bench.steered
    is_in_doubt = bool(steered) or runs_less(baseline, head)
    return Claims(
        base=round_of(baseline),
        head=round_of(head),
        unreported=unreported(baseline, head),
        unread=unread(head),
        tests=proofs.tests,
        uncollected=proofs.uncollected,
        steered=tuple(steered),
        originals=_originals(bench) if is_in_doubt else None,
        tests_only=all(is_test_path(change.path) or change.path in steered for change in changes),
        comments_only=changes_comments_only(changes, bench.new, bench.old),
    )


def _originals(bench: Bench) -> Round:
    """The tests as they were, with the change."""
    at = "original-tests@head"
    if bench.lay_originals(at):
        return Round(ending="unknown")
    return round_of(run_commands(bench.sandbox, bench.plan.verify, purpose="proof", at=at, ledger=bench.ledger))


def _judged(
    claims: Claims,
    changes: Sequence[Change],
    new: Mapping[str, bytes],
    old: Mapping[str, bytes],
    baseline: Sequence[CommandResult],
) -> Claims:
    """Red tests that were edited until they pass are no fix; a fixed helper of theirs is one, and is marked. So is what
    a linter or a compiler wants changed in a test's text: there no test was red.
    """
    weakened = weakened_tests(ChangeSet.of(changes, old=old, new=new))
    settings = [path for path in claims.steered if not is_test_path(path)]
    red = claims.base.ending in {"red", "contradictory"}
    asserted = bool(weakened) and not all(result.ok or is_about_text(result) for result in baseline)
    still = claims.originals is not None and claims.originals.ending != "green"
    only_edits = claims.tests_only and red and still and claims.head.ending == "green" and (asserted or bool(settings))
    return replace(claims, only_edits=only_edits)


def _verification(
    verdict: Verdict,
    baseline: Sequence[CommandResult],
    head: Sequence[CommandResult],
    claims: Claims | None,
    flaky: tuple[str, ...],
) -> Verification:
    refused = claims is not None and claims.only_edits
    return Verification(
        ok=verdict.ok and not refused,
        status="failed" if refused else verdict.status,
        note=" ".join(sentences(claims)) if claims else verdict.note,
        baseline=tuple(baseline),
        head=tuple(head),
        new_failures=verdict.new_failures,
        fixed=claims.fixed if claims else verdict.fixed,
        claims=claims,
        flaky=claims.flaky if claims else flaky,
    )


__all__ = ["Verification", "verify_head"]
