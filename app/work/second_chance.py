"""A change that would be proposed, though no test reaches it: the model is asked once for one that does.

What was verified is kept meanwhile, and proposed when the work on it comes to nothing. A worker that dies in between
leaves the snapshot of that tree, as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.events.conversing import NoticeGiven
from app.runs.run_ledger import RunLedger
from app.text.untrusted import one_line
from app.verify import Verification
from app.work.proposal import Refusal, propose
from app.work.session import WorkSession
from app.workspace import Change

_ABOUT = "reach"  # of the notice, by which it is known that the model was asked
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A change, its contents on both sides by path, and what was found of it."""

    changes: Sequence[Change]
    new: Mapping[str, bytes]
    old: Mapping[str, bytes]
    verification: Verification


class SecondChance:
    """Of one attempt."""

    def __init__(self, ledger: RunLedger, room: WorkSession) -> None:
        self._ledger, self._room = ledger, room
        self._kept: Verified | None = None

    def asks(self, verified: Verified) -> Refusal | None:
        """Why this change is not proposed yet; None when it is reached, or the model was asked before."""
        claims = verified.verification.claims
        told = (event.record for event in self._ledger.events)
        if claims is None or not claims.unreached:
            return None
        if any(isinstance(record, NoticeGiven) and record.about == _ABOUT for record in told):
            return None
        self._kept = verified
        paths = ", ".join(f"`{one_line(path, 200)}`" for path in claims.unreached[:_NAMED])
        why = f"The tests that ran do not reach {paths}."
        feedback = (
            f"{why} With your change broken on purpose they pass all the same, so they say nothing of it. Add a test "
            "that runs what you changed, where this project's own test command finds it, and call finish again. If "
            "no such test can be written, call finish again and say why under `not_proven`."
        )
        return Refusal(why=why, feedback=feedback, about=_ABOUT)

    def is_proposed(self) -> bool:
        """Propose what was kept, when nothing better came of it; False when there is none, or it is refused."""
        if self._kept is None:
            return False
        kept = self._kept
        self._ledger.append(kept.verification.as_event())  # whatever was verified since, this is what goes out
        return propose(self._ledger, self._room, kept.changes, kept.new, kept.old, kept.verification) is None
