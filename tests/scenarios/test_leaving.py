"""A machine is taken away while the worker waits for something that does not end."""

from __future__ import annotations

import contextlib
import threading

from app import wiring
from app.lease import lease_key
from app.ports import ModelReply, ModelRequest
from tests.scenarios import stories
from tests.scenarios.stage import replace


class Silent:
    """A model that does not answer until the process ends."""

    def __init__(self) -> None:
        self.asked, self.ends = threading.Event(), threading.Event()

    def reply(self, request: ModelRequest, on_text=None) -> ModelReply:
        self.asked.set()
        self.ends.wait(60)
        raise SystemExit


def test_a_worker_that_cannot_leave_is_parked_by_another_thread(bot, github, model, repo):
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
    assert silent.asked.wait(60)

    worker.abandon(run_id, attempt)
    run = bot.platform.store.summary(run_id)
    assert (run.phase, run.reason) == ("parked", "interrupted")
    assert bot.platform.store.claimed_by(lease_key(run_id)) is None
    silent.ends.set()
    thread.join(10)
    bot.workers.finished(run_id)

    stories.fix(model)
    bot.run_until_idle()
    assert repo.pulls[0].title
    calls = [event.data["call"] for event in bot.platform.store.events(run_id) if event.kind == "model.called"]
    assert len(calls) == 6  # the five of the story, and the one that was lost
    bot.read_everything(issue)
