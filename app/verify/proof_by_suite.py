"""The tests of a change where no runner is known to take their names: file by file, by what the whole suite says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.claims import TestEnding
from app.claims.records import FAILED
from app.failures.counts import Counts
from app.verify.bench import Bench
from app.verify.named import Named
from app.verify.proof_runs import WithChange, limit
from app.verify.reasons import red_or_less
from app.verify.run import CommandResult, run_commands


class BySuite:
    """See `Runs`. All of `tests` are files, and end alike. Only the projects that they are in are asked."""

    def __init__(
        self,
        bench: Bench,
        tests: Sequence[Named],
        baseline: Sequence[CommandResult],
        head: Sequence[CommandResult],
    ) -> None:
        self.tests = sorted({Named(path=test.path) for test in tests})
        self._bench, self._baseline, self._head = bench, baseline, head
        testing = {command for test in self.tests for command in bench.plan.testing(test.path)}
        self._commands = [command for command in bench.plan.verify if command in testing]
        self._without: Sequence[CommandResult] = ()  # how the suite ended over the base
        self._before: TestEnding = "red"  # as long as it has not been seen
        self._passes = all(it.ok or it.ending == "nothing" for it in head)

    @property
    def tells_apart(self) -> bool:
        return False

    @property
    def stays_in_place(self) -> bool:
        return self._bench.sets_up_again

    @property
    def finds_none(self) -> bool:
        added = {change.path for change in self._bench.tests if change.kind == "add"}
        ran = [sum(it.counts.ran for it in results if it.counts) for results in (self._baseline, self._head)]
        counted = all(result.counts is not None for result in (*self._baseline, *self._head))
        return counted and ran[1] <= ran[0] and added.issuperset(test.path for test in self.tests)

    def at_base(self) -> Mapping[Named, tuple[TestEnding, str]]:
        self._bench.lay_tests()
        self._without = self._run("tests@base")
        files = [test.path for test in self.tests]
        ended = suite_ending(files, self._commands, self._baseline, self._without)
        self._before = ended[0]
        return dict.fromkeys(self.tests, ended)

    def still(self, tests: Sequence[Named], at: str, code: Mapping[str, bytes]) -> Mapping[Named, TestEnding]:
        self._bench.lay_tests(code)
        fails = still_fails(self._baseline, self._without, self._run(at, limit(self._head)))
        return dict.fromkeys(tests, "red" if fails else "green")

    def with_change(self, *, in_place: bool) -> WithChange:
        """With another text of the code only where something turns with the change: that is a whole run."""
        after = WithChange(endings=dict.fromkeys(self.tests, "green" if self._passes else "unknown"))
        if not self._passes or self._before not in FAILED:
            return after
        if not in_place:
            self._bench.lay_change("tests@head")
        if not self._bench.reword() or self._run_passes():
            return after
        self._bench.reword_back()
        return replace(after, reworded=dict.fromkeys(self.tests, "red") if self._run_passes() else {})

    def _run_passes(self) -> bool:
        return all(it.ok or it.ending == "nothing" for it in self._run("tests@head", limit(self._head)))

    def _run(self, at: str, seconds: float | None = None) -> list[CommandResult]:
        bench = self._bench
        return run_commands(
            bench.sandbox, self._commands, purpose="proof", at=at, ledger=bench.ledger, timeout_seconds=seconds
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
