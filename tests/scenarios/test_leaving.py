"""A machine is taken away while the worker waits for something that does not end."""

from __future__ import annotations

import contextlib
import threading

from app import wiring
from app.ports.model import ModelReply, ModelRequest
from app.runs.lease import attempt_of, lease_key
from app.runs.run_ledger import RunLedger
from tests.said import said
from tests.scenarios import stories
from tests.scenarios.stage import replace
from tests.waiting import BUSY_SECONDS


class Silent:
    """A model that does not answer until the process ends."""

    def __init__(self) -> None:
        self.asked, self.ends = threading.Event(), threading.Event()

    def reply(self, request: ModelRequest, on_text=None) -> ModelReply:
        self.asked.set()
        self.ends.wait(BUSY_SECONDS)
        raise SystemExit


def _waiting_for_a_reply(bot, github, repo):
    """A run whose worker waits for the model: (issue, run, attempt, worker, the model, the worker's thread)."""
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="It raises.")
    github.maintainer.label(issue, "agent-fix")
    bot.step_until(lambda: bot.workers.waiting)
    ((run_id, attempt),) = bot.workers.waiting.items()
    silent = Silent()
    worker = wiring.worker(replace(bot.platform, model=lambda: silent))

    def work() -> None:
        with contextlib.suppress(SystemExit):
            worker.work(run_id, attempt)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert silent.asked.wait(BUSY_SECONDS)
    return issue, run_id, attempt, worker, silent, thread


def test_the_end_of_a_worker_that_came_too_late_is_not_taken_for_the_end_of_the_one_at_work(bot, github, repo):
    issue, run_id, attempt, _worker, silent, thread = _waiting_for_a_reply(bot, github, repo)
    ledger = RunLedger(bot.platform.store, run_id, clock=bot.clock, redactor=bot.platform.redactor)
    ledger.append(said("run.resumed", reason="the worker was lost"))  # it was not; the second one saw that and left

    assert not bot.control.scheduler.worker_ended(run_id, attempt + 1)
    assert attempt_of(bot.platform.store.claimed_by(lease_key(run_id))) == attempt
    assert bot.platform.store.summary(run_id).phase == "working"
    silent.ends.set()
    thread.join(BUSY_SECONDS)
    bot.read_everything(issue)


def test_a_worker_that_cannot_leave_is_parked_by_another_thread(bot, github, model, repo):
    issue, run_id, attempt, worker, silent, thread = _waiting_for_a_reply(bot, github, repo)
    worker.abandon(run_id, attempt)
    run = bot.platform.store.summary(run_id)
    assert (run.phase, run.reason) == ("parked", "interrupted")
    assert bot.platform.store.claimed_by(lease_key(run_id)) is None
    silent.ends.set()
    thread.join(BUSY_SECONDS)
    bot.workers.finished(run_id)

    stories.fix(model)
    bot.run_until_idle()
    assert repo.pulls[0].title
    calls = [event.data["call"] for event in bot.platform.store.events(run_id) if event.kind == "model.called"]
    assert len(calls) == 6  # the five of the story, and the one that was lost
    bot.read_everything(issue)
