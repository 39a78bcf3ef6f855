"""The work of a run whose change was finished when the head of its branch moved: the two are merged, and verified.

The harness merges three-way in its own repository: the commit on which the change was made, the change, the head as it
is now. From then on the run stands on that head, and the merged change is its change. No model is asked where nothing
is in conflict and the tests hold.
"""

from __future__ import annotations

from app import workspace
from app.checkpoints import merge_text, moved_text
from app.errors import UserError
from app.events.working import HeadMerged
from app.work.attempt_end import end
from app.work.carrying import carry, explain_move, told
from app.work.recording import stage
from app.work.session import WorkSession
from app.workspace import Change
from app.workspace.merging import laid


class MovedSession(WorkSession):
    """As `WorkSession`; `begin` merges."""

    def begin(self) -> bool:
        ledger = self._ledger
        with stage(ledger, "merge", "merging with what was pushed meanwhile") as ended:
            try:
                merged = carry(ledger, self.mirror, self._fetcher)
            except UserError as error:
                end(ledger, "needs_decision", *moved_text.origin_gone(ledger.state, str(error)))
                return False
            self._laid, self._texts = laid(self.mirror, self.made.sha, merged.tree)
            found = [told(conflict) for conflict in merged.conflicts]
            ledger.append(HeadMerged(sha=self.made.sha, files=len(self._laid), conflicts=found))
            ended |= {"ok": not found, "note": merge_text.in_conflict(len(found))}
        if found:
            end(ledger, "needs_decision", *moved_text.in_conflict(ledger.state))
        elif not self._laid:
            end(ledger, "nothing_to_do", moved_text.there_already(ledger.state))
        return not found and bool(self._laid)

    def restore(self) -> None:
        """The merged change, or where a model that went on from it had come."""
        if self._ledger.state.snapshot:
            super().restore()
        else:
            workspace.lay(self.sandbox, self._laid, self._texts)

    def ready_made(self) -> list[Change] | None:
        state = self._ledger.state
        is_heard = any(word.seq > state.moved_seq for word in state.steering)
        return None if is_heard or state.turns > state.turns_before else self.changes()

    def explain(self) -> None:
        explain_move(self._ledger)
