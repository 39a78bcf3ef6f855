"""`FargateLauncher`: one Fargate task for each (run, attempt), or a warm worker that already waits for one.

ECS answers late and forgets early: a new task may be unknown to DescribeTasks for a while, and a client token is good
for a day at most. So what was started is kept as a claim in the store.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from app import log
from app.aws import warm
from app.aws.clients import Clients, code_of, translated
from app.errors import TransientError, UserError
from app.ports.platform import Clock, Store
from app.settings import Cloud

CONTAINER = "worker"  # its name in the task definition
_DESCRIBED_AT_ONCE = 100  # the most that DescribeTasks takes
REMEMBERED_SECONDS = 30 * 86_400.0
UNKNOWN_FOR = timedelta(minutes=5)  # ECS's own advice for how long DescribeTasks may not know a new task
_STARTING_SECONDS = 60.0  # RunTask with all its repetitions
_SPOT_WAIT_SECONDS = 60.0
_REFUSED_WAIT_SECONDS = 300.0

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_STARTED_BY = re.compile(r"[A-Za-z0-9/_-]{1,128}\Z")
_TOKEN = re.compile(r"[!-~]{1,64}\Z")
_NO_ROOM = re.compile(r"capacity|limit on the number|RESOURCE:", re.IGNORECASE)


class _Started(NamedTuple):
    """What the store remembers of a run's newest task."""

    attempt: int
    at: int  # epoch seconds
    arn: str

    @classmethod
    def read(cls, text: str | None) -> _Started | None:
        parts = (text or "").split(" ")
        return cls(int(parts[0]), int(parts[1]), parts[2]) if len(parts) == 3 else None

    def __str__(self) -> str:
        return f"{self.attempt} {self.at} {self.arn}"


class _NoRoom(Exception):
    """ECS has no place for the task just now."""


class FargateLauncher:
    """Implements `ports.Launcher`. `start` raises TransientError for everything that stops a task from starting, also
    for what an operator has to fix: the run parks with the reason in sight, and goes on once it is fixed.
    """

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, clients: Clients) -> None:
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._clients = clients

    @property
    def _ecs(self) -> Any:
        return self._clients.get("ecs")  # made when used: not every process that holds a launcher starts something

    def start(self, run_id: str, attempt: int) -> None:
        """As the port says. Raises ValueError for a run id that is no name."""
        if not _RUN_ID.match(run_id):
            raise ValueError(f"{run_id!r} is no run id")
        before = self._started(run_id)
        if before and before.attempt >= attempt:
            return
        self._store.claim(_starting(run_id), str(attempt), ttl_seconds=_STARTING_SECONDS)
        try:
            arn = self._assign(run_id, attempt) or self._run_worker(run_id, attempt)
        except UserError as error:
            log.event("launcher.refused", level=log.ERROR, run=run_id, attempt=attempt, reason=str(error))
            raise TransientError(str(error).rstrip("."), retry_after_seconds=_REFUSED_WAIT_SECONDS) from error
        now = _Started(attempt, int(self._clock.now().timestamp()), arn)
        if before:
            self._store.release(_key(run_id), str(before))
        self._store.claim(_key(run_id), str(now), ttl_seconds=REMEMBERED_SECONDS)
        self._store.release(_starting(run_id), str(attempt))
        log.event("launcher.started", run=run_id, attempt=attempt, task=arn)

    def running(self, run_ids: Sequence[str]) -> dict[str, bool | None]:
        """Whether the newest attempt's task lives; None when ECS does not say, nobody remembers its start, or it is
        being started just now: what is remembered then is the one before.
        """
        now = self._clock.now().timestamp()
        held = self._store.holders([key for run_id in run_ids for key in (_key(run_id), _starting(run_id))])
        owners = {key: claim.owner for key, claim in held.items() if now < claim.until}
        started = {run_id: _Started.read(owners.get(_key(run_id))) for run_id in run_ids}
        known = {run_id: task for run_id, task in started.items() if task and _starting(run_id) not in owners}
        told: dict[str, bool | None] = dict.fromkeys(run_ids)
        names = list(known)
        for first in range(0, len(names), _DESCRIBED_AT_ONCE):
            told |= self._described({name: known[name] for name in names[first : first + _DESCRIBED_AT_ONCE]}, now)
        return told

    def _described(self, tasks: Mapping[str, _Started], now: float) -> dict[str, bool | None]:
        """By run, what one question to ECS says of its task."""
        try:
            found = describe_tasks(self._ecs, self._cloud.cluster, [task.arn for task in tasks.values()])
        except (TransientError, UserError) as error:
            log.event("launcher.unknown", level=log.WARNING, runs=len(tasks), reason=str(error))
            return {}
        lives = {str(task["taskArn"]): str(task["lastStatus"]) != "STOPPED" for task in found}
        young = {name for name, task in tasks.items() if now - task.at < UNKNOWN_FOR.total_seconds()}
        # ECS forgets a stopped task after an hour.
        return {name: lives.get(task.arn, None if name in young else False) for name, task in tasks.items()}

    def stop(self, run_id: str) -> None:
        """StopTask for every task of the run: SIGTERM, then SIGKILL after the task definition's `stopTimeout`."""
        started = self._started(run_id)
        with translated("list the run's tasks in ECS"):
            listed = self._ecs.list_tasks(cluster=self._cloud.cluster, startedBy=_started_by(run_id))["taskArns"]
        for arn in dict.fromkeys([*([started.arn] if started else []), *listed]):
            stop_task(self._ecs, self._cloud.cluster, arn, reason="Lamplighter was asked to stop this run")

    def keep_warm(self) -> int:
        """Start the warm workers that are missing; returns how many. Called by the clock and after one was used."""
        made = 0
        for slot in warm.missing(self._store, self._cloud.warm_workers, owner := secrets.token_hex(8)):
            try:
                self._run(["work", "--warm", str(slot)], token=f"warm-{slot}-{owner}", started_by="warm", tags={})
            except (TransientError, UserError) as error:  # the next turn tries again; until then runs start cold
                log.event("launcher.not_warm", level=log.WARNING, slot=slot, reason=str(error))
                warm.give_up(self._store, slot, owner)
                break
            made += 1
        return made

    def _assign(self, run_id: str, attempt: int) -> str | None:
        worker = warm.assign(self._store, self._cloud.warm_workers, run_id, attempt)
        if worker:
            self.keep_warm()
        return worker

    def _run_worker(self, run_id: str, attempt: int) -> str:
        return self._run(
            ["work", run_id, "--attempt", str(attempt)],
            token=_token(f"{run_id}-{attempt}"),
            started_by=_started_by(run_id),
            tags={"lamplighter:run": run_id, "lamplighter:attempt": str(attempt)},
        )

    def _run(self, command: list[str], *, token: str, started_by: str, tags: dict[str, str]) -> str:
        """Spot first where it is allowed. The second request has a token of its own: one token, one request."""
        self._cloud.require("cluster", "worker_task", "worker_subnets", "worker_security_group")
        network = {
            "subnets": list(self._cloud.worker_subnets),
            "securityGroups": [self._cloud.worker_security_group],
            "assignPublicIp": "ENABLED",  # instead of a NAT gateway; the security group lets nothing in
        }
        request = {
            "cluster": self._cloud.cluster,
            "taskDefinition": self._cloud.worker_task,
            "startedBy": started_by,
            "networkConfiguration": {"awsvpcConfiguration": network},
            "overrides": {"containerOverrides": [{"name": CONTAINER, "command": command}]},
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
            "enableECSManagedTags": True,
        }
        return run_task(self._ecs, request, token=token, spot=self._cloud.spot)

    def _started(self, run_id: str) -> _Started | None:
        return _Started.read(self._store.claimed_by(_key(run_id)))


