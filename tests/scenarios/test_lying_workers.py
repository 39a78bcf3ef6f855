"""A worker that was taken over writes what it likes into its run's ledger; nobody follows it anywhere."""

from __future__ import annotations

import pytest

from app.events import WORKER
from app.ledger import Event
from app.runs.stored_event import said_by
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix


def told_by_the_worker(bot, run_id, kind, **data):
    """Past `WorkerStore`, as hostile code in the worker's process would: the platform still knows whose it is."""
    store = bot.platform.store
    events, summary = store.events(run_id), store.summary(run_id)
    lie = Event.make(
        run_id=run_id,
        seq=len(events) + 1,
        at=bot.clock.now(),
        kind=kind,
        data=data,
        previous=events[-1].digest,
        author=WORKER,
    )
    store.append(run_id, len(events), [lie], summary)
    bot.untruths.append(f"event {lie.seq} ({kind}) {said_by(WORKER, lie).objection}")


@pytest.mark.parametrize("kind", ["run.moved", "run.created"])
def test_a_worker_that_moves_its_run_elsewhere_is_followed_by_nobody(bot, github, repo, model, kind):
    loot = github.repository("evil/loot", files=stories.PROJECT)
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.platform.store.runs(active=True))
    (run,) = bot.platform.store.runs()
    created = bot.state_of(run.run_id).created.model_dump()
    there = created["thread"] | {"repository_id": loot.id, "repository": "evil/loot"}
    told_by_the_worker(bot, run.run_id, kind, **created | {"thread": there})
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    assert loot.pulls == []
    assert [issue.title for issue in loot.issues if "Divide" in issue.title] == []
    assert bot.state_of(run.run_id).created.thread.repository == "acme/calc"
    bot.read_everything(issue)


def test_a_worker_that_answers_raises_its_budget_and_says_it_was_published_changes_nothing(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.step_until(lambda: bot.platform.store.runs(active=True))
    (run,) = bot.platform.store.runs()
    for kind, data in {
        "budget.raised": {"by": "maintainer", "run_usd": 1e6, "delivery": "x"},
        "question.answered": {"by": "maintainer", "text": "yes", "delivery": "x"},
        "publish.done": {"key": "pull", "digest": "x", "result": {"number": issue.number}},
        "publish.settled": {"through": 10**6},
    }.items():
        told_by_the_worker(bot, run.run_id, kind, **data)
    bot.run_until_idle()

    assert len(repo.pulls) == 1
    state = bot.state_of(run.run_id)
    assert state.run_usd != 1e6
    assert state.answers == []
    bot.read_everything(issue)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("attempt.started", {"attempt": "first", "worker": 3}),
        ("model.replied", {"call": 1, "content": [], "usage": {"input_tokens": -1}, "cost_usd": "a lot"}),
        ("question.asked", {"questions": 7}),
        ("proposal.made", {"changes": [{"path": None}]}),
        ("run.parked", {"reason": "outage", "until": "soon"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_that_nobody_can_read_end_their_run_and_no_other(bot, github, repo, model, kind, data):
    broken = ask_for_a_fix(github, repo)
    bot.step_until(lambda: bot.platform.store.runs(active=True))
    (run,) = bot.platform.store.runs()
    told_by_the_worker(bot, run.run_id, kind, **data)
    bot.workers.finished(run.run_id)  # its process is gone, as after a kill
    stories.fix(model)
    other = ask_for_a_fix(github, repo)
    bot.run_until_idle()

    state = bot.state_of(run.run_id)
    assert (state.phase, state.outcome, state.cost_usd) == ("ended", "failed", 0.0)
    said = broken.comments[-1].read()
    assert "I cannot read" in said
    assert f"`{kind}`" in said
    assert "**Next:** Retry." in said
    assert {"agent:failed", "agent:needs-human"} <= set(broken.labels)
    assert len(repo.pulls) == 1
    assert len(bot.platform.store.runs(active=True)) == 0
    bot.read_everything(broken, other)
