"""What the tests of a change prove: each by name, without the change, with its words alone, and with it.

A test that turns with the change, and as well where the old code says what the new one does, has looked at its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.checks import is_test_path
from app.claims import Ending, TestEnding, TestProof
from app.claims.records import FAILED
from app.failures.counts import Counts
from app.projects import taken_apart
from app.verify.bench import Bench
from app.verify.named import Named, brought, by_name, collecting, ending_of, is_collected
from app.verify.reach import FLOOR_SECONDS, TIMES
from app.verify.reasons import red_or_less
from app.verify.run import CommandResult, run_commands

_MOST = 50  # tests run by name; of more, whole files are


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """`uncollected`: tests that the project's own command does not find."""

    tests: tuple[TestProof, ...] = ()
    uncollected: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Told:
    """How tests end with the change. `reworded`, where they pass only with the very text that the change has: how they
    end with another one.
    """

    endings: Mapping[Named, TestEnding]
    lost: Sequence[Named]
    reworded: Mapping[Named, TestEnding] = field(default_factory=dict)


class Prover:
    """Runs the tests of one change by name: on the sealed base, there with the change's words alone, and with
    all of it, in this order and each in a tree of its own. A test that goes by the clock or counts its runs would have
    to turn twice.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench, self._plan = bench, bench.plan
        has_code = any(not is_test_path(change.path) for change in bench.changes)
        found = brought(bench.changes, bench.new, bench.old) if has_code else []
        many = len(found) > _MOST
        self.tests = sorted({Named(path=test.path) for test in found}) if many else found
        self._suite, self._command = self._narrowed(self.tests)
        self._folder, _ = taken_apart(self._suite)

    def _narrowed(self, tests: Sequence[Named]) -> tuple[str, str | None]:
        for command in self._plan.verify if tests else ():
            narrow = by_name(command, tests)
            if narrow is not None:
                return command, narrow
        return "", None

    def proofs(self, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> Proofs:
        """The tree is that of `head`."""
        if not self.tests:
            return Proofs()
        if self._command is None:
            return self._by_file(baseline, head)
        bench = self._bench
        # Setting up again takes minutes, and what other commands built is there: then the tree of `head` has to do.
        in_place = bench.sets_up_again or len(self._plan.verify) > 1
        early = self._with_change(head, lay=lambda: None) if in_place else None
        before = self._endings(self.tests, "tests@base", bench.lay_tests)
        suspects = [test for test in self.tests if before[test][0] in FAILED]
        worded = self._in_words_only(suspects, head)
        after = early or self._with_change(head, lay=lambda: bench.lay_change("tests@head"))
        tests = [
            TestProof(
                name=test.id,
                before=before[test][0],
                after=after.endings[test],
                worded=worded[test][0] if test in worded else None,
                reworded=after.reworded.get(test),
                how=before[test][1],
            )
            for test in self.tests
            if test not in after.lost
        ]
        return Proofs(tests=tuple(tests), uncollected=tuple(test.id for test in after.lost))

    def _with_change(self, head: Sequence[CommandResult], lay: Callable[[], object]) -> _Told:
        """Where the code says the same in other words; as it stands, for those that do not pass then."""

        def reword() -> None:
            lay()
            self._bench.reword()

        found = self._endings(self.tests, "tests@head", reword)
        endings = {test: "red" if self._failed(test, head) else ending for test, (ending, _) in found.items()}
        lost = self._lost(endings)
        differ = [test for test in self.tests if endings[test] != "green" and test not in lost]
        if not differ or not self._bench.reword_back():
            return _Told(endings=endings, lost=lost)
        plain = self._endings(differ, "tests@head", lambda: None)
        reworded = {
            test: endings[test] for test in differ if plain[test][0] == "green" and not self._failed(test, head)
        }
        return _Told(endings={**endings, **dict.fromkeys(reworded, "green")}, lost=lost, reworded=reworded)

    def _lost(self, after: Mapping[Named, TestEnding]) -> list[Named]:
        """Those that the suite does not find. The tree is that of the whole change."""
        listing = collecting(self._suite)
        if listing is not None:
            listed = self._bench.sandbox.run(listing).text
            return [test for test in self.tests if not is_collected(test.within(self._folder), listed)]
        return [test for test in self.tests if after[test] == "nothing"]

    def _failed(self, test: Named, head: Sequence[CommandResult]) -> bool:
        failing = [name for it in head if it.command == self._suite and it.counts for name in it.counts.failing]
        return any(test.within(self._folder).is_meant_by(name) for name in failing)

    def _in_words_only(
        self, tests: Sequence[Named], head: Sequence[CommandResult]
    ) -> dict[Named, tuple[TestEnding, str]]:
        """Over a base that says what the change says: whoever goes by the text alone does not notice."""
        bench = self._bench
        if not tests or not bench.words:
            return {}
        return self._endings(tests, "tests@words", lambda: bench.lay_tests(bench.words), self._limit(head))

    def _limit(self, head: Sequence[CommandResult]) -> float:
        """Seconds: what hangs without the change hangs here, too."""
        return max(FLOOR_SECONDS, TIMES * sum(result.seconds for result in head))

    def _endings(
        self, tests: Sequence[Named], at: str, lay: Callable[[], object], seconds: float | None = None
    ) -> dict[Named, tuple[TestEnding, str]]:
        """How each ended and how the run did; each file by itself where one that cannot be loaded, or hangs, would
        speak for others.
        """
        found = self._run(tests, at, lay, seconds)
        files = sorted({test.path for test in tests})
        if len(files) > 1 and any(ending in {"broken", "killed"} for ending, _ in found.values()):
            for path in files:
                found |= self._run([test for test in tests if test.path == path], at, lay, seconds)
        return found

    def _run(
        self, tests: Sequence[Named], at: str, lay: Callable[[], object], seconds: float | None
    ) -> dict[Named, tuple[TestEnding, str]]:
        lay()
        command = self._narrowed(tests)[1] or self._command or ""
        (result,) = run_commands(
            self._bench.sandbox, [command], purpose="proof", at=at, ledger=self._bench.ledger, timeout_seconds=seconds
        )
        return {test: (ending_of(test.within(self._folder), result), result.ended) for test in tests}

    def _by_file(self, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> Proofs:
        """The suite's verdict with the new tests, where its runner is not known to take names."""
        files = sorted({test.path for test in self.tests})
        added = {change.path for change in self._bench.tests if change.kind == "add"}
        ran = [sum(it.counts.ran for it in results if it.counts) for results in (baseline, head)]
        counted = all(result.counts is not None for result in (*baseline, *head))
        if counted and ran[1] <= ran[0] and added.issuperset(files):
            return Proofs(uncollected=tuple(files))
        self._bench.lay_tests()
        results = self._suites("tests@base")
        before, how = suite_ending(files, self._plan.verify, baseline, results)
        after: Ending = "green" if all(it.ok or it.ending == "nothing" for it in head) else "unknown"
        worded: Ending | None = None
        if before in FAILED and after == "green" and self._bench.words:
            self._bench.lay_tests(self._bench.words)
            again = self._suites("tests@words", self._limit(head))
            worded = "red" if still_fails(baseline, results, again) else "green"
        return Proofs(
            tests=tuple(TestProof(name=path, before=before, after=after, worded=worded, how=how) for path in files)
        )

    def _suites(self, at: str, seconds: float | None = None) -> list[CommandResult]:
        bench = self._bench
        return run_commands(
            bench.sandbox, self._plan.verify, purpose="proof", at=at, ledger=bench.ledger, timeout_seconds=seconds
        )


