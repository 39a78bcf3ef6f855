"""No two runs are promised the same dollar, whatever happens in which order, and nothing promised is lost for good."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.admission.reservation import Reserved, look, reserve
from app.local.store import SqliteStore
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock
from tests.said import said

DAY_USD, RUN_USD, RUNS = 5.0, 2.0, 4


class Play:
    """Some runs of one repository and two dispatchers, each of which may stop between a promise and its event."""

    def __init__(self, store: SqliteStore, clock: HeldClock) -> None:
        self.store, self.clock = store, clock
        self.promises: dict[tuple[int, int], Reserved] = {}  # by dispatcher and run
        for number in range(RUNS):
            ledger = self.ledger(number)
            thread = {"repository_id": 7, "number": number, "repository": "o/r", "installation_id": 1}
            budget = {"run_usd": RUN_USD, "day_usd": DAY_USD}
            ledger.append(said("run.created", thread=thread, config={"budget": budget}))

    def ledger(self, number: int) -> RunLedger:
        return RunLedger(self.store, f"run{number}", clock=self.clock, redactor=Redactor())

    def promise(self, by: int, number: int) -> None:
        ledger = self.ledger(number)
        if ledger.state.phase in {"created", "queued", "parked"}:
            found = reserve(self.store, ledger.state, self.clock.now())
            if isinstance(found, Reserved):
                self.promises[by, number] = found

    def let_in(self, by: int, number: int) -> None:
        """The event that was meant to follow; it is refused when anything else came first."""
        promise = self.promises.pop((by, number), None)
        if promise:
            self.ledger(number).append_if(
                lambda state: state.seq == promise.seq and state.phase != "working",
                said("run.admitted", cap_usd=promise.cap_usd),
            )

    def spend(self, number: int, share: float) -> None:
        state = self.ledger(number).state
        if state.phase == "working" and state.cap_usd is not None:
            cost = (state.cap_usd - state.cost_usd) * share
            self.ledger(number).append(said("model.replied", cost_usd=cost, usage={}))

    def say(self, number: int) -> None:
        self.ledger(number).append(said("steer.received", by="maya", text=""))

    def leave(self, number: int, kind: str) -> None:
        data = {"run.parked": {"reason": "question"}, "run.ended": {"outcome": "failed"}}[kind]
        self.ledger(number).append_if(lambda state: state.is_active, said(kind, **data))

    def committed_usd(self) -> float:
        """What is spent today and what runs at work may still spend."""
        today = self.clock.now().date().isoformat()
        states = [self.ledger(number).state for number in range(RUNS)]
        spent = sum(state.spent.get(today, 0.0) for state in states)
        held = [state.cap_usd - state.cost_usd for state in states if state.phase == "working" and state.cap_usd]
        return spent + sum(held)


numbers, dispatchers = st.integers(0, RUNS - 1), st.integers(0, 1)
steps = st.one_of(
    st.tuples(st.just("promise"), dispatchers, numbers),
    st.tuples(st.just("let_in"), dispatchers, numbers),
    st.tuples(st.just("spend"), numbers, st.sampled_from([0.1, 0.5, 1.0])),
    st.tuples(st.just("say"), numbers),
    st.tuples(st.just("leave"), numbers, st.sampled_from(["run.parked", "run.ended"])),
    st.tuples(st.just("midnight")),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[object]:
    yield tmp_path_factory.mktemp("homes")


@settings(max_examples=120, deadline=None)
@given(st.lists(steps, max_size=30))
def test_no_order_of_events_promises_more_than_the_day_has(home, what):
    clock = HeldClock()
    store = SqliteStore(home / f"{next(_fresh)}", clock)
    play = Play(store, clock)
    for name, *given_ in what:
        if name == "midnight":
            clock.advance(timedelta(days=1).total_seconds())
        else:
            getattr(play, name)(*given_)
        assert play.committed_usd() <= DAY_USD + 0.001
    for number in range(RUNS):
        play.leave(number, "run.ended")
    clock.advance(timedelta(days=1).total_seconds())
    state = play.ledger(0).state
    assert look(store, state, clock.now()).left_usd == DAY_USD  # nothing is held by what has ended
    store.close()


_fresh = iter(range(10**6))


def test_of_many_at_the_same_moment_as_many_get_it_as_the_day_pays(tmp_path):
    clock = HeldClock()
    store = SqliteStore(tmp_path / "home", clock)
    play = Play(store, clock)
    states = [play.ledger(number).state for number in range(RUNS)]
    with ThreadPoolExecutor(RUNS) as pool:
        found = list(pool.map(lambda state: reserve(store, state, clock.now()), states))
    assert sum(isinstance(one, Reserved) for one in found) == 2
    store.close()


def test_a_promise_whose_event_never_came_is_the_run_s_own_when_it_comes_again(tmp_path):
    clock = HeldClock()
    store = SqliteStore(tmp_path / "home", clock)
    play = Play(store, clock)
    for number in (0, 1):
        play.promise(0, number)  # and the dispatcher dies
    play.promise(1, 2)
    assert (1, 2) not in play.promises
    play.promise(1, 0)
    play.let_in(1, 0)
    assert play.ledger(0).state.phase == "working"
    play.leave(1, "run.ended")
    play.promise(1, 2)
    assert (1, 2) in play.promises
    store.close()