def run_task(ecs: Any, request: dict[str, Any], *, token: str, spot: bool) -> str:
    """Start one Fargate task and return its ARN; again with the same token returns the same one.

    Raises TransientError when there is no room or ECS asks to slow down, UserError for what an operator must fix.
    """
    if spot:
        try:
            strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
            return _run_task(ecs, request | {"capacityProviderStrategy": strategy, "clientToken": token})
        except _NoRoom as error:
            log.event("launcher.no_spot", reason=str(error), started_by=request["startedBy"])
    try:
        return _run_task(ecs, request | {"launchType": "FARGATE", "clientToken": _token(f"{token}-ondemand")})
    except _NoRoom as error:
        seconds = _SPOT_WAIT_SECONDS + _spread(token)
        raise TransientError(f"Fargate has no room just now ({error})", retry_after_seconds=seconds) from error


def _run_task(ecs: Any, request: dict[str, Any]) -> str:
    try:
        with translated("start a task on Fargate"):
            answer = ecs.run_task(**request)
    except TransientError as error:  # throttled at about 20 tasks a second: those that wait come back one by one
        wait = max(error.retry_after_seconds, 10.0) + _spread(request["clientToken"])
        raise TransientError(str(error), retry_after_seconds=wait) from error
    except ClientError as error:
        code, said = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
        if code == "ConflictException":  # started before with other parameters: a deploy lies between
            arns = error.response.get("resourceIds") or []
            if arns:
                return str(arns[0])
        if _NO_ROOM.search(said):
            raise _NoRoom(said) from error
        raise UserError(f"ECS refuses to start a task: {said} ({code}). `lamplighter doctor` looks into it.") from error
    if answer["tasks"]:
        return str(answer["tasks"][0]["taskArn"])
    reasons = "; ".join(str(failure.get("reason", "unknown")) for failure in answer["failures"])
    raise _NoRoom(reasons or "ECS started nothing and said nothing")


def describe_task(ecs: Any, cluster: str, arn: str) -> dict[str, Any] | None:
    """As `describe_tasks`; None while ECS does not know it, or no longer."""
    found = describe_tasks(ecs, cluster, [arn])
    return found[0] if found else None


def describe_tasks(ecs: Any, cluster: str, arns: Sequence[str]) -> list[dict[str, Any]]:
    """Those of up to a hundred tasks that ECS knows, as DescribeTasks tells them. Raises TransientError, UserError."""
    with translated("look at a task in ECS"):
        found: list[dict[str, Any]] = ecs.describe_tasks(cluster=cluster, tasks=list(arns))["tasks"]
    return found


def stop_task(ecs: Any, cluster: str, arn: str, *, reason: str) -> None:
    """Ask one task to stop; nothing happens when it has. Raises TransientError, UserError."""
    try:
        with translated("stop a task in ECS"):
            ecs.stop_task(cluster=cluster, task=arn, reason=reason)
    except ClientError as error:
        if code_of(error) != "InvalidParameterException":  # "the referenced task was not found"
            raise


def _key(run_id: str) -> str:
    return f"task:{run_id}"


def _starting(run_id: str) -> str:
    return f"starting:{run_id}"


def _token(text: str) -> str:
    return text if _TOKEN.match(text) else hashlib.sha256(text.encode()).hexdigest()


def _started_by(run_id: str) -> str:
    return run_id if _STARTED_BY.match(run_id) else hashlib.sha256(run_id.encode()).hexdigest()


def _spread(text: str) -> float:
    """0 to 30 seconds by name, so that a burst that was refused does not come back as a burst."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) % 31
