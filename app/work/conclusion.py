"""After `finish`: the change is verified and proposed, or what stands in the way sends the model back to work."""

from __future__ import annotations

from app.errors import UserError
from app.events.conversing import NoticeGiven
from app.playbooks import playbook
from app.runs.run_ledger import RunLedger
from app.work.attempt_end import end, end_explained, end_without_change
from app.work.proposal import Refusal, ahead_of_the_change, propose, refuse_at_sight
from app.work.second_chance import SecondChance
from app.work.session import WorkSession
from app.workspace import Change


class Conclusion:
    """Of one attempt, however often the model finishes."""

    def __init__(self, ledger: RunLedger, room: WorkSession) -> None:
        self._ledger, self._room = ledger, room
        self._chance = SecondChance(ledger, room)

    def after_finish(self) -> str | None:
        """Verify and propose, or say why there is no change. What stands in the way is returned; None when the run
        has ended.
        """
        state = self._ledger.state
        finish = state.finish
        assert finish is not None
        if missing := ahead_of_the_change(state):
            return self._refused(missing)
        if not playbook(state.created.playbook).proposes:  # whatever it left in the tree
            end_explained(self._ledger, finish)
            return None
        try:
            found = self._room.changes()
        except UserError as error:
            return self._refused(Refusal(why=str(error), feedback=str(error)))
        if finish.outcome != "done" or not self._room.has_change(found):
            end_without_change(self._ledger, finish, changed=bool(found), ignored=self._room.ignored())
            return None
        return self.accepted(found)

    def accepted(self, found: list[Change]) -> str | None:
        """Propose the change and end the run, or say what stands in the way."""
        refusal = refuse_at_sight(self._ledger, self._room, found) or self._examine(found)
        if refusal is not None:
            return self._refused(refusal)
        end(self._ledger, "proposed", "")
        return None

    def fell_back(self) -> bool:
        """Whether a change that had been verified before is proposed, now that the work ends without a better one."""
        if not self._chance.is_proposed():
            return False
        end(self._ledger, "proposed", "")
        return True

    def _refused(self, refusal: Refusal) -> str:
        """Back to work, with what stands in the way."""
        self._ledger.append(NoticeGiven(about=refusal.about, text=refusal.feedback, why=refusal.why))
        return refusal.why

    def _examine(self, found: list[Change]) -> Refusal | None:
        """Verify the change and propose it; when that is refused, the tree is again as the model left it."""
        room = self._room
        try:
            new, old = room.contents(found)
        except UserError as error:  # something still writes, or took a file away
            return Refusal(why=str(error), feedback=f"{error} Stop what changes files, then call finish again.")
        if why := room.unfinished(new):
            return Refusal(why=why, feedback=f"{why} Settle that, then call finish again.")
        room.kept.snapshot()
        verification = room.test_after(found, new, old)
        if verification.ok:
            asked = self._chance.asks(found, verification)
            refusal = asked or propose(self._ledger, room, found, new, old, verification.marks)
        else:
            refusal = Refusal(why=verification.note, feedback=verification.feedback())
        if refusal is not None:
            room.bring_back()
        return refusal
