"""One ledger, for tests of what becomes of it on AWS."""

from __future__ import annotations

from app.ledger import verify_chain
from app.log import Redactor
from app.ports.platform import Clock, Store
from app.runs.read_model import summarise
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from tests.said import said


def opened(store: Store, clock: Clock) -> RunLedger:
    """The ledger of the run `run`, begun if it is not there yet."""
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    if not ledger.state.seq:
        ledger.append(said("run.created", thread={"repository_id": 7, "number": 1, "repository": "acme/calc"}))
    return ledger


def whole(store: Store, clock: Clock) -> list[str]:
    """The texts of the notices of a ledger that is whole."""
    events = store.events("run")
    assert verify_chain("run", events, store.witness("run")) == []
    assert store.summary("run") == summarise(fold("run", events))
    return [event.data["text"] for event in events if event.kind == "notice.given"]
