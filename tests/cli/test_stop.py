"""`stop` on a run whose finished change still waits to become a pull request."""

from __future__ import annotations

from pathlib import Path

from app.local.clock import SystemClock
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.asked import CREATED
from tests.said import said

RUN = "0123456789abcdef"


def test_a_pull_request_that_github_refuses_so_far_can_be_called_off(tmp_path: Path, lamplighter) -> None:
    ledger = RunLedger(SqliteStore(tmp_path / "home", SystemClock()), RUN, clock=SystemClock(), redactor=Redactor())
    ledger.append(said("run.created", **CREATED))
    digest = ledger.store.put_blob(b"proposed\n")
    change = {"path": "x", "kind": "add", "mode": "100644", "digest": digest, "size": 9}
    ledger.append(said("proposal.made", changes=[change]))
    ledger.append(said("run.ended", outcome="proposed", reason="", next_step=""))

    assert lamplighter("stop", RUN).stdout == f"run {RUN[:8]}: stopped; its finished change is kept\n"
    ledger.refresh()
    assert ledger.state.outcome == "cancelled"
    assert "`/agent retry` publishes it" in ledger.state.reason
    assert lamplighter("stop", RUN).stdout == f"run {RUN[:8]}: it had ended already (cancelled)\n"
