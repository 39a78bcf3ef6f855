"""A task's life on a machine: a process of its own, in a session of its own, that is stopped, killed or taken away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# A task never outlives whoever holds the stand-in, however that one dies (util-linux).
_BOUND = [found, "--pdeathsig", "KILL", "--"] if (found := shutil.which("setpriv")) else []


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A task definition's one container. `{address}` in the command or a variable becomes the task's own address."""

    command: Sequence[str]  # the image's entry point; the overrides' command follows it
    environment: Mapping[str, str] = field(default_factory=dict)
    container: str = "worker"
    grace_seconds: float = 120.0  # stopTimeout
    pull_seconds: float = 0.0  # besides those of the whole stand-in
    revision: int = 1


@dataclass(kw_only=True)
class Task:
    """One started task; `process` is None until its image is pulled."""

    arn: str
    prefix: str  # of every ARN of the account's ECS
    cluster: str
    family: str
    definition: Definition
    provider: str  # FARGATE or FARGATE_SPOT
    started_by: str
    overrides: Mapping[str, Any]
    tags: Sequence[Mapping[str, str]]
    address: str
    public: bool
    log: Path
    desired: str = "RUNNING"
    last: str = "PROVISIONING"
    stop_code: str = ""
    reason: str = ""
    exit_code: int | None = None
    process: subprocess.Popen[bytes] | None = None
    hidden: int = 0  # so many DescribeTasks do not know it yet
    started_at: float = field(default_factory=time.time)
    stopped_at: float = 0.0

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def command(self) -> list[str]:
        """The overrides' command."""
        given = self.overrides.get("containerOverrides") or [{}]
        return list(given[0].get("command") or [])

    def told(self) -> dict[str, Any]:
        """As DescribeTasks and the state change event tell it."""
        container: dict[str, Any] = {"name": self.definition.container, "lastStatus": self.last}
        if self.exit_code is not None:
            container["exitCode"] = self.exit_code
        details = [{"name": "privateIPv4Address", "value": self.address}] if self.last != "PROVISIONING" else []
        told: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": f"{self.prefix}:cluster/{self.cluster}",
            "taskDefinitionArn": f"{self.prefix}:task-definition/{self.family}:{self.definition.revision}",
            "lastStatus": self.last,
            "desiredStatus": self.desired,
            "startedBy": self.started_by,
            "group": f"family:{self.family}",
            "launchType": "FARGATE",
            "capacityProviderName": self.provider,
            "overrides": dict(self.overrides),
            "containers": [container],
            "attachments": [
                {"id": self.id, "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details}
            ],
            "createdAt": self.started_at,
            "tags": list(self.tags),
        }
        if self.last == "STOPPED":
            told |= {"stopCode": self.stop_code, "stoppedReason": self.reason, "stoppedAt": self.stopped_at}
        return told


class TaskHost:
    """Runs tasks, and tells `on_stopped` of every end as EventBridge would. `close` kills every task that is left."""

    def __init__(self, folder: Path, *, account: str, region: str) -> None:
        self.folder, self.account, self.region = folder, account, region
        folder.mkdir(parents=True, exist_ok=True)
        self.url = ""  # of the metadata endpoint
        self.tasks: dict[str, Task] = {}
        self.pull_seconds = 0.0
        self.on_stopped: Callable[[dict[str, Any]], None] = lambda event: None  # gets EventBridge's event
        self.credentials: Callable[[Task], Mapping[str, str]] = lambda task: {}  # of a task's role, where it has one
        self._lock = threading.RLock()

    def close(self) -> None:
        for task in list(self.tasks.values()):
            _end(task, signal.SIGKILL)
            if task.process:
                task.process.wait()

    def kill(self, task: Task) -> None:
        """The container dies at once, as by its memory limit."""
        with self._lock:
            if task.process is None:
                self._stopped(task, "TaskFailedToStart", "CannotPullContainerError: pull image manifest", None)
                return
        _end(task, signal.SIGKILL)

    def interrupt(self, task: Task) -> None:
        """Spot takes the machine: SIGTERM, and SIGKILL after the grace."""
        self._stop(task, "SpotInterruption", "Your Spot Task was interrupted.")

    def log(self, task: Task) -> str:
        """What the task wrote."""
        return task.log.read_text("utf-8", "replace") if task.log.exists() else ""

    def _begin(self, task: Task) -> None:
        threading.Thread(target=self._live, args=(task,), name=f"task-{task.id}", daemon=True).start()

    def _live(self, task: Task) -> None:
        time.sleep(self.pull_seconds + task.definition.pull_seconds)
        with self._lock:
            if task.desired == "STOPPED":
                if task.last != "STOPPED":
                    self._stopped(task, task.stop_code, task.reason, None)
                return
            task.process = self._spawn(task)
            task.last = "RUNNING"
        code = task.process.wait()
        with self._lock:
            exit_code = code if code >= 0 else 128 - code
            self._stopped(
                task,
                task.stop_code or "EssentialContainerExited",
                task.reason or "Essential container in task exited",
                exit_code,
            )

    def _spawn(self, task: Task) -> subprocess.Popen[bytes]:
        override = (task.overrides.get("containerOverrides") or [{}])[0]
        variables = dict(task.definition.environment)
        variables |= {item["name"]: item["value"] for item in override.get("environment", [])}
        variables["ECS_CONTAINER_METADATA_URI_V4"] = f"{self.url}/v4/{task.id}"
        if self.credentials(task):
            variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{self.url}/v4/{task.id}/credentials"
        command = [*task.definition.command, *override.get("command", [])]

        with task.log.open("ab") as log:
            return subprocess.Popen(
                [*_BOUND, *(part.replace("{address}", task.address) for part in command)],
                env={name: value.replace("{address}", task.address) for name, value in variables.items()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _stop(self, task: Task, code: str, reason: str) -> None:
        with self._lock:
            if task.desired == "STOPPED":
                return
            task.desired, task.stop_code, task.reason = "STOPPED", code, reason
            if task.process is None:
                return  # `_live` sees it
            _end(task, signal.SIGTERM)
        threading.Thread(target=self._insist, args=(task,), daemon=True).start()

    def _insist(self, task: Task) -> None:
        deadline = time.monotonic() + task.definition.grace_seconds
        while time.monotonic() < deadline and task.last != "STOPPED":
            time.sleep(0.02)
        if task.last != "STOPPED":
            _end(task, signal.SIGKILL)

    def _stopped(self, task: Task, code: str, reason: str, exit_code: int | None) -> None:
        task.desired = task.last = "STOPPED"
        task.stop_code, task.reason, task.exit_code = code, reason, exit_code
        task.stopped_at = time.time()
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "account": self.account,
            "region": self.region,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": [task.arn],
            "detail": task.told(),
        }
        self._tell(event)

    def _tell(self, event: dict[str, Any]) -> None:
        threading.Thread(target=self.on_stopped, args=(event,), daemon=True).start()


def _end(task: Task, number: signal.Signals) -> None:
    """SIGTERM to the container's first process, SIGKILL to its whole session."""
    if task.process is None or task.process.poll() is not None:
        return
    try:
        if number == signal.SIGKILL:
            os.killpg(task.process.pid, number)
        else:
            task.process.send_signal(number)
    except ProcessLookupError:
        pass
