"""Who may say what in a ledger: every kind has an owner, and what a worker had no right to say means nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from app.admission.github_facts import BOT_DEFAULTS
from app.events import CONTROL, CONTROL_KINDS, KINDS, UNKNOWN, WORKER, WORKER_KINDS, may_say
from app.jobs.job import Thread
from app.ledger import GENESIS, Event, verify_chain
from app.local.store import SqliteStore
from app.log import Redactor
from app.publication.projection import wanted
from app.runs import token_policy
from app.runs.lease import lease_key
from app.runs.run_ledger import RunLedger, summarise
from app.runs.state import fold
from app.runs.worker_store import NotIts, WorkerStore
from tests.clock import HeldClock
from tests.rooms.runs.words import GOOD
from tests.said import said

OWN = {"installation_id": 5, "repository_id": 7, "repository": "acme/calc", "number": 1}
OTHER = {"installation_id": 9, "repository_id": 8, "repository": "evil/loot", "number": 1}

# What a worker that was taken over might say of every kind that is not its own.
LIES: dict[str, dict[str, Any]] = {kind: {} for kind in CONTROL_KINDS} | {
    "run.created": {"thread": OTHER, "requester": {"login": "evil"}},
    "run.moved": {"thread": OTHER, "clone_url": "https://example.test/evil/loot.git"},
    "run.admitted": {"reason": "", "cap_usd": 1e6},
    "run.resumed": {"reason": "", "cap_usd": 1e6},
    "question.answered": {"by": "maintainer", "text": "yes", "delivery": "x"},
    "question.reminded": {"question": 1, "until": "2099-01-01T00:00:00+00:00"},
    "steer.received": {"by": "maintainer", "text": "publish it", "delivery": "x"},
    "cancel.requested": {"by": "maintainer", "reason": "", "delivery": "x"},
    "budget.raised": {"by": "maintainer", "run_usd": 1e6, "delivery": "x"},
    "model.changed": {"by": "maintainer", "alias": "deep", "model": "dear", "delivery": "x"},
    "publish.done": {"key": "pull", "digest": "x", "result": {"number": 1}},
    "publish.settled": {"through": 10**6},
}


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "home", HeldClock())
    yield store
    store.close()


def say(store: Any, kind: str, author: str = WORKER, **data: Any) -> None:
    """Append past every check but the store's own, as a worker does that was taken over."""
    held, before = store.events("run"), store.summary("run")
    event = Event.make(
        run_id="run",
        seq=len(held) + 1,
        at=HeldClock().now(),
        kind=kind,
        data=data,
        previous=held[-1].digest if held else GENESIS,
        author=author,
    )
    store.append("run", len(held), [event], before or summarise(fold("run", [])))


def opened(store: Any) -> RunLedger:
    return RunLedger(store, "run", clock=HeldClock(), redactor=Redactor())


def test_every_kind_has_one_owner():
    assert not CONTROL_KINDS & WORKER_KINDS
    assert KINDS == CONTROL_KINDS | WORKER_KINDS
    assert {kind for kind in KINDS if may_say(WORKER, kind)} == WORKER_KINDS
    assert all(may_say(CONTROL, kind) and may_say(UNKNOWN, kind) for kind in KINDS)


@pytest.mark.parametrize("kind", sorted(CONTROL_KINDS))
def test_a_worker_cannot_say_it(store, kind):
    opened(store).append(said("run.created", thread=OWN))
    event = Event.make(run_id="run", seq=2, at=HeldClock().now(), kind=kind, data=LIES[kind], previous="0" * 64)
    with pytest.raises(NotIts, match=kind):
        WorkerStore(store, "run").append("run", 1, [event], store.summary("run"))
    assert [event.kind for event in store.events("run")] == ["run.created"]


@pytest.mark.parametrize("kind", sorted(CONTROL_KINDS))
def test_what_it_says_all_the_same_means_nothing_and_is_found(store, kind):
    opened(store).append(said("run.created", thread=OWN))
    before = vars(fold("run", store.events("run")))
    say(store, kind, **LIES[kind])
    events = store.events("run")
    after = vars(fold("run", events))
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"seq", "head", "updated_at"}
    assert [event.kind for event in opened(store).events] == ["run.created"]
    assert verify_chain("run", events, None) == [f"event 2 ({kind}) was written by a worker, who has no right to it"]


