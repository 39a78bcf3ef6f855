"""An account on AWS as ground for the stories: queues, table and bucket in moto, tasks that the bot plays.

Everything is the product's own down to botocore; every request goes through `Emulator.handle`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse

from app import wiring
from app.aws.stopped import stopped
from app.settings import Settings
from app.wiring.consumers import Control
from tests.aws.aging import age
from tests.aws.ecs import Ecs, Refusal
from tests.aws.emulator import Emulator, emulated
from tests.aws.tasks import Definition, Task
from tests.clock import HeldClock


class HeldEcs(Ecs):
    """ECS whose tasks are no processes: each runs at once and stays until the story plays it. Implements `Workers`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.events: deque[dict[str, Any]] = deque()  # EventBridge's, not told yet
        self.define("lamplighter-worker", Definition(command=()))

    def _begin(self, task: Task) -> None:
        task.last = "RUNNING"

    def _stop(self, task: Task, code: str, reason: str) -> None:
        if task.last != "STOPPED":
            self._stopped(task, code, reason, 143)

    def _tell(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    @property
    def waiting(self) -> Mapping[str, int]:
        return {run_id: attempt for task in self._running() for run_id, attempt in [_work(task)]}

    @property
    def order(self) -> list[str]:
        return [_work(task)[0] for task in self.tasks.values()]

    def finished(self, run_id: str) -> None:
        for task in self._running():
            if _work(task)[0] == run_id:
                self._stopped(task, "EssentialContainerExited", "Essential container in task exited", 0)

    def kill(self) -> None:
        for task in self._running():
            self._stopped(task, "EssentialContainerExited", "OutOfMemoryError: Container killed", 137)

    def _running(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.last == "RUNNING"]


def _work(task: Task) -> tuple[str, int]:
    _, run_id, _, attempt = task.command()
    return run_id, int(attempt)


class Account:
    """Implements `Ground`. One at a time in a process."""

    def __init__(self, folder: Path, clock: HeldClock) -> None:
        self._folder = folder
        self._clock = clock
        with ExitStack() as stack:  # what fails on the way leaves no emulator on for the next story
            self.aws: Emulator = stack.enter_context(emulated(clock))
            self.ecs = HeldEcs(folder / "ecs")
            stack.callback(self.ecs.close)
            self._stack = stack.pop_all()
        self.aws.elsewhere["ecs"] = self._ask_ecs

    def settings(self, **given: Any) -> Settings:
        return Settings(home=self._folder / "worker", platform="aws", cloud=self.aws.cloud, **given)

    def platform(self, settings: Settings, **held: Any) -> tuple[wiring.Platform, HeldEcs]:
        platform = wiring.aws_platform(settings, clients=self.aws.clients, **held)
        self.store = platform.store
        return platform, self.ecs

    def stopped_tasks(self, control: Control) -> int:
        """EventBridge tells of each of them twice: it promises at least once."""
        told, store = 0, self.store
        while self.ecs.events:
            event = self.ecs.events.popleft()
            for _ in range(2):
                found = stopped(event, self.aws.cloud, store)
                told += found is not None and control.scheduler.worker_ended(
                    found.run_id, found.attempt, no_room=found.no_room
                )
        return told

    def age(self) -> None:
        age(self.aws)

    def close(self) -> None:
        self._stack.close()

    def _ask_ecs(self, operation: str, request: Any) -> AWSResponse:
        """One call of the ECS client, answered by the stand-in."""
        try:
            status, said = 200, self.ecs.answer(operation, json.loads(request.body))
        except Refusal as refusal:
            status, said = refusal.status, {"__type": refusal.code, "message": str(refusal), **refusal.more}
        return AWSResponse(request.url, status, {}, MockRawResponse(json.dumps(said).encode()))
