"""Workers and their broker in small: tasks of ECS that are no processes, each with its role's credentials, and the
`tokens` function behind its URL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from app.aws.broker import Broker
from app.aws.clients import Clients
from app.aws.desk import Desk
from app.ports.platform import Clock, Store
from app.runs import token_policy
from tests.aws.emulator import Emulator
from tests.aws.functions import FunctionUrl
from tests.aws.identities import Identities, Principal, role_arn
from tests.aws.tasks import Definition, Task
from tests.scenarios.account import HeldEcs


class Brokered:
    """Over an emulated account, whose environment this changes."""

    def __init__(self, folder: Path, account: Emulator, store: Store, clock: Clock, mint: token_policy.Mint) -> None:
        self._clock = clock
        self.cloud = account.cloud._replace(worker_role=role_arn("WorkerRole"), run_role=role_arn("RunRole"))
        self.identities = Identities(lambda: clock.now().timestamp())
        self.identities.guard(account)
        self.ecs = HeldEcs(folder / "ecs")
        self.ecs.define("lamplighter-sandbox", Definition(command=(), container="sandbox"))
        self.identities.guard_ecs(self.ecs)
        os.environ["AWS_ENDPOINT_URL_ECS"] = self.ecs.url
        role = self.identities.issue("TokensRole", "tokens", seconds=10**9)
        self.desk = Desk(self.cloud, store, clock, Clients(credentials=role.keys), mint)
        self.function = FunctionUrl(self.identities, self.desk.answer)

    def broker(self, principal: Principal, *, url: str = "") -> Broker:
        """What a process asks that holds these credentials."""
        return Broker(url or self.function.url, Clients(credentials=principal.keys), self._clock)

    def task(self, *command: str, family: str = "lamplighter-worker", **more: Any) -> Task:
        """A task that the launcher started with this command."""
        network = {"awsvpcConfiguration": {"subnets": ["subnet"]}}
        container = "sandbox" if family.endswith("sandbox") else "worker"
        overrides = {"containerOverrides": [{"name": container, "command": list(command)}]}
        request = {"cluster": "lamplighter", "taskDefinition": family, "networkConfiguration": network,
                   "overrides": overrides, **more}  # fmt: skip
        return self.ecs.tasks[self.ecs.answer("RunTask", request)["tasks"][0]["taskArn"]]

    def worker(self, *command: str, **more: Any) -> tuple[Task, Principal]:
        """The same with its role's credentials."""
        task = self.task(*command, **more)
        return task, self.identities.issue("WorkerRole", task.id, seconds=10**9)

    def close(self) -> None:
        self.function.close()
        self.ecs.close()
