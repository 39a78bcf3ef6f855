"""What an ECS event about a stopped task says of a run's worker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.aws import warm
from app.ports.platform import Store
from app.settings import Cloud

# Fargate's words for "not now" in `stoppedReason` of a task that never started (ECS Developer Guide, "Stopped task
# error messages"): capacity, and networks whose addresses or interfaces are used up.
_NO_ROOM = re.compile(r"capacity|insufficient|network interface provision|RESOURCE:", re.IGNORECASE)


class Stopped(NamedTuple):
    """One attempt's worker is gone."""

    run_id: str
    attempt: int
    reason: str  # ECS's code and sentence
    no_room: bool  # it never started, for want of room


def stopped(event: Mapping[str, Any], cloud: Cloud, store: Store) -> Stopped | None:
    """None for a task that is no worker of ours, or a warm one that had no run yet. Raises TransientError."""
    task = event.get("detail") or {}
    ours = family_of({"taskDefinitionArn": cloud.worker_task})  # of every revision: a deploy may lie between
    if task.get("lastStatus") != "STOPPED" or family_of(task) != ours:
        return None
    run = commanded(task) or warm.assigned(store, str(task.get("taskArn")))
    if run is None:
        return None
    code, said = str(task.get("stopCode") or ""), str(task.get("stoppedReason") or "")
    no_room = code == "TaskFailedToStart" and bool(_NO_ROOM.search(said))
    return Stopped(run_id=run[0], attempt=run[1], reason=f"{code}: {said}", no_room=no_room)


def family_of(task: Mapping[str, Any]) -> str:
    """Its task definition's, which who starts a task cannot make up as they can its group: workers start sandboxes."""
    return str(task.get("taskDefinitionArn")).rpartition("/")[2].partition(":")[0]


def commanded(task: Mapping[str, Any]) -> tuple[str, int] | None:
    """The run and attempt in `work RUN --attempt N`."""
    for override in (task.get("overrides") or {}).get("containerOverrides") or []:
        command = override.get("command") or []
        if len(command) == 4 and command[0] == "work" and command[2] == "--attempt" and str(command[3]).isdigit():
            return str(command[1]), int(command[3])
    return None
