"""What the tests of a change prove: without it, with its words alone, and with all of it, each in a tree of its own.

A test that turns with the change, and as well where the old code says what the new one does, has looked at its text.
One that fails without the change once, and once does not, proves nothing. A test that goes by the clock or counts its
runs would have to turn more than once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.checks import is_test_path
from app.claims import TestEnding, TestProof
from app.claims.records import FAILED
from app.verify.bench import Bench
from app.verify.named import Named, brought
from app.verify.proof_by_name import ByName, narrowed
from app.verify.proof_by_suite import BySuite
from app.verify.proof_runs import Runs
from app.verify.run import CommandResult

_MOST = 50  # tests run by name; of more, whole files are


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """`uncollected`: tests that the project's own command does not find. `flaky`: they failed at base, and then not."""

    tests: tuple[TestProof, ...] = ()
    uncollected: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()


def prove(bench: Bench, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> Proofs:
    """The tests that the change brings, by name where their runner takes names. The tree is that of `head`."""
    has_code = any(not is_test_path(change.path) for change in bench.changes)
    tests = brought(bench.changes, bench.new, bench.old) if has_code else []
    if len(tests) > _MOST:
        tests = sorted({Named(path=test.path) for test in tests})
    if not tests:
        return Proofs()
    suite, command = narrowed(bench.plan.verify, tests)
    runs: Runs = ByName(bench, tests, head, suite) if command else BySuite(bench, tests, baseline, head)
    return _proved(bench, runs)


def _proved(bench: Bench, runs: Runs) -> Proofs:
    if runs.finds_none:
        return Proofs(uncollected=tuple(test.id for test in runs.tests))
    # Setting up again takes minutes, and what other commands built is there: then the tree of `head` has to do.
    early = runs.with_change(in_place=True) if runs.stays_in_place else None
    before = runs.at_base()
    suspects = [test for test in runs.tests if before[test][0] in FAILED]
    worded = runs.still(suspects, "tests@words", bench.words) if suspects and bench.words else {}
    doubtful = [test for test in suspects if worded.get(test, "green") not in FAILED]
    again = runs.still(doubtful, "tests@base", {}) if doubtful else {}
    chance = {test: ending for test, ending in again.items() if ending not in FAILED}
    after = early or runs.with_change(in_place=False)
    tests = [
        TestProof(
            name=test.id,
            before=chance.get(test, before[test][0]),
            after=after.endings[test],
            worded=_worded(test, worded, chance),
            reworded=after.reworded.get(test),
            how=before[test][1],
            together=not runs.tells_apart and len(runs.tests) > 1,
        )
        for test in runs.tests
        if test not in after.lost
    ]
    return Proofs(
        tests=tuple(tests),
        uncollected=tuple(test.id for test in after.lost),
        flaky=tuple(test.id for test, ending in chance.items() if ending == "green"),
    )


def _worded(test: Named, worded: Mapping[Named, TestEnding], chance: Mapping[Named, TestEnding]) -> TestEnding | None:
    """What passes by chance may have done so there as well."""
    return None if test in chance else worded.get(test)
