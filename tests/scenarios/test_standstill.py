"""Runs that get nowhere: a clone that is refused, a worker that is frozen. Each ends where a person can see it."""

from __future__ import annotations

import threading

import pytest

from app import wiring
from app.agent.models.scripted import Script, bash
from app.agent.models.scripted_model import ScriptedModel
from app.local.tokens import TokenBroker
from app.ports.model import ModelReply, ModelRequest
from app.runs.lease import TTL_SECONDS, attempt_of, lease_key
from tests.scenarios import stories
from tests.scenarios.ground import ground_of
from tests.scenarios.stage import Bot, replace
from tests.scenarios.test_bad_days import parts
from tests.scenarios.test_endings import ask_for_a_fix
from tests.waiting import BUSY_SECONDS

GIT = "* /acme/calc.git/*"


class Frozen(ScriptedModel):
    """A model whose first reply comes after the process was stopped and woken again."""

    def __init__(self) -> None:
        super().__init__(Script().will(bash("touch woken")))
        self.asked, self.ends = threading.Event(), threading.Event()

    def reply(self, request: ModelRequest, on_text=None) -> ModelReply:
        self.asked.set()
        assert self.ends.wait(BUSY_SECONDS)
        return super().reply(request, on_text)


@pytest.fixture
def cloning(tmp_path, github, model, clock):
    """A bot on one machine whose workers clone over HTTP, with tokens of the broker."""
    repo = github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
    api_url = github.world.api_url
    address = github.serve()  # for git alone: the API keeps its address
    github.world.api_url = api_url
    ground = ground_of("local", tmp_path / "home", clock)
    bot = Bot(
        ground,
        github,
        model,
        clock,
        change=lambda platform: replace(platform, clone_url=lambda name: f"{address}/{name}.git"),
    )
    access = wiring.access(bot.platform)
    broker = TokenBroker(bot.settings.home, bot.platform.store, wiring.minting(access))
    broker.start()
    yield bot, repo
    broker.close()
    bot.close()
    ground.close()


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "my token was not accepted"), (403, "contents: read"), (404, "transferred, or taken away")],
)
def test_a_clone_that_is_refused_for_ever_ends_with_the_cause(cloning, github, status, said):
    bot, repo = cloning
    fault = github.faults.add(GIT, status=status, times=None, message="no")
    issue = ask_for_a_fix(github, repo)
    before = bot.clock.now()
    bot.run_until_idle()

    assert bot.runs[0].reason == "failed"
    assert (bot.clock.now() - before).total_seconds() < 1800
    assert bot.runs[0].attempt == 5
    assert fault.hits <= 20
    told = issue.comments[-1].read()
    assert said in told
    assert "5 times in" in told
    bot.read_everything(issue)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_clone_that_is_refused_once_goes_on(cloning, github, model, status):
    bot, repo = cloning
    github.faults.add(GIT, status=status, message="no")
    issue = ask_for_a_fix(github, repo)
    stories.fix(model)
    bot.run_until_idle()

    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1
    assert bot.runs[0].attempt == (1 if status == 401 else 2)


def test_a_frozen_worker_is_replaced_within_two_minutes_and_harmless_when_it_wakes(bot, github, repo, model):
    issue = ask_for_a_fix(github, repo)
    bot.step_until(lambda: bot.workers.waiting)
    ((run_id, attempt),) = bot.workers.waiting.items()
    frozen = Frozen()
    worker = wiring.worker(replace(bot.platform, model=lambda: frozen))
    thread = threading.Thread(target=lambda: worker.work(run_id, attempt), daemon=True)
    thread.start()
    assert frozen.asked.wait(BUSY_SECONDS)
    store = bot.platform.store
    assert bot.control.scheduler.tick() == 0  # it is at work

    bot.clock.advance(TTL_SECONDS + 5)  # nothing beats in a frozen process
    assert bot.control.scheduler.tick() == 1
    assert bot.workers.waiting == {run_id: attempt + 1}
    stories.fix(model)
    bot.run_until_idle()
    assert attempt_of(store.claimed_by(lease_key(run_id)) or "") != attempt

    seen = len(store.events(run_id))
    frozen.ends.set()  # SIGCONT
    thread.join(BUSY_SECONDS)
    assert not thread.is_alive()
    assert len(store.events(run_id)) == seen
    assert parts(issue) == ["status", "result"]
    assert len(repo.pulls) == 1
