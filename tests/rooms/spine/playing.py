"""A control side without queues, workers and GitHub."""

from __future__ import annotations

from collections.abc import Sequence

from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.said import said


class Playing:
    """The launcher whose workers all live, the queue that takes all news, and whoever lets runs go on."""

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.went_on: list[str] = []
        self.stopped: list[str] = []

    def running(self, run_ids: Sequence[str]) -> dict[str, bool | None]:
        return dict.fromkeys(run_ids, True)

    def stop(self, run_id: str) -> None:
        self.stopped.append(run_id)

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        self.announced.append(dedup_id.partition(":")[0])

    def start(self, ledger: RunLedger) -> bool:
        self.went_on.append(ledger.run_id)
        return True

    def launch(self, ledger: RunLedger, _kind: str, _reason: str, **_: object) -> bool:
        self.went_on.append(ledger.run_id)
        return True


def ledger_of(store, clock, run_id: str) -> RunLedger:
    ledger = RunLedger(store, run_id, clock=clock, redactor=Redactor())
    thread = {"repository_id": 7, "number": 1, "repository": "acme/calc", "installation_id": 5}
    ledger.append(said("run.created", thread=thread))
    return ledger
