"""A worker's words of its own kinds in any shape: what does not fit means nothing, and ends its run."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.events import CONTROL, RECORDS, WORKER, WORKER_KINDS
from app.events.fault import fault
from app.ledger import GENESIS, Event, verify_chain
from app.runs.state import fold
from app.runs.stored_event import said_by, stored
from app.runs.worker_store import NotIts, WorkerStore
from tests.clock import HeldClock
from tests.rooms.runs.words import GOOD

AT = "2026-03-02T09:00:00.000+00:00"
DEEP = json.loads("[" * 100 + "]" * 100)
# What stands in a field's place: none of it fits any field that is taken apart.
BAD: dict[str, Any] = {
    "nan": float("nan"),
    "infinite": float("-inf"),
    "huge": 10**400,
    "negative": -(10**13),
    "deep": DEEP,
    "object": {"x": [{}]},
    "list": [[None]],
}


def _bad() -> Iterator[Any]:
    """Every field of every kind, absent (where it has to be there) and as everything that it is not."""
    for kind, good in GOOD.items():
        yield pytest.param(kind, {}, id=f"{kind}-empty")
        for name in good:
            if name not in RECORDS[kind].model_fields or RECORDS[kind].model_fields[name].annotation in {
                Any,
                list[Any],
            }:
                continue  # nobody takes it apart
            if RECORDS[kind].model_fields[name].is_required():
                yield pytest.param(kind, {k: v for k, v in good.items() if k != name}, id=f"{kind}-without-{name}")
            for what, value in BAD.items():
                yield pytest.param(kind, {**good, name: value}, id=f"{kind}-{name}-{what}")


def said(kind: str, data: Any, *, at: str = AT, seq: int = 2, previous: str = GENESIS) -> Event:
    text = data if isinstance(data, str) else json.dumps(data)
    return stored(run_id="run", seq=seq, at=at, kind=kind, data=text, previous=previous, digest=GENESIS, author=WORKER)


def test_every_kind_of_a_worker_has_a_shape():
    assert GOOD.keys() == WORKER_KINDS


@pytest.mark.parametrize("kind", sorted(WORKER_KINDS))
def test_what_an_honest_worker_says_fits(kind):
    assert fault(kind, AT, GOOD[kind]) == ""
    assert said(kind, GOOD[kind]).is_rightful
    fold("run", [said(kind, GOOD[kind])])


@pytest.mark.parametrize(("kind", "data"), list(_bad()))
def test_a_bad_shape_means_nothing_to_the_fold_and_is_named(kind, data):
    bad = said(kind, data)
    assert not bad.is_rightful
    state = fold("run", [bad])
    assert (state.seq, state.phase, state.cost_usd, state.commands, state.questions) == (2, "created", 0.0, [], [])
    assert state.fault.startswith(f"Event 2 (`{kind}`) is malformed, as its worker wrote it (")
    assert any("malformed" in problem for problem in verify_chain("run", [bad], None))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "NaN", "[" * 100_000, '{"a":' * 100_000, "1" * 5_000])
def test_what_is_no_object_at_all_is_read_for_what_it_is_worth(text):
    assert not said("tool.ran", text).is_rightful
    with pytest.raises((ValueError, RecursionError)):
        stored(run_id="run", seq=1, at=AT, kind="tool.ran", data=text, previous=GENESIS, digest=GENESIS, author=CONTROL)


@pytest.mark.parametrize("at", ["", "now", "2026-03-02", "2026-99-02T09:00:00.000+00:00", "9999-12-31T23:59:59+00:00",
                                "0001-01-01T00:00:00+00:00", "2026-03-02T09:00:00.000+05:00"])  # fmt: skip
def test_a_time_that_is_none_moves_no_clock(at):
    state = fold("run", [said("notice.given", GOOD["notice.given"], at=at)])
    assert state.updated_at == ""
    assert state.fault


def test_a_fault_quotes_nothing_that_the_worker_wrote():
    spell = "@everyone look"
    data = copy.deepcopy(GOOD["verification.ended"]) | {"claims": {spell: 1}, "baseline": [{spell: spell}]}
    for bad in (said("verification.ended", data), said("run.ended", {"outcome": spell}),
                said("run.ended", GOOD["run.ended"], at=spell)):  # fmt: skip
        assert bad.fault
        assert spell not in bad.objection


@pytest.mark.parametrize("outcome", ["replied", "refused", "onboarded", "out_of_reach"])
def test_some_ends_are_the_control_sides(outcome):
    assert not said("run.ended", {"outcome": outcome, "reason": "look here"}).is_rightful


@pytest.mark.parametrize("kind", ["attempt.started", "run.parked", "run.ended", "proposal.made"])
def test_after_the_end_a_worker_brings_nothing_back(kind):
    end = Event.make(
        run_id="run", seq=1, at=HeldClock().now(), kind="run.ended", data={"outcome": "cancelled"}, previous=GENESIS
    )
    data = GOOD[kind] | ({"outcome": "proposed"} if kind == "run.ended" else {})
    state = fold("run", [end, said(kind, data)])
    assert (state.phase, state.outcome, state.proposal) == ("ended", "cancelled", None)


@pytest.mark.parametrize("kind", sorted(WORKER_KINDS))
def test_an_honest_worker_cannot_even_write_it(kind):
    event = Event.make(run_id="run", seq=1, at=HeldClock().now(), kind=kind, data={}, previous=GENESIS)
    assert said_by(WORKER, event).fault
    with pytest.raises(NotIts, match="malformed"):
        WorkerStore(None, "run").append("run", 0, [event], _Row())  # type: ignore[arg-type]


class _Row:
    run_id = "run"
