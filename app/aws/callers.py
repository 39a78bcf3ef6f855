"""Which worker asks: from what Lambda says of a request's signature, and from what ECS says that task was started for.

Neither can be said by a worker. A task's role has the task's id as the name of its session (so CloudTrail shows which
task uses which role: "Task IAM role", Amazon ECS Developer Guide), only ECS may take that role (template.yaml), and
the command in a task's overrides is the launcher's. A warm worker's run stands in a claim of the control side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.aws import warm
from app.aws.clients import Clients
from app.aws.launcher import describe_task
from app.aws.stopped import commanded, family_of
from app.errors import TransientError, UserError
from app.ports.platform import Clock, Store
from app.retry import Retry
from app.settings import Cloud

# ECS may not know a task for a while that it has just started; what lasts longer the worker waits for.
_LOOKS = Retry((0.5, 1.0, 2.0))
_AGAIN_SECONDS = 10.0
_REMEMBERED = 1_000  # tasks of which a process knows what they were started for, which never changes

_ROLE = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>[0-9]+):role/(?:.*/)?(?P<name>[^/]+)")
_TASK_ID = re.compile(r"[0-9a-f]{32}")


class Stranger(UserError):
    """Who asks is no worker of this stack, or asks for what is another's."""


class Caller(NamedTuple):
    """A worker's task."""

    task: str  # its ARN
    run_id: str  # "" for a warm worker that has none yet
    attempt: int
    place: int | None  # in the warm pool; None for one that was started for its run

    @property
    def task_id(self) -> str:
        return self.task.rpartition("/")[2]


class Callers:
    """Thread-safe. Needs the settings `cluster`, `worker_task` and `worker_role`."""

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, clients: Clients) -> None:
        cloud.require("cluster", "worker_task", "worker_role")
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._clients = clients
        self._known: dict[str, Mapping[str, Any]] = {}

    def of(self, event: Mapping[str, Any], *, must_live: bool = True) -> Caller:
        """Whose request a function URL's event is. Raises Stranger; TransientError while ECS or the table do not tell.

        Without `must_live` ECS is asked once for a task and not whether it has stopped since.
        """
        task_id = self._task_id(_said_by_lambda(event))
        task = self._known.get(task_id)
        if task is None or must_live:
            task = self._described(task_id)
        if task["lastStatus"] == "STOPPED" and must_live:
            raise Stranger(f"Task {task_id} has stopped; it gets nothing any more.")
        if family_of(task) != family_of({"taskDefinitionArn": self._cloud.worker_task}):
            raise Stranger(f"Task {task_id} is no worker.")
        return self._caller(task)

    def _task_id(self, arn: str) -> str:
        """The task behind a session of the workers' role."""
        role = _ROLE.fullmatch(self._cloud.worker_role)
        if role is None:
            raise UserError(f"LAMPLIGHTER_WORKER_ROLE is no role's ARN: {self._cloud.worker_role}")
        ours = f"arn:{role['partition']}:sts::{role['account']}:assumed-role/{role['name']}/"
        task_id = arn.removeprefix(ours)
        if task_id == arn or not _TASK_ID.fullmatch(task_id):
            raise Stranger("Only a worker's task may ask.")
        return task_id

    def _described(self, task_id: str) -> Mapping[str, Any]:
        for _pause in _LOOKS.tries(self._clock.sleep):
            task = describe_task(self._clients.get("ecs"), self._cloud.cluster, task_id)
            if task is not None:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[task_id] = task
                return task
        raise TransientError("ECS does not know yet which task asks.", retry_after_seconds=_AGAIN_SECONDS)

    def _caller(self, task: Mapping[str, Any]) -> Caller:
        arn, place = str(task["taskArn"]), warm.place_of(task)
        run = commanded(task) if place is None else warm.assigned(self._store, arn)
        if run is None and place is None:
            raise Stranger(f"Task {arn.rpartition('/')[2]} was started for no run.")
        run_id, attempt = run or ("", 0)
        return Caller(arn, run_id, attempt, place)


def _said_by_lambda(event: Mapping[str, Any]) -> str:
    """The ARN of whose signature Lambda has checked; "" for an event that did not come by the URL."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    return str((authorizer.get("iam") or {}).get("userArn") or "")
