"""The tree of each round of verification: what set-up left, and of the change only what is said here.

Every round begins with `Sandbox.reset`: tree and home as sealed, temporary files and shared memory gone, nothing runs.
So no round meets what another one left, nor what the model did besides its change. Commands of one round share a tree:
a build comes before the tests of what it built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from app.checks import is_test_path
from app.checks.test_files import holds_tests
from app.mutants.wording import in_words_only, is_document, reworded
from app.ports.sandbox import Sandbox
from app.projects import Plan, changes_dependencies
from app.runs.run_ledger import RunLedger
from app.verify.run import CommandResult, run_commands
from app.workspace import Change, lay


class Bench:
    """One change, `new` and `old` contents by path, to be laid over the sealed tree whole or in part."""

    def __init__(
        self,
        sandbox: Sandbox,
        changes: Sequence[Change],
        new: Mapping[str, bytes],
        old: Mapping[str, bytes],
        plan: Plan,
        ledger: RunLedger,
        *,
        steered: Sequence[str] = (),
    ) -> None:
        """`steered`: paths of the change that steer the tests."""
        self.sandbox, self.changes, self.new, self.old = sandbox, changes, new, old
        self.plan, self.ledger, self.steered = plan, ledger, steered
        self.tests = [change for change in changes if is_test_path(change.path)]

    @property
    def sets_up_again(self) -> bool:
        """Whether the whole change needs other dependencies than the base."""
        return bool(self.plan.setup) and changes_dependencies((change.path for change in self.changes), self.plan.setup)

    def lay_change(self, at: str) -> list[CommandResult]:
        """All of it, set up again where dependencies changed; what of that failed is returned."""
        self.sandbox.reset()
        lay(self.sandbox, self.changes, self.new)
        if not self.sets_up_again:
            return []
        again = run_commands(
            self.sandbox, self.plan.setup, purpose="setup", at=at, ledger=self.ledger, withheld=self.plan.withheld
        )
        return [result for result in again if not result.ok]

    def reword(self) -> bool:
        """In the tree of the whole change, give its code another text that does the same; False where none is known."""
        texts = self._reworded()
        self._write(texts)
        return bool(texts)

    def reword_back(self) -> bool:
        """The text that the change has; False when `reword` had no other for it."""
        texts = {path: self.new[path] for path in self._reworded()}
        self._write(texts)
        return bool(texts)

    def _reworded(self) -> dict[str, bytes]:
        return {it.path: text for it in self._code if (text := reworded(it.path, self.new[it.path])) is not None}

    def _write(self, texts: Mapping[str, bytes]) -> None:
        lay(self.sandbox, [replace(it, old_mode=it.mode) for it in self.changes if it.path in texts], texts)

    @property
    def _code(self) -> list[Change]:
        """What may be code of the change, its tests aside."""
        written = [it for it in self._product if it.kind in {"add", "modify"} and it.mode != "120000"]
        return [it for it in written if it.path not in self.steered]

    @property
    def _product(self) -> list[Change]:
        return [it for it in self.changes if not is_test_path(it.path)]

    @cached_property
    def words(self) -> Mapping[str, bytes]:
        """Its code as at base, but with what it says now; documents and settings of tests, which do nothing that is the
        change's, as they are now. Empty where the change has nothing else.
        """
        if all(is_document(it.path) or it.path in self.steered for it in self._product):
            return {}
        settings = {
            it.path: self.new[it.path] for it in self._product if it.path in self.steered and it.path in self.new
        }
        said = {it.path: in_words_only(it.path, self.old.get(it.path, b""), self.new[it.path]) for it in self._code}
        return {**settings, **{path: text for path, text in said.items() if text is not None}}

    def lay_tests(self, code: Mapping[str, bytes] | None = None) -> None:
        """Its tests over the base, and `code` by path."""
        code = code or {}
        laid = [*self.tests, *(change for change in self.changes if change.path in code)]
        aside = [change for change in self.changes if change.kind == "delete" and change not in laid]
        gone = [change for change in aside if _is_in_the_way(change, laid) or (code and change.path in self.steered)]
        self.sandbox.reset()
        lay(self.sandbox, [*gone, *laid], {**self.new, **code})

    def lay_originals(self, at: str) -> list[CommandResult]:
        """All of it but what steers, which is as at base, and new files of tests, which are not there. What of setting
        up failed is returned.
        """
        broken = self.lay_change(at)
        for change in self.changes:
            if change.path in self.steered or (change.kind == "add" and holds_tests(change.path)):
                self._take_back(change)
        return broken

    def _take_back(self, change: Change) -> None:
        if change.kind != "delete":
            self.sandbox.remove_file(change.path)
        if change.kind != "add":
            self.sandbox.write_file(change.path, self.old[change.path], mode=change.old_mode or change.mode)


def _is_in_the_way(gone: Change, arriving: Sequence[Change]) -> bool:
    """Whether a file stands where a folder has to, or the other way round."""
    return any(f"{it.path}/".startswith(f"{gone.path}/") or gone.path.startswith(f"{it.path}/") for it in arriving)
