"""What of a tree outlives its sandbox: snapshots in the ledger, and the tree brought back from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from app import log, workspace
from app.errors import TransientError, UserError
from app.events.deciding import Continued
from app.events.parts import Blob
from app.ports.sandbox import Manifest, Sandbox
from app.runs.run_ledger import RunLedger
from app.workspace import Change

_SNAPSHOT_SECONDS = 60.0  # a crash runs again at most the tool calls of this long
_KEEPING_SECONDS = 3.0  # for a worker that is told to stop to keep what there is; then the sandbox is closed under it


class KeptTree:
    """Of one attempt. `before` gives what stood there before the work, `read_base` a file's whole content then,
    `changes_in` the run's change in a manifest.
    """

    def __init__(
        self,
        ledger: RunLedger,
        sandbox: Sandbox,
        before: Callable[[], Manifest],
        read_base: Callable[[str], bytes],
        changes_in: Callable[[Manifest, Mapping[str, str]], Sequence[Change]],
    ) -> None:
        self._ledger = ledger
        self._sandbox = sandbox
        self._before = before
        self._read_base = read_base
        self._changes_in = changes_in
        self._taken_at = ledger.clock.now()
        self.has_ended = threading.Event()  # nothing more is kept

    def snapshot(self, *, if_due: bool = False) -> None:
        now = self._ledger.clock.now()
        if if_due and (now - self._taken_at).total_seconds() < _SNAPSHOT_SECONDS:
            return
        taken = workspace.take_snapshot(
            self._sandbox,
            self._before(),
            self._ledger.store,
            previous=self._ledger.state.snapshot,
            change_in=self._change_in,
        )
        self._ledger.append(taken)
        self._taken_at = now

    def _change_in(self, now: Manifest, unseen: Mapping[str, str]) -> Sequence[Change]:
        try:
            return self._changes_in(now, unseen)
        except UserError:  # too many files to tell
            return []

    def at_the_end(self) -> None:
        """A last snapshot, if the sandbox is still there; else the one before counts."""
        try:
            self.snapshot()
        except (UserError, TransientError, OSError) as error:
            log.event("worker.kept_nothing_new", error=error, run=self._ledger.run_id)
        finally:
            self.has_ended.set()

    def stop(self) -> None:
        """From another thread, when the worker is told to leave: it gets a moment to come to an end by itself, then one
        more without the command that it waits for, so that what there is is kept. Then the sandbox is closed under it.
        """
        if not self.has_ended.wait(_KEEPING_SECONDS):
            self._end_the_command()
            self.has_ended.wait(_KEEPING_SECONDS)
        self._sandbox.close()

    def _end_the_command(self) -> None:
        try:
            self._sandbox.restart_shell()
        except (UserError, TransientError, OSError) as error:
            log.event("worker.command_not_ended", error=error, run=self._ledger.run_id)

    def restore(self) -> None:
        """Bring the tree back to the last snapshot; without one, to where the run before had come."""
        state = self._ledger.state
        if state.snapshot:
            workspace.restore_snapshot(
                self._sandbox,
                self._before(),
                state.snapshot,
                self._ledger.store,
                read_base=self._read_base,
            )
        elif state.created.continued:
            self._go_on(state.created.continued)

    def _go_on(self, earlier: Continued) -> None:
        """Only what was the change: what else lay in that tree, set-up makes again."""
        try:
            found, contents = self.held(earlier.manifest)
        except KeyError:
            raise UserError("What the run before had kept is gone. `retry --fresh` starts anew.") from None
        there = [change for change in found if change.kind != "delete" or change.path in self._before()]
        workspace.lay(self._sandbox, there, contents)

    def held(self, manifest: Blob) -> tuple[list[Change], dict[str, bytes]]:
        """The change in a snapshot, against what stands here, and its new contents by path. Raises KeyError: they are
        no longer there; UserError: it cannot be read.
        """
        found, content = workspace.change_in_snapshot(self._ledger.store, manifest.blob)
        contents = {change.path: content(change.digest) for change in found if change.kind != "delete"}
        return [self._as_here(change) for change in found], contents

    def _as_here(self, change: Change) -> Change:
        old = self._before().get(change.path)
        return replace(change, old_mode=old.mode if old else "")