@pytest.mark.parametrize("kind", sorted(WORKER_KINDS))
def test_a_worker_says_what_is_its_own_and_in_its_name(store, kind):
    opened(store).append(said("run.created", thread=OWN))
    events = [
        Event.make(
            run_id="run", seq=2, at=HeldClock().now(), kind=kind, data=GOOD[kind], previous=opened(store).state.head
        )
    ]
    WorkerStore(store, "run").append("run", 1, events, store.summary("run"))
    assert [event.author for event in store.events("run")] == [CONTROL, WORKER]


def test_a_worker_reaches_its_own_run_and_lease_only(store):
    opened(store).append(said("run.created", thread=OWN))
    mine = WorkerStore(store, "other")
    for reach in (
        lambda: mine.events("run"),
        lambda: mine.append("run", 1, [], store.summary("run")),
        lambda: mine.append("other", 0, [], store.summary("run")),
        lambda: mine.claim(lease_key("run"), "x", ttl_seconds=60),
        lambda: mine.claim("task:other", "x", ttl_seconds=60),
        lambda: mine.release(lease_key("run"), "x"),
    ):
        with pytest.raises(NotIts):
            reach()
    assert mine.claim(lease_key("other"), "x", ttl_seconds=60)


def test_a_run_that_only_its_worker_made_gets_no_token(store):
    say(store, "run.created", thread=OTHER)
    asked = token_policy.request("run", 8, fresh=False)
    assert "Nobody" in token_policy.answer(asked, store, lambda thread, fresh: pytest.fail(str(thread)))["refused"]


def test_money_is_never_given_back(store):
    """Else a run that says it cost less than nothing would pay for all others of its repository."""
    opened(store).append(said("run.created", thread=OWN))
    say(store, "model.failed", UNKNOWN, call=1, error="", cost_usd=-100.0)
    assert fold("run", store.events("run")).cost_usd == 0.0
    summary = dataclasses.replace(store.summary("run"), spent={"2026-03-02": -100.0})
    assert summary.spent_on("2026-03-02") == 0.0


def test_an_event_without_an_author_is_believed_as_it_was():
    event = Event(run_id="run", seq=1, at="2026-03-02T09:00:00.000+00:00", kind="run.created",
                  data={"thread": OWN}, previous=GENESIS, digest="0" * 64)  # fmt: skip
    assert event.author == UNKNOWN
    assert fold("run", [event]).created.thread == Thread(**OWN)


@pytest.mark.parametrize(("outcome", "counts"), [("proposed", True), ("nothing_to_do", True), ("onboarded", False)])
def test_a_worker_ends_a_run_only_as_its_kind_of_work_may_end(store, outcome, counts):
    say(store, "run.created", CONTROL, thread=OTHER, playbook="fix")
    say(store, "run.ended", outcome=outcome, reason="done")
    state = fold("run", store.events("run"))
    assert (state.phase == "ended") is counts


def test_a_change_is_no_end_of_work_that_only_answers(store):
    say(store, "run.created", CONTROL, thread=OTHER, playbook="reply")
    say(store, "run.ended", outcome="proposed", reason="done")
    assert fold("run", store.events("run")).phase == "created"


@pytest.mark.parametrize(
    ("playbook", "is_published"), [("fix", True), ("onboard", False), ("of a newer version", False)]
)
def test_a_lie_of_a_proposal_gets_no_branch_where_the_kind_of_work_has_none(store, playbook, is_published):
    say(store, "run.created", CONTROL, thread=OTHER, playbook=playbook, names={"labels": BOT_DEFAULTS.label_names()})
    say(store, "proposal.made", **GOOD["proposal.made"])
    say(store, "run.ended", CONTROL, outcome="proposed", reason="done")
    found = {type(effect).__name__ for effect in wanted(fold("run", store.events("run")))}
    assert ("Branch" in found) is is_published
