"""`FargateSandboxes`: the second task of a run, for hostile code. It is told one thing, which is no secret."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from app import log
from app.aws.clients import Clients
from app.aws.launcher import describe_task, run_task, stop_task
from app.errors import TransientError, UserError
from app.ports.platform import Clock
from app.retry import looks
from app.settings import Cloud

CONTAINER = "sandbox"  # its name in the task definition
PORT = 7420
KEY_VARIABLE = "LAMPLIGHTER_SANDBOX_KEY_SHA256"
START_SECONDS = 300.0  # Fargate pulls the whole image for every task: 53 to 62 s for 413 MB
_LOOK_SECONDS = 1.5
_AGAIN_SECONDS = 60.0
_KEY = re.compile(r"[0-9a-f]{64}\Z")
# What stands in a stopped task's reason when no further try will help.
_HOPELESS = re.compile(r"CannotPullContainerError|ResourceInitializationError|InvalidImage|exec format error")


class FargateSandboxes:
    """Implements `sandbox.remote.SandboxTasks`; a handle is the task's ARN."""

    def __init__(self, cloud: Cloud, clock: Clock, clients: Clients, *, port: int = PORT) -> None:
        """Raises SettingsError without a cluster, a sandbox or a network for it."""
        cloud.require("cluster", "sandbox_tasks", "sandbox_subnets", "sandbox_security_group")
        self._cloud = cloud
        self._clock = clock
        self._port = port
        self._ecs = clients.get("ecs")

    def start(self, run_id: str, image: str, key_sha256: str) -> str:
        """Ask for a task; it comes up in a minute. The same key again is the same task.

        Raises UserError for an image that is not offered, TransientError when Fargate has no room.
        """
        if not _KEY.match(key_sha256):
            raise ValueError("a sandbox's key is committed to by a SHA-256 in hex")
        network = {
            "subnets": list(self._cloud.sandbox_subnets),
            "securityGroups": [self._cloud.sandbox_security_group],
            "assignPublicIp": "DISABLED",
        }
        variables = [{"name": KEY_VARIABLE, "value": key_sha256}]
        request = {
            "cluster": self._cloud.cluster,
            "taskDefinition": self._family(image),
            "startedBy": f"sandbox/{hashlib.sha256(run_id.encode()).hexdigest()[:32]}",
            "networkConfiguration": {"awsvpcConfiguration": network},
            "overrides": {"containerOverrides": [{"name": CONTAINER, "environment": variables}]},
            "tags": [{"key": "lamplighter:run", "value": run_id}, {"key": "lamplighter:part", "value": "sandbox"}],
            "enableECSManagedTags": True,
        }
        arn = run_task(self._ecs, request, token=f"sb-{key_sha256[:48]}", spot=self._cloud.spot)
        log.event("sandbox.task_started", run=run_id, image=image, task=arn)
        return arn

    def address(self, handle: str) -> tuple[str, int]:
        """Wait until the task runs and return (host, port). Raises TransientError when it stops or does not come in
        five minutes, UserError when its image cannot be had.
        """
        for _ in looks(_LOOK_SECONDS, START_SECONDS, sleep=self._clock.sleep, monotonic=self._clock.monotonic):
            task = describe_task(self._ecs, self._cloud.cluster, handle)
            if task and task["lastStatus"] == "STOPPED":
                raise _ended(task)
            if task and task["lastStatus"] == "RUNNING" and (host := _private_address(task)):
                return host, self._port
        raise TransientError("The sandbox's task did not start in time", retry_after_seconds=_AGAIN_SECONDS)

    def stop(self, handle: str) -> None:
        """As the protocol says; what ECS does not answer is left to the sandbox, which ends without its worker."""
        try:
            stop_task(self._ecs, self._cloud.cluster, handle, reason="the run no longer needs its sandbox")
        except (TransientError, UserError) as error:
            log.event("sandbox.not_stopped", level=log.WARNING, task=handle, reason=str(error))

    def _family(self, image: str) -> str:
        offered = dict(self._cloud.sandbox_tasks)
        if not image:
            return offered.get("default") or next(iter(offered.values()))
        if image not in offered:
            names = ", ".join(f"`{name}`" for name in sorted(offered))
            raise UserError(f"There is no sandbox image `{image}`; offered are {names}.")
        return offered[image]


def _private_address(task: dict[str, Any]) -> str:
    for attachment in task.get("attachments") or []:
        if attachment.get("type") == "ElasticNetworkInterface":
            for detail in attachment.get("details") or []:
                if detail.get("name") == "privateIPv4Address":
                    return str(detail["value"])
    return ""


def _ended(task: dict[str, Any]) -> Exception:
    reason = str(task.get("stoppedReason") or "no reason given")
    if _HOPELESS.search(reason):
        return UserError(f"The sandbox's task cannot start: {reason}. `lamplighter doctor` looks into it.")
    return TransientError(f"The sandbox's task ended before it was used: {reason}", retry_after_seconds=_AGAIN_SECONDS)
