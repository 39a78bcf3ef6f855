"""What `doctor` looks at on ECS: the cluster, the tasks of workers and sandboxes, whether their images are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from app.aws.clients import code_of
from app.aws.launcher import CONTAINER as WORKER
from app.aws.sandbox_tasks import CONTAINER as SANDBOX
from app.aws.seen import DEPLOY, Ask, Seen, broken, ok, warn
from app.settings import Cloud

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?"
)


def tasks(cloud: Cloud, sandbox: str, ask: Ask) -> Iterator[Seen]:
    """Raises what `ask` raises for the first part that cannot be seen."""
    yield from _cluster(cloud, ask)
    definition = ask("ecs", "describe_task_definition", taskDefinition=cloud.worker_task)["taskDefinition"]
    yield from _worker(definition)
    yield from _image(definition, WORKER, "worker task", ask)
    if not cloud.sandbox_tasks or sandbox not in {"auto", "remote"}:
        mend = "Deploy with the parameter Sandbox=isolated for a task of its own."
        yield warn("sandbox", "WEAKER: hostile code runs inside the worker's own task and network", mend)
        return
    for name, family in cloud.sandbox_tasks:
        found = ask("ecs", "describe_task_definition", taskDefinition=family)["taskDefinition"]
        yield from _walls(found, f"sandbox {name}")
        yield from _image(found, SANDBOX, f"sandbox {name}", ask)


def _cluster(cloud: Cloud, ask: Ask) -> Iterator[Seen]:
    found = ask("ecs", "describe_clusters", clusters=[cloud.cluster])["clusters"]
    if not found or found[0].get("status") != "ACTIVE":
        yield broken("cluster", f"{cloud.cluster} is not there", DEPLOY)
    elif cloud.spot and "FARGATE_SPOT" not in found[0].get("capacityProviders", []):
        yield broken("cluster", f"{cloud.cluster} has no Spot capacity", "Deploy with it, or set LAMPLIGHTER_SPOT=off.")
    else:
        yield ok("cluster", f"{cloud.cluster}, {found[0].get('runningTasksCount', 0)} tasks at work")


def _worker(definition: dict[str, Any]) -> Iterator[Seen]:
    containers = {item["name"]: item for item in definition["containerDefinitions"]}
    if WORKER not in containers:
        yield broken("worker task", f"has no container `{WORKER}`", DEPLOY)
    elif not definition.get("taskRoleArn"):
        yield broken("worker task", "has no role, so it reaches neither ledger nor tokens", DEPLOY)
    elif int(containers[WORKER].get("stopTimeout") or 30) < 120:
        yield warn("worker task", "has less than 120 s to park a run when its machine is taken", DEPLOY)
    else:
        yield ok("worker task", f"{definition['family']}:{definition['revision']}")


def _walls(definition: dict[str, Any], name: str) -> Iterator[Seen]:
    """What the outer wall of hostile code must be."""
    container = next((item for item in definition["containerDefinitions"] if item["name"] == SANDBOX), None)
    if container is None:
        yield broken(name, f"has no container `{SANDBOX}`", DEPLOY)
        return
    dropped = container.get("linuxParameters", {}).get("capabilities", {}).get("drop", [])
    wrong = [
        text
        for text, bad in {
            "has a role": bool(definition.get("taskRoleArn")),
            "may write to its root": not container.get("readonlyRootFilesystem"),
            "runs as root": str(container.get("user") or "0").partition(":")[0] in {"0", "root"},
            "keeps capabilities": "ALL" not in dropped,
            "is given secrets": bool(container.get("secrets")),
            "writes logs with the platform's rights": bool(container.get("logConfiguration")),
        }.items()
        if bad
    ]
    for text in wrong:
        yield broken(name, text, "Take the definition from template.yaml or infra/sandbox-image.template.yaml.")
    if not wrong:
        yield ok(
            name, f"{definition['family']}:{definition['revision']}, no role, no secrets, nothing to write but its tree"
        )


def _image(definition: dict[str, Any], container: str, name: str, ask: Ask) -> Iterator[Seen]:
    """Whether somebody pushed the image that the task pulls; forgetting to is the first mistake after a deploy."""
    image = next((str(item["image"]) for item in definition["containerDefinitions"] if item["name"] == container), "")
    found = _IMAGE.match(image)
    if not found:
        return
    which = {"imageTag": found["tag"] or "latest"} if "@" not in image else {"imageDigest": image.rpartition("@")[2]}
    try:
        answer = ask(
            "ecr", "describe_images", registryId=found["account"], repositoryName=found["name"], imageIds=[which]
        )
    except ClientError as error:
        if code_of(error) not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        yield broken(name, f"its image {image} was never pushed", "Build and push it (README, Operate it on AWS).")
        return
    megabytes = int(answer["imageDetails"][0].get("imageSizeInBytes") or 0) / 1e6
    yield ok(name, f"its image is there, {megabytes:.0f} MB to pull for every start")
