"""The tests of a change, run by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.claims import TestEnding
from app.projects import taken_apart
from app.verify.bench import Bench
from app.verify.named import Named, by_name, collecting, ending_of, is_collected
from app.verify.proof_runs import WithChange, limit
from app.verify.run import CommandResult, run_commands


def narrowed(commands: Sequence[str], tests: Sequence[Named]) -> tuple[str, str]:
    """The command that takes these tests by name, as it is and for them; empty where none does. The innermost folder
    that holds them comes first: a runner has its settings there, and a Go module ends where another begins.
    """
    folders = {command: taken_apart(command)[0] for command in commands}
    holding = [
        command
        for command, folder in folders.items()
        if not folder or all(test.path.startswith(f"{folder}/") for test in tests)
    ]
    for command in sorted(holding, key=lambda command: len(folders[command]), reverse=True):
        if narrow := by_name(command, tests):
            return command, narrow
        if tests[0].path.endswith(".go"):
            break
    return "", ""


class ByName:
    """See `Runs`. `suite` is the command that takes names."""

    def __init__(self, bench: Bench, tests: Sequence[Named], head: Sequence[CommandResult], suite: str) -> None:
        self.tests, self._bench, self._head, self._suite = tests, bench, head, suite
        self._folder, _ = taken_apart(suite)

    @property
    def tells_apart(self) -> bool:
        return True

    @property
    def stays_in_place(self) -> bool:
        return self._bench.sets_up_again or len(self._bench.plan.verify) > 1

    @property
    def finds_none(self) -> bool:
        return False

    def at_base(self) -> Mapping[Named, tuple[TestEnding, str]]:
        return self._endings(self.tests, "tests@base", self._bench.lay_tests)

    def still(self, tests: Sequence[Named], at: str, code: Mapping[str, bytes]) -> Mapping[Named, TestEnding]:
        found = self._endings(tests, at, lambda: self._bench.lay_tests(code), limit(self._head))
        return {test: ending for test, (ending, _) in found.items()}

    def with_change(self, *, in_place: bool) -> WithChange:
        """Where the code says the same in other words; as it stands, for those that do not pass then."""

        def reword() -> None:
            if not in_place:
                self._bench.lay_change("tests@head")
            self._bench.reword()

        found = self._endings(self.tests, "tests@head", reword)
        endings = {test: "red" if self._failed(test) else ending for test, (ending, _) in found.items()}
        lost = self._lost(endings)
        differ = [test for test in self.tests if endings[test] != "green" and test not in lost]
        if not differ or not self._bench.reword_back():
            return WithChange(endings=endings, lost=lost)
        plain = self._endings(differ, "tests@head", lambda: None)
        reworded = {test: endings[test] for test in differ if plain[test][0] == "green" and not self._failed(test)}
        return WithChange(endings={**endings, **dict.fromkeys(reworded, "green")}, lost=lost, reworded=reworded)

    def _lost(self, after: Mapping[Named, TestEnding]) -> list[Named]:
        """The tree is that of the whole change."""
        listing = collecting(self._suite, self.tests)
        if listing is not None:
            listed = self._bench.sandbox.run(listing).by_itself().text
            return [test for test in self.tests if not is_collected(test.within(self._folder), listed)]
        return [test for test in self.tests if after[test] == "nothing"]

    def _failed(self, test: Named) -> bool:
        failing = [name for it in self._head if it.command == self._suite and it.counts for name in it.counts.failing]
        return any(test.within(self._folder).is_meant_by(name) for name in failing)

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
        bench = self._bench
        command = by_name(self._suite, tests) or self._suite
        (result,) = run_commands(
            bench.sandbox, [command], purpose="proof", at=at, ledger=bench.ledger, timeout_seconds=seconds
        )
        return {test: (ending_of(test.within(self._folder), result), result.ended) for test in tests}
