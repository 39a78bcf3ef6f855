"""What a kind of work may do in a way of its own, with the answers of ordinary work: a model changes a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.agent import Fact
from app.runs.run_ledger import RunLedger
from app.work.reproduction import facts_of
from app.workspace import Change


class PlainWork:
    """The base of `app.work.session.WorkSession`."""

    _ledger: RunLedger

    def begin(self) -> bool:
        """What has to be found out before anything is set up; whether the work goes on. Otherwise the run has ended."""
        return True

    def ready_made(self) -> list[Change] | None:
        """The change that the tree holds before any model has worked in it, where it may be a whole one."""
        return None

    def explain(self) -> None:
        """Tell a model that goes on what has become of its tree."""

    def has_change(self, found: Sequence[Change]) -> bool:
        """Whether there is something to propose."""
        return bool(found)

    def unfinished(self, new: Mapping[str, bytes]) -> str:  # noqa: ARG002
        """Why the change cannot be what was wanted, whatever the tests say; "" when nothing shows that."""
        return ""

    def facts(self) -> list[Fact]:
        """What else the model is told of where it works."""
        return facts_of(self._ledger.state)