def suite_ending(
    files: Sequence[str], commands: Sequence[str], baseline: Sequence[CommandResult], results: Sequence[CommandResult]
) -> tuple[TestEnding, str]:
    """How the new tests in `files` ended at base, told by what fails beyond what failed there without them."""
    before = {result.command: result for result in baseline}
    ending: TestEnding = "green"
    for command, result in zip(commands, results, strict=False):
        old = before.get(command)
        if result.ok or result.ending == "nothing":
            continue
        if result.ending == "killed":
            return "killed", result.ended
        if old is None or old.ok or old.ending == "nothing":
            return ("broken" if result.ending == "broken" else red_or_less(files, "", result.printed)), result.ended
        names, known = _failing(result.counts), _failing(old.counts)
        if names is None or known is None or (result.counts is not None and result.counts.ran_nothing):
            ending = "unknown"
        elif names - known:
            return "red", result.ended
    return ending, ""


def still_fails(
    baseline: Sequence[CommandResult], without: Sequence[CommandResult], worded: Sequence[CommandResult]
) -> bool:
    """Whether something that failed `without` the change, and not before its tests came, fails with its words alone."""
    known = {result.command: _failing(result.counts) or set() for result in baseline}
    for was, now in zip(without, worded, strict=False):
        if was.ok or was.ending == "nothing":
            continue
        old, new = _failing(was.counts), _failing(now.counts)
        if old is None or new is None or now.ending != "red":
            if not now.ok:
                return True
        elif (old - known.get(was.command, set())) & new:
            return True
    return False


def _failing(counts: Counts | None) -> set[str] | None:
    return set(counts.failing) if counts is not None and counts.names_all_failures else None
