"""What the tests of a change prove: each by name, without the change and with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.checks import is_test_path
from app.claims import Ending, TestEnding, TestProof
from app.failures.counts import Counts
from app.ports.sandbox import Sandbox
from app.projects import Plan, taken_apart
from app.runs.run_ledger import RunLedger
from app.verify.named import Named, brought, by_name, collecting, ending_of, is_collected, is_unloadable
from app.verify.run import CommandResult, run_commands
from app.workspace import Change, lay

_MOST = 50  # tests run by name; of more, whole files are


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """`uncollected`: tests that the project's own command does not find."""

    tests: tuple[TestProof, ...] = ()
    uncollected: tuple[str, ...] = ()


class Prover:
    """Runs the tests of one change by name: first with it (`with_change`), then on the sealed base (`without`)."""

    def __init__(
        self,
        sandbox: Sandbox,
        changes: Sequence[Change],
        new: Mapping[str, bytes],
        old: Mapping[str, bytes],
        plan: Plan,
        ledger: RunLedger,
    ) -> None:
        self._sandbox, self._new, self._plan, self._ledger = sandbox, new, plan, ledger
        self._laid = [change for change in changes if is_test_path(change.path) and change.kind != "delete"]
        found = brought(changes, new, old) if any(not is_test_path(change.path) for change in changes) else []
        many = len(found) > _MOST
        self.tests = sorted({Named(path=test.path) for test in found}) if many else found
        self._suite, self._command = self._narrowed(self.tests)
        self._folder, _ = taken_apart(self._suite)
        self._after: dict[Named, TestEnding] = {}
        self._lost: list[Named] = []

    def _narrowed(self, tests: Sequence[Named]) -> tuple[str, str | None]:
        for command in self._plan.verify if tests else ():
            narrow = by_name(command, tests)
            if narrow is not None:
                return command, narrow
        return "", None

    def with_change(self) -> None:
        """In the tree that holds the whole change, after its own verification."""
        if self._command is None:
            return
        (result,) = self._run(self._command, "tests@head")
        listing = collecting(self._suite)
        if listing is not None:
            listed = self._sandbox.run(listing).text
            self._lost = [test for test in self.tests if not is_collected(test.within(self._folder), listed)]
        elif result.ending == "nothing":
            self._lost = list(self.tests)
        self._after = {test: ending_of(test.within(self._folder), result) for test in self.tests}

    def without(self, baseline: Sequence[CommandResult], head: Sequence[CommandResult]) -> Proofs:
        """Over the sealed base, which is laid out first."""
        tests = [test for test in self.tests if test not in self._lost]
        lost = tuple(test.id for test in self._lost)
        if not tests:
            return Proofs(uncollected=lost)
        if self._command is None:
            return self._by_file(tests, baseline, head)
        _, command = self._narrowed(tests)
        proofs = self._at_base(tests, command or self._command)
        files = sorted({test.path for test in tests})
        if len(files) > 1 and any(proof.before in {"broken", "killed"} for proof in proofs):
            proofs = []  # one file that cannot be loaded, or hangs, speaks for no other
            for path in files:
                some = [test for test in tests if test.path == path]
                proofs += self._at_base(some, self._narrowed(some)[1] or self._command)
        return Proofs(tests=tuple(proofs), uncollected=lost)

    def _at_base(self, tests: Sequence[Named], command: str) -> list[TestProof]:
        self._sandbox.reset()
        lay(self._sandbox, self._laid, self._new)
        (result,) = self._run(command, "tests@base")
        return [
            TestProof(
                name=test.id,
                before=ending_of(test.within(self._folder), result),
                after=self._after[test],
                how=result.ended,
            )
            for test in tests
        ]

    def _by_file(
        self, tests: Sequence[Named], baseline: Sequence[CommandResult], head: Sequence[CommandResult]
    ) -> Proofs:
        """The suite's verdict with the new tests, where its runner is not known to take names."""
        files = sorted({test.path for test in tests})
        added = {change.path for change in self._laid if change.kind == "add"}
        ran = [sum(it.counts.ran for it in results if it.counts) for results in (baseline, head)]
        counted = all(result.counts is not None for result in (*baseline, *head))
        if counted and ran[1] <= ran[0] and added.issuperset(files):
            return Proofs(uncollected=tuple(files))
        self._sandbox.reset()
        lay(self._sandbox, self._laid, self._new)
        results = run_commands(self._sandbox, self._plan.verify, purpose="proof", at="tests@base", ledger=self._ledger)
        before, how = _suite_ending(self._plan.verify, baseline, results)
        after: Ending = "green" if all(it.ok or it.ending == "nothing" for it in head) else "unknown"
        return Proofs(tests=tuple(TestProof(name=path, before=before, after=after, how=how) for path in files))

    def _run(self, command: str, at: str) -> list[CommandResult]:
        return run_commands(self._sandbox, [command], purpose="proof", at=at, ledger=self._ledger)


def _suite_ending(
    commands: Sequence[str], baseline: Sequence[CommandResult], results: Sequence[CommandResult]
) -> tuple[Ending, str]:
    """How the new tests ended at base, told by what fails beyond what failed there without them."""
    before = {result.command: result for result in baseline}
    ending: Ending = "green"
    for command, result in zip(commands, results, strict=False):
        old = before.get(command)
        if result.ok or result.ending == "nothing":
            continue
        if result.ending == "killed":
            return "killed", result.ended
        if old is None or old.ok or old.ending == "nothing":
            return ("broken" if is_unloadable(result) else "red"), result.ended
        names, known = _failing(result.counts), _failing(old.counts)
        if names is None or known is None or (result.counts is not None and result.counts.ran_nothing):
            ending = "unknown"
        elif names - known:
            return "red", result.ended
    return ending, ""


def _failing(counts: Counts | None) -> set[str] | None:
    return set(counts.failing) if counts is not None and counts.names_all_failures else None
