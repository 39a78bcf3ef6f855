"""The five folds, each by itself: what events make of one side of a run, and that no event belongs to nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from app.events import CONTROL, RECORDS, WORKER
from app.events.waits import WaitForAnswer
from app.ledger import GENESIS, Event
from app.runs.state import conversation, landing, lifecycle, onboarding, publication, work
from app.runs.state.onboarding import OnboardingState
from app.runs.state.run_state import RunState
from app.runs.state.told import Delay
from tests.said import said

START = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
BLOB = {"blob": "ab" * 32, "size": 3}
UNTIL = "2026-03-03T10:00:00+00:00"
FOLDS = {"lifecycle": lifecycle, "conversation": conversation, "work": work, "publication": publication}


def folded(fold, *told, state: RunState | None = None) -> RunState:
    """`told`: (kind, data) or (kind, data, author), a minute apart."""
    state = state or RunState(run_id="r")
    for number, (kind, data, *author) in enumerate(told):
        event = Event.make(
            run_id="r",
            seq=number + 1,
            at=START + timedelta(minutes=number),
            kind=kind,
            data=data,
            previous=GENESIS,
            author=author[0] if author else CONTROL,
        )
        fold(said(kind, **data), state, event)
    return state


# ---------------------------------------------------------------- lifecycle

lived = partial(folded, lifecycle.fold)
WORKING = [("run.admitted", {"cap_usd": 1.5}), ("attempt.started", {"attempt": 1})]
PARKED = ("run.parked", {"wait": {"kind": "question", "number": 1}, "note": "n", "until": UNTIL})


def test_a_run_waits_works_parks_and_ends():
    assert lived(("run.queued", {"reason": "two before it"})).queue_reason == "two before it"
    at_work = lived(*WORKING, ("stage.started", {"stage": "clone", "note": "fetching"}))
    assert (at_work.phase, at_work.launched, at_work.attempt, at_work.cap_usd) == ("working", 1, 1, 1.5)
    assert (at_work.stages[0].name, at_work.doing) == ("clone", "fetching")
    parked = lived(*WORKING, PARKED)
    assert (parked.phase, parked.wait, parked.waits_for) == ("parked", WaitForAnswer(number=1), "question")
    assert (parked.park_note, parked.park_until) == ("n", UNTIL)
    again = lived(*WORKING, PARKED, ("run.resumed", {"reason": "answered"}))
    assert (again.phase, again.wait, again.park_until, again.launched) == ("working", None, None, 2)
    ended = lived(*WORKING, PARKED, ("run.ended", {"outcome": "failed", "reason": "r", "next_step": "n"}))
    assert (ended.phase, ended.outcome, ended.reason, ended.next_step) == ("ended", "failed", "r", "n")
    assert (ended.wait, ended.park_until) == (None, None)


def test_a_stage_is_closed_by_its_end_or_by_the_attempt_s():
    closed = lived(*WORKING, ("stage.started", {"stage": "clone"}), ("stage.ended", {"stage": "clone", "ok": True}))
    assert [(stage.name, stage.ok) for stage in closed.stages] == [("clone", True)]
    cut = lived(*WORKING, ("stage.started", {"stage": "clone"}), ("run.ended", {"outcome": "failed"}))
    assert cut.stages[0].ok is None and cut.stages[0].ended_at is not None


def test_the_first_word_to_stop_stays_and_a_budget_is_raised():
    state = lived(
        *(("cancel.requested", {"by": who, "reason": ""}) for who in ("ada", "bob")),
        ("budget.raised", {"by": "ada", "run_usd": 9.0}),
    )
    assert state.cancel is not None
    assert (state.cancel.by, state.run_usd) == ("ada", 9.0)


@pytest.mark.parametrize("late", [("run.parked", {"wait": {"kind": "question"}}), ("attempt.started", {"attempt": 2})])
def test_a_worker_does_not_bring_an_ended_run_back(late):
    ended = lived(*WORKING, ("run.ended", {"outcome": "cancelled"}), (*late, WORKER))
    assert (ended.phase, ended.attempt) == ("ended", 1)


# ---------------------------------------------------------------- conversation


def test_questions_reminders_answers_and_steering_keep_their_order():
    asked = ("question.asked", {"questions": [{"text": "?", "options": ["a", "b"], "default": 0}]})
    reminded = ("question.reminded", {"question": 1, "until": UNTIL})
    waiting = folded(conversation.fold, asked, reminded)
    assert waiting.open_question is not None and waiting.open_question.seq == 1
    assert (waiting.park_until, len(waiting.reminders)) == (UNTIL, 1)
    answered = folded(
        conversation.fold,
        asked,
        ("question.answered", {"by": "ada", "text": "1a", "delivery": "d1"}),
        ("steer.received", {"by": "bob", "text": "smaller", "delivery": "d2"}),
    )
    assert answered.open_question is None
    assert [heard.delivery for heard in answered.heard] == ["d1", "d2"]


# ---------------------------------------------------------------- work

worked = partial(folded, work.fold)
REPLY = {"cost_usd": 0.25, "usage": {"input_tokens": 3}}


def test_money_counts_on_the_day_it_was_charged_and_is_never_given_back():
    state = worked(("model.replied", REPLY), ("model.replied", REPLY), ("model.failed", {"cost_usd": 0.5}))
    assert (state.cost_usd, state.turns, state.tokens) == (1.0, 2, {"input_tokens": 6})
    assert state.spent == {"2026-03-02": 0.25, "2026-03-03": 0.75}


def test_a_refused_write_stays_in_mind_until_the_file_is_written():
    text = [{"type": "text", "text": "no such text"}]
    refused = {"name": work.EDITOR, "summary": "could not edit a.py", "content": text, "is_error": True}
    state = worked(("tool.ran", refused))
    assert state.last_refusal == "could not edit a.py: no such text"
    done = ("tool.ran", {"name": work.EDITOR, "summary": "edited a.py"})
    assert worked(("tool.ran", refused), done).last_refusal == ""


def test_what_was_published_is_not_changed_by_a_worker():
    first, second = ({"draft": False, "changes": [], "title": title} for title in "ab")
    ended = RunState(run_id="r", phase="ended")
    state = worked(("proposal.made", first), ("proposal.made", second, WORKER), state=ended)
    assert state.proposal is not None and state.proposal.title == "a"


def test_hosts_that_were_refused_are_named_once():
    refused = ("egress.requested", {"host": "evil.example", "allowed": False})
    assert worked(refused, refused, ("egress.requested", {"host": "pypi.org"})).blocked_hosts == ["evil.example"]


# ---------------------------------------------------------------- publication

published = partial(folded, publication.fold)
INTENDED = ("publish.intended", {"key": "pull", "digest": "d"})


def test_an_intent_is_open_until_it_is_decided():
    assert published(INTENDED, INTENDED).tries == {"pull": 2}
    done = published(INTENDED, ("publish.done", {"key": "pull", "digest": "d", "result": {"number": 7}}))
    assert (done.intended, done.tries, done.result("pull")) == ({}, {}, {"number": 7})
    failed = published(INTENDED, ("publish.failed", {"key": "pull", "digest": "d", "error": "no"}))
    assert (failed.intended, failed.published["pull"].error) == ({}, "no")
    assert published(INTENDED, ("publish.withdrawn", {"key": "pull"})).intended == {}


@pytest.mark.parametrize(("maybe_done", "intended"), [(False, {}), (True, {"pull": "d"})])
def test_a_refusal_is_counted_and_what_may_have_been_made_stays_in_doubt(maybe_done, intended):
    later = ("publish.delayed", {"key": "pull", "digest": "d", "error": "no", "until": UNTIL, "maybe_done": maybe_done})
    state = published(INTENDED, later, later)
    assert (state.intended, state.delayed["pull"]) == (intended, Delay(error="no", until=UNTIL, count=2))
    assert state.publish_until == UNTIL


def test_a_proposal_that_is_resumed_forgets_what_was_refused():
    state = published(
        ("publish.failed", {"key": "pull", "digest": "d", "error": "no"}),
        ("publish.done", {"key": "labels", "digest": "d", "result": {}}),
        ("proposal.resumed", {"by": "ada"}),
    )
    assert (state.outcome, list(state.published), len(state.resumptions)) == ("proposed", ["labels"], 1)


# ---------------------------------------------------------------- onboarding


def test_an_onboarding_goes_twice_over_its_list():
    state = OnboardingState()
    told = [
        ("onboarding.asked", {"by": "ada", "repositories": []}),
        ("onboarding.listed", {"repositories": BLOB, "count": 2, "skipped": {"forks": 1}, "asks": 1, "page": 1}),
        ("onboarding.began", {"ids": [5, 6]}),
        ("onboarding.progressed", {"listing": 0, "cursor": 2, "ids": [5, 6], "maybe": [6], "issues": 2, "trouble": {}}),
    ]
    for kind, data in told:
        onboarding.fold(said(kind, **data), state)
    assert (len(state.asks), state.answered, state.welcomed, state.issues) == (1, 1, 2, 2)
    assert (state.skipped, state.maybe) == ({"forks": 1}, {6})
    assert (state.listings[0].round, state.listings[0].cursor, state.listing) == (1, 0, 0)


# ---------------------------------------------------------------- together

# Read by nobody's state: they are for the model's conversation, people's timelines, or the next attempt.
UNFOLDED = {
    "briefing.made", "context.trimmed", "conversation.opened", "model.called", "workspace.restored",
}  # fmt: skip


def test_every_kind_is_somebody_s():
    folds = [*(module.fold for module in FOLDS.values()), onboarding.fold, landing.fold]
    unread = {
        kind
        for kind, record in RECORDS.items()
        if all(fold.dispatch(record) is fold.dispatch(object) for fold in folds)
    }
    assert unread == UNFOLDED
