"""The stage on which stories are played: a bot, a GitHub, a model that says what it was told, a clock one can hold.

Everything is real but time, GitHub (simulated at HTTP level) and the model's words: the door, the ledger and the
queues (SQLite), git, the sandbox, the verification. Nothing is patched.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app import log, wiring
from app.agent import Briefing, prompt
from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from app.cli.homes import Home
from app.cli.verification import Examined, examine, known_runs
from app.errors import TransientError
from app.events.conversing import BriefingMade
from app.jobs.job import Job, taken_key
from app.ledger import verify_chain
from app.ports.platform import Message, Queue, Store
from app.receive import Delivery
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.sandbox.bubblewrap import BubblewrapHost
from app.simulator import Simulator
from app.simulator.deliveries import Delivery as Sent
from tests.clock import HeldClock
from tests.contracts.simulator.openapi import CheckedTransport
from tests.scenarios.ground import Ground


class TwiceQueue:
    """At-least-once, taken at its word: the first acknowledgement of every message is lost, and with it, as when a
    process dies before the end of its work, the mark that a job was done.
    """

    def __init__(self, real: Queue, store: Store | None = None) -> None:
        self._real = real
        self._store = store
        self._unmarked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def ack(self, message: Message) -> None:
        if message.attempt == 1:
            if self._store:
                self._unmark(Job.from_json(message.body), self._store)
            self._real.retry(message, delay_seconds=0)
        else:
            self._real.ack(message)

    def _unmark(self, job: Job, store: Store) -> None:
        for name in {job.id, job.digest} - self._unmarked:
            store.release(taken_key(name), job.id)
            self._unmarked.add(name)


def every_message_twice(platform: wiring.Platform) -> wiring.Platform:
    jobs, publishing = TwiceQueue(platform.jobs, platform.store), TwiceQueue(platform.publishing)
    return replace(platform, jobs=jobs, publishing=publishing)


class Bot:
    """One Lamplighter on its ground. Making another on the same ground is a restart."""

    def __init__(
        self,
        ground: Ground,
        github: Simulator,
        script: Script,
        clock: HeldClock,
        *,
        change: Callable[[wiring.Platform], wiring.Platform] = lambda platform: platform,
        **settings: Any,
    ) -> None:
        self.ground, self.github, self.clock = ground, github, clock
        own = {
            "app_id": str(github.app.id),
            "app_slug": github.app.slug,
            "private_key": github.app.private_key,
            "webhook_secrets": (github.app.webhook_secret,),
            "model_provider": "scripted",
            "concurrency": 8,
        }
        self.settings = ground.settings(**own | settings)
        platform, self.workers = ground.platform(
            self.settings,
            clock=clock,
            transport=CheckedTransport(github.transport()),
            model=ScriptedModel(script),
            host=BubblewrapHost(self.settings.home),
            clone_url=lambda repository: str(github.git_dir(repository)),
        )
        self.platform = change(platform)
        self.control = wiring.control(self.platform)
        github.deliver = self.receive
        self.arriving: Sent | None = None
        self.untruths: list[str] = []  # what the audit has to find: a story's worker had no right to it
        self.may_refuse = False  # the door may ask GitHub to deliver again

    def use_model(self, model: Any) -> None:
        """Let another model answer from now on."""
        self.platform = replace(self.platform, model=lambda: model)

    def receive(self, sent: Sent) -> tuple[int, str]:
        """The front door. A delivery during which the process dies has failed, as GitHub would see it."""
        self.arriving = sent
        answer = wiring.door(self.platform)(
            Delivery(headers={name.lower(): value for name, value in sent.headers.items()}, body=sent.body)
        )
        assert answer.status < 500 or self.may_refuse, answer
        self.arriving = None
        return answer.status, json.dumps(dict(answer.body))

    def run_until_idle(self, rounds: int = 300) -> None:
        """Deliver, dispatch, work, publish and tick until nothing is left to do but wait for a person."""
        for _ in range(rounds):
            busy = self.github.deliver_pending()
            busy += self.control.drain_jobs()
            busy += self.work_waiting()
            busy += self.ground.stopped_tasks(self.control)
            busy += self.control.drain_publishing()
            busy += self.control.scheduler.tick()
            if not busy and not self._wait():
                return
        raise AssertionError(f"still busy after {rounds} rounds")

    def step_until(self, condition: Callable[[], object], rounds: int = 50) -> None:
        """Deliver and dispatch, but let no worker start, until `condition` holds."""
        for _ in range(rounds):
            self.github.deliver_pending()
            self.control.drain_jobs()
            if condition():
                return
        raise AssertionError("it never came to that")

    def days_pass(self, days: int) -> None:
        """Nobody does anything but the clock, twice a day, and what the platform does by itself.

        Once a day would be at the edge of what counts as a clock that was set: a call that waits moves it further.
        """
        retention = wiring.retention(self.platform)
        outcomes = wiring.outcomes(self.platform, wiring.access(self.platform))
        for _ in range(days):
            self.clock.advance(43_200)
            retention.turn()
            outcomes.turn()
            self.clock.advance(43_200)
            self.ground.age()
            retention.turn()
            outcomes.turn()

    def examined(self, run_id: str) -> Examined:
        """What `lamplighter audit verify` finds."""
        return examine(self._home(), run_id)

    def known_runs(self) -> list[str]:
        """The runs that ledger or witness still name."""
        return known_runs(self._home())

    def _home(self) -> Home:
        days = self.settings.retention_days
        return Home(path=self.settings.home, store=self.platform.store, is_local=False, clock=self.clock, days=days)

    def read_everything(self, *threads: Any) -> None:
        """What the bot said here is not this story's subject."""
        for thread in threads:
            for comment in thread.comments:
                comment.read()

    def prompt_of(self, run_id: str) -> str:
        """The first message that the model got."""
        created = fold(run_id, self.platform.store.events(run_id)).created
        events = self.platform.store.events(run_id)
        told = [Briefing.from_event(event.record) for event in events if isinstance(event.record, BriefingMade)]
        task = prompt.Task(briefing=told[0])
        opening = prompt.opening(task, created.task.model_dump(), run_id=run_id, root="/workspace")
        return json.dumps(opening, ensure_ascii=False)

    def state_of(self, run_id: str) -> RunState:
        """The fold of a run's ledger."""
        return fold(run_id, self.platform.store.events(run_id))

    def verify_ledgers(self) -> list[str]:
        """What is wrong with any ledger; empty when all are whole."""
        store = self.platform.store
        problems: list[str] = []
        for run in store.runs():
            problems += verify_chain(run.run_id, store.events(run.run_id), store.witness(run.run_id))
        return problems

    def thoughts_lost(self) -> list[str]:
        """Runs whose model was not shown all it had thought: something before a thought had changed. That a model is
        not shown what another one has thought is in order.
        """
        store = self.platform.store
        return [
            f"{event.run_id}: {event.data['input_transformations']}"
            for run in store.runs()
            for event in store.events(run.run_id)
            if event.kind == "model.replied"
            and any(
                item.get("reason") != "model_binding_mismatch" for item in event.data.get("input_transformations") or ()
            )
        ]

    def work_waiting(self) -> int:
        for run_id, attempt in list(self.workers.waiting.items()):
            try:
                wiring.worker(self.platform).work(run_id, attempt)
            except TransientError as error:  # its process ends with 1, as `lamplighter work` does
                log.event("stage.worker_gave_up", run=run_id, reason=str(error))
            finally:  # also when it died
                self.workers.finished(run_id)
            return 1
        return 0

    def _wait(self) -> bool:
        """Move the clock to the next thing that is due without a person: a delayed message, a parked run's time."""
        runs = self.platform.store.runs()
        active = [run for run in runs if run.phase != "ended"]
        waiting = [run for run in active if run.park_until is not None and run.reason != "question"]
        due = [datetime.fromisoformat(str(run.park_until)) for run in waiting]
        unpublished = any(run.unpublished for run in runs)
        unpublished = unpublished or any(run.phase in {"created", "working"} for run in active)
        queued = self.platform.jobs.depth() + self.platform.publishing.depth()
        if not due and not unpublished and not queued:
            return False
        ahead = [seconds for when in due if (seconds := (when - self.clock.now()).total_seconds()) > 0]
        step = min(ahead, default=30.0)  # what is overdue waits for a claim or a message
        self.clock.advance(max(1.0, min(step, 30.0) if queued or unpublished else step))
        return True

    def close(self) -> None:
        for part in (self.platform.store, self.platform.keeping, self.platform.jobs, self.platform.publishing):
            part.close()

    @property
    def runs(self) -> list[Any]:
        """Summaries of all runs, oldest first."""
        return self.platform.store.runs()[::-1]


def replace(platform: wiring.Platform, **parts: Any) -> wiring.Platform:
    return dataclasses.replace(platform, **parts)
