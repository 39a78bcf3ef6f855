"""A run whose head has moved: what it keeps of before, what counts anew, and who hears of its end."""

from __future__ import annotations

import pytest

from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.lease import Lease
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock
from tests.said import said

WAS, HEAD = "a" * 40, "b" * 40
MOVED = {"sha": HEAD, "was": WAS, "note": "It moved.", "until": "2026-03-02T09:00:00+00:00"}
CREATED = {"playbook": "follow_up", "base": {"ref": "halves", "sha": WAS}, "branch": "halves"}
TARGET = {"base_ref": "main", "base_sha": "d" * 40}


@pytest.fixture
def ledger(tmp_path):
    clock = HeldClock()
    store = SqliteStore(tmp_path / "home", clock)
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    for kind, more in (
        ("run.created", CREATED | {"target": TARGET}),
        ("run.admitted", {}),
        ("attempt.started", {"attempt": 1}),
        ("command.ran", {"at": "base"}),
        ("snapshot.taken", {"manifest": {"blob": "ab" * 32, "size": 3}, "files": 1, "size_bytes": 1}),
        ("proposal.made", {"changes": []}),
        ("run.ended", {"outcome": "proposed"}),
        ("publish.intended", {"key": "branch", "digest": "d"}),
        ("head.moved", MOVED),
    ):
        ledger.append(said(kind, **more))
    yield ledger
    store.close()


def test_it_waits_for_a_worker_that_merges_and_nothing_is_half_published(ledger):
    state = ledger.state
    assert (state.phase, state.outcome, state.park_note, state.park_until) == (
        "parked",
        None,
        "It moved.",
        MOVED["until"],
    )
    assert "branch" not in {**state.intended, **state.published}
    assert (state.created.base.sha, state.proposed_on, state.is_overtaken) == (HEAD, WAS, True)
    assert (state.snapshot, state.commands_here) == (None, [])


def test_the_next_proposal_is_of_the_new_head_and_one_who_asks_again_has_new_tries(ledger):
    ledger.append(said("proposal.made", changes=[]))
    assert (ledger.state.proposed_on, ledger.state.is_overtaken, ledger.state.moves) == (HEAD, False, 1)
    ledger.append(said("run.ended", outcome="proposed"))
    ledger.append(said("proposal.resumed", by="maya"))
    assert ledger.state.moves == 0


def test_an_end_from_which_the_run_went_on_calls_no_worker_off(ledger):
    lease = Lease(ledger.store, "run", 2, "host:1:2")
    assert not lease._called_off()
    ledger.append(said("run.ended", outcome="cancelled"))
    assert lease._called_off()
