"""The ledger itself tells the publisher of what is appended to it: of news at once, of all else once a minute."""

from __future__ import annotations

import pytest

from app.errors import TransientError
from app.events import KINDS, RECORDS
from app.local.store import SqliteStore
from app.log import Redactor
from app.publication.projection import next_effect
from app.runs.run_ledger import RunLedger
from tests.clock import HeldClock
from tests.rooms.checkpoints.test_order import publish
from tests.rooms.checkpoints.test_words import ASKED, working
from tests.rooms.runs.words import GOOD
from tests.rooms.spine.playing import Playing
from tests.said import said

EXAMPLES = GOOD | {
    "attempt.started": {"attempt": 2},
    "question.asked": ASKED,
    "outcome.ended": {"number": 4, "merged": True, "at": "2026-03-02T09:00:00+00:00"},
    "outcome.followed": {"how": "reverted"},
    "run.moved": {"thread": {"repository": "acme/sums"}},
    "question.answered": {"by": "maya", "text": "1a", "delivery": "e", "comment_id": 4},
    "question.reminded": {"question": 1, "until": None},
    "steer.received": {"by": "maya", "text": "hurry", "delivery": "e", "comment_id": 4},
    "request.gathered": {"by": "maya", "text": "and this", "delivery": "e", "until": "2026-03-02T09:00:00+00:00"},
    "head.taken": {"sha": "a" * 40, "base_sha": "b" * 40},
    "head.moved": {"sha": "b" * 40, "was": "a" * 40, "note": "It moved.", "until": "2026-03-02T09:00:00+00:00"},
    "checks.read": {"sha": "a" * 40},
    "rerun.asked": {"sha": "a" * 40, "runs": [{"run": 7, "attempt": 1}]},
    "thread.answered": {"thread": 1, "done": True, "text": "Done."},
    "cancel.requested": {"by": "maya", "reason": "", "delivery": "e", "comment_id": 4},
    "budget.raised": {"by": "maya", "run_usd": 5.0, "delivery": "e", "comment_id": 4},
    "model.changed": {"by": "maya", "alias": "deep", "model": "claude-opus-5-5", "delivery": "e", "comment_id": 4},
    "proposal.resumed": {"by": "maya", "delivery": "e", "comment_id": 4},
    "onboarding.asked": {"repositories": []},
}
OWN = {"onboarding.listed", "onboarding.began", "onboarding.progressed"}  # the publisher's, as are all `publish.*`
SHOWN = sorted(kind for kind in KINDS - OWN if not kind.startswith("publish."))

# Followed at once by one that is news: admission, the first stage, the park for the answer, the next stage or the end.
FOLLOWED = {"run.created", "attempt.started", "question.asked", "stage.ended"}


class Cut(Playing):
    """A queue that is away."""

    def send(self, body: str, **_: str) -> None:
        raise TransientError("away")


@pytest.fixture
def clock():
    return HeldClock()


@pytest.fixture
def opened(tmp_path, clock):
    store = SqliteStore(tmp_path / "home", clock)
    yield lambda queue: RunLedger(store, "run", clock=clock, redactor=Redactor(), publishing=queue)
    store.close()


@pytest.mark.parametrize("kind", SHOWN)
def test_news_is_told_at_once_and_the_rest_once_a_minute(opened, clock, kind):
    queue = Playing()
    ledger = opened(queue)
    ledger.append(said("run.created", playbook="fix"))
    ledger.append(said(kind, **EXAMPLES.get(kind, {})))
    assert queue.announced == ["run"] * RECORDS[kind].is_news
    queue.announced.clear()
    clock.advance(59)
    ledger.append(said("notice.given"))
    assert queue.announced == []
    clock.advance(1)
    ledger.append(said("notice.given"))
    ledger.append(said("notice.given"))
    assert queue.announced == ["run"]


@pytest.mark.parametrize("kind", sorted(set(SHOWN) - FOLLOWED))
def test_what_github_has_to_show_at_once_is_news(kind):
    story = working()
    if kind.startswith("question."):
        story.happen("question.asked", **ASKED)
    publish(story)
    story.happen(kind, **EXAMPLES.get(kind, {}))
    is_shown = next_effect(story.state, now=story.at) is not None
    assert RECORDS[kind].is_news or not is_shown


def test_a_ledger_without_a_queue_tells_nobody_and_one_whose_queue_is_away_goes_on(opened):
    opened(None).append(said("run.ended", outcome="failed"))
    ledger = opened(Cut())
    ledger.append(said("run.ended", outcome="failed"))
    assert [event.kind for event in ledger.events] == ["run.ended", "run.ended"]
