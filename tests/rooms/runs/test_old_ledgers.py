"""A ledger that the version before wrote, whole: the demo's run, as its store had it before events had versions."""

from __future__ import annotations

import json
from pathlib import Path

from app.events import KINDS
from app.events.record import VERSION
from app.ledger import verify_chain
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from app.runs.stored_event import stored
from tests.said import said

LINES = (Path(__file__).parent / "ledger_before_versions.jsonl").read_text("utf-8").splitlines()


def test_a_ledger_of_the_version_before_is_read():
    events = [stored(**json.loads(line)) for line in LINES]
    assert len({event.kind for event in events}) == 26
    assert {event.kind for event in events} <= KINDS
    assert all(event.is_rightful for event in events)
    assert {event.record.version for event in events} == {0}
    run_id = events[0].run_id
    assert verify_chain(run_id, events, (len(events), events[-1].digest)) == []
    state = fold(run_id, events)
    assert (state.phase, state.outcome, state.attempt, state.turns) == ("ended", "proposed", 2, 8)
    assert (state.created.requester.login, state.created.playbook, state.created.thread.number) == ("maya", "fix", 2)
    assert state.created.config.budget.run_usd > 0
    assert state.proposal and state.proposal.changes and state.verification and state.verification.ok
    assert len(state.questions) == len(state.answers) == 1
    assert state.settled_seq == state.visible_seq
    assert state.pull


def test_what_is_written_today_says_its_version_and_who_acted(store, clock):
    ledger = RunLedger(store, "run", clock=clock, redactor=Redactor())
    event = ledger.append(said("notice.given", about="a", text="b"))
    assert event.data == {"version": VERSION, "agent": "main", "about": "a", "text": "b"}
    assert store.events("run")[0].record == event.record
