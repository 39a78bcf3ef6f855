"""What the store's rows answer is what all ledgers together would: any events in any order, deaths in the middle of an
append, and stores that a version before this one has written.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.log import Redactor
from app.runs.read_model import differences, summarise
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from app.runs.state.run_state import Phase, RunState
from app.runs.stored_event import stored
from tests.contracts.store.mortal import Died, Platform, platform_of
from tests.said import said

RUNS = ("ab-1", "ab-2", "b-3", "b-4")
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
CHANGE = {"kind": "delete", "path": "a", "mode": "100644", "digest": "", "size": 0}
QUESTION = {"text": "Keep the old name?", "options": ["yes", "no"], "default": 0}
OLD_LEDGER = Path(__file__).parents[2] / "rooms/runs/ledger_before_versions.jsonl"
PLATFORMS = ["sqlite", pytest.param("aws", marks=pytest.mark.aws)]


# ---------------------------------------------------------------- what is asked


def by_rows(store: Any, now: datetime) -> dict[str, Any]:
    """Every question of the read model, answered by the store."""
    runs = store.runs(limit=None)
    return {
        "due": {run.run_id for run in store.due(now)},
        "active": {run.run_id for run in store.runs(active=True)},
        "ended": {run.run_id for run in store.runs(active=False)},
        "news": {run.run_id for run in store.runs(unpublished=True)},
        "threads": {number: {run.run_id for run in store.runs(thread_key=f"{number}#1")} for number in (7, 8)},
        "prefix": {run.run_id for run in store.runs(prefix="ab")},
        "counts": {phase: store.count(phase) for phase in get_args(Phase)},
        "charged": {(r, day): _charges(store.charged_on(r, day), day) for r in (7, 8, None) for day in DAYS},
        "questions": {(run.run_id, run.question, run.asked_at) for run in runs if run.question},
        "kept": {run.run_id for run in runs if run.kept},
        "launched": {run.run_id: run.launched for run in runs},
        "rows": {row.run_id: row for row in store.summaries([*RUNS, "none"])},
    }


def _charges(runs: Any, day: str) -> dict[str, float]:
    return {run.run_id: run.spent_on(day) for run in runs}


def by_ledgers(store: Any, now: datetime) -> dict[str, Any]:
    """The same, by reading all ledgers."""
    folded = {run_id: fold(run_id, store.events(run_id)) for run_id in RUNS}
    states = {name: state for name, state in folded.items() if state.seq}

    def those(fits: Any) -> set[str]:
        return {name for name, state in states.items() if fits(state)}

    def spent(repository: int | None, day: str) -> dict[str, float]:
        ours = those(lambda state: repository in {None, state.created.thread.repository_id})
        return {name: round(states[name].spent[day], 6) for name in ours if states[name].spent.get(day)}

    return {
        "due": those(lambda state: _is_due(state, now)),
        "active": those(lambda state: state.phase != "ended"),
        "ended": those(lambda state: state.phase == "ended"),
        "news": those(lambda state: state.visible_seq > state.settled_seq),
        "threads": {n: those(lambda state, n=n: state.created.thread.repository_id == n) for n in (7, 8)},
        "prefix": those(lambda state: state.run_id.startswith("ab")),
        "counts": {phase: len(those(lambda state, p=phase: state.phase == p)) for phase in get_args(Phase)},
        "charged": {(repository, day): spent(repository, day) for repository in (7, 8, None) for day in DAYS},
        "questions": {
            (name, state.open_question.said.questions[0].text, state.open_question.at)
            for name, state in states.items()
            if state.open_question and state.phase != "ended"
        },
        "kept": those(lambda state: state.is_kept),
        "launched": {name: state.launched for name, state in states.items()},
        "rows": states,
    }


def _is_due(state: RunState, now: datetime) -> bool:
    until = state.park_until or state.publish_until
    has_come = until is not None and datetime.fromisoformat(until) <= now
    waits = state.phase == "parked" and not has_come
    return state.visible_seq > state.settled_seq or (state.phase not in {"created", "ended"} and not waits)


def agree(platform: Platform, store: Any, *but: str) -> None:
    rows, ledgers = by_rows(store, platform.clock.now()), by_ledgers(store, platform.clock.now())
    wrong = {name: list(differences(rows["rows"][name], state)) for name, state in ledgers["rows"].items()}
    assert set(rows.pop("rows")) == set(ledgers.pop("rows"))
    assert not any(wrong.values()), wrong
    assert {name: rows[name] for name in rows if name not in but} == {
        name: ledgers[name] for name in ledgers if name not in but
    }


# ---------------------------------------------------------------- what happens


def happen(platform: Platform, kind: str, number: int, seconds: int) -> None:
    """One event in a run, where that may follow."""
    ledger = RunLedger(platform.store, RUNS[number], clock=platform.clock, redactor=Redactor())
    if not ledger.state.seq:
        thread = {"repository_id": 7 + number % 2, "number": 1, "repository": "o/r", "installation_id": 1}
        ledger.append(said("run.created", thread=thread))
    until = (platform.clock.now() + timedelta(seconds=seconds)).isoformat()
    data: dict[str, dict[str, Any]] = {
        "run.admitted": {"cap_usd": 2.0},
        "attempt.started": {"attempt": max(1, ledger.state.launched)},
        "model.replied": {"cost_usd": seconds / 1e6},
        "question.asked": {"questions": [QUESTION]},
        "question.answered": {"by": "maya", "text": "yes"},
        "question.reminded": {"question": 1, "until": until},
        "run.parked": {"reason": "question", "until": until if seconds % 2 else None},
        "run.ended": {"outcome": "failed"},
        "proposal.made": {"changes": [CHANGE]},
        "publish.delayed": {"key": "pull", "digest": "d", "error": "no", "until": until, "maybe_done": False},
        "publish.settled": {"through": ledger.state.visible_seq},
    }
    ledger.append(said(kind, **data.get(kind, {})))


KINDS = (
    "run.queued", "run.admitted", "run.resumed", "attempt.started", "model.replied", "question.asked", "run.parked",
    "question.answered", "question.reminded", "run.ended", "proposal.made", "publish.delayed", "publish.settled",
    "publish.settled", "publish.settled",
)  # fmt: skip
numbers = st.integers(0, len(RUNS) - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KINDS), numbers, st.sampled_from([61, 3_600, 50_001])),
        st.tuples(st.just("later"), st.sampled_from([1, 3_600, 40_000]), st.just(0)),
        st.tuples(st.just("dies"), st.integers(1, 4), st.just(0)),
    ),
    min_size=8,
    max_size=30,
)


def play(platform: Platform, step: tuple[str, int, int]) -> None:
    kind, number, seconds = step
    if kind == "later":
        platform.clock.advance(number)
    elif kind == "dies":
        platform.dies(number)
    else:
        try:
            happen(platform, kind, number, seconds)
        except Died:
            pass
        platform.lives()


def of(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )


@pytest.mark.parametrize("kind", PLATFORMS)
def test_rows_say_what_all_ledgers_say(kind):
    @of(60 if kind == "sqlite" else 6)
    @given(steps)
    def told(story: list[tuple[str, int, int]]) -> None:
        with platform_of(kind) as platform:
            for step in story:
                play(platform, step)
            platform.lives()
            agree(platform, platform.store)

    told()


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_store_of_the_version_before_answers_right(kind):
    """What its rows cannot say is unknown, until the run's next event says it."""

    @of(20 if kind == "sqlite" else 3)
    @given(steps)
    def told(story: list[tuple[str, int, int]]) -> None:
        with platform_of(kind) as platform:
            for step in story:
                play(platform, step)
            platform.lives()
            platform.age()
            later, unknown = platform.opened(), ["questions", "kept", "launched"]
            agree(platform, later, *unknown, *(["charged"] if kind == "aws" else []))
            platform.store = later
            for number in range(len(RUNS)):
                happen(platform, "notice.given", number, 0)
            agree(platform, later, *(["charged"] if kind == "aws" else []))

    told()


@pytest.mark.parametrize("kind", PLATFORMS)
def test_the_row_of_a_ledger_that_a_version_before_wrote(kind):
    """A whole run, as each of its events came."""
    events = [stored(**json.loads(line)) for line in OLD_LEDGER.read_text("utf-8").splitlines()]
    with platform_of(kind) as platform:
        run_id = events[0].run_id
        for seq, event in enumerate(events):
            platform.store.append(run_id, seq, [event], summarise(fold(run_id, events[: seq + 1])))
            (row,) = platform.store.summaries([run_id])
            assert not differences(row, fold(run_id, events[: seq + 1]))
        assert platform.store.events(run_id) == events
        assert [run.run_id for run in platform.store.charged_on(None, events[0].at[:10])] == [run_id]
