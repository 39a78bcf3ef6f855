"""A change that would be proposed, though no test reaches it: the model is asked once for one that does.

What was verified is proposed after all when the work on it comes to nothing. It is kept by the ledger, in whichever
attempt that turns out: the tree's snapshot and the verification that stand before the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app import log, workspace
from app.claims import Claims, marks
from app.errors import UserError
from app.events.conversing import NoticeGiven
from app.events.working import SnapshotTaken, VerificationEnded
from app.runs.run_ledger import RunLedger
from app.text.untrusted import one_line
from app.verify import Verification
from app.work.proposal import Refusal, propose
from app.work.session import WorkSession
from app.workspace import Change

_ABOUT = "reach"  # of the notice, by which it is known that the model was asked
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Where the change lies that was verified before the model was asked, and what was found of it."""

    snapshot: SnapshotTaken
    verification: VerificationEnded


class SecondChance:
    """Of one run."""

    def __init__(self, ledger: RunLedger, room: WorkSession) -> None:
        self._ledger, self._room = ledger, room

    def asks(self, found: Sequence[Change], verification: Verification) -> Refusal | None:
        """Why this change is not proposed yet; None when it is reached, or the model was asked before. The last
        snapshot is of the tree that was verified.
        """
        claims = verification.claims
        told = (event.record for event in self._ledger.events)
        if claims is None or not claims.unreached or not self._is_kept(found):
            return None
        if any(isinstance(record, NoticeGiven) and record.about == _ABOUT for record in told):
            return None
        paths = ", ".join(f"`{one_line(path, 200)}`" for path in claims.unreached[:_NAMED])
        why = f"The tests that ran do not reach {paths}."
        feedback = (
            f"{why} With your change broken on purpose they pass all the same, so they say nothing of it. Add a test "
            "that runs what you changed, where this project's own test command finds it, and call finish again. If "
            "no such test can be written, call finish again and say why under `not_proven`."
        )
        return Refusal(why=why, feedback=feedback, about=_ABOUT)

    def _is_kept(self, found: Sequence[Change]) -> bool:
        """Whether the snapshot holds just what was verified: something may have written in between."""
        snapshot = self._ledger.state.snapshot
        kept = self._held(snapshot) if snapshot else None
        return kept is not None and _rows(kept[0]) == _rows(found)

    def _held(self, snapshot: SnapshotTaken) -> tuple[list[Change], dict[str, bytes]] | None:
        try:
            return self._room.kept.held(snapshot.manifest)
        except (KeyError, UserError) as error:
            log.event("worker.kept_change_is_gone", error=error, run=self._ledger.run_id)
            return None

    def is_proposed(self) -> bool:
        """Propose what was kept, when nothing better came of it; False when there is none, or it is refused."""
        kept = self._kept()
        held = self._held(kept.snapshot) if kept else None
        if kept is None or held is None:
            return False
        room, (found, new) = self._room, held
        old = workspace.read_files(room.mirror, room.stands_on, [change.path for change in found])
        self._ledger.append(kept.verification)  # whatever was verified since, this is what goes out
        claims = kept.verification.claims
        earned = marks(Claims.from_event(claims.model_dump())) if claims else set()
        return propose(self._ledger, room, found, new, old, earned) is None

    def _kept(self) -> _Kept | None:
        """Of the commit on which the run stands now."""
        snapshot, verification = None, None
        for event in self._ledger.events:
            record = event.record
            if event.seq <= self._ledger.state.moved_seq:
                continue
            if isinstance(record, SnapshotTaken):
                snapshot = record
            elif isinstance(record, VerificationEnded):
                verification = record
            elif isinstance(record, NoticeGiven) and record.about == _ABOUT and snapshot and verification:
                return _Kept(snapshot=snapshot, verification=verification)
        return None


def _rows(found: Sequence[Change]) -> list[tuple[str, str, str, str]]:
    return sorted((change.path, change.kind, change.mode, change.digest) for change in found)
