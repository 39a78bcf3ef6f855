"""Which of AWS's actions a file of `app/aws` asks for, read from its source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import Session

ROOT = Path(__file__).parents[3]
SERVICES = ("dynamodb", "ecs", "kms", "lambda", "s3", "secretsmanager", "sqs", "sts")

# Where the permission is not called like the operation.
PERMISSIONS = {
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "sts:AssumeRole": {"sts:AssumeRole", "sts:TagSession"},  # with tags, as here
    "dynamodb:TransactWriteItems": set(),  # each of its writes is asked for by itself
}
# The writes of a transaction, by the word they are written with.
WRITES = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem",
          "ConditionCheck": "dynamodb:ConditionCheckItem"}  # fmt: skip
# A request that no client makes, to a function's URL, asks for two things; who calls it signs it.
URL = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
# So does this one.
OBJECT_LOCK = "ObjectLockRetainUntilDate"


@cache
def _operations() -> dict[str, set[str]]:
    """Python's name of an operation (`put_item`) and AWS's (`PutItem`) → service:Operation."""
    session, found = Session(), {}
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            for name in (xform_name(operation), operation):
                found.setdefault(name, set()).add(f"{service}:{operation}")
    return found


@cache
def made_in(path: Path) -> frozenset[str]:
    """The permissions that a file's calls need."""
    tree = ast.parse(path.read_text("utf-8"))
    spoken = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    called = {node.func.attr for node in ast.walk(tree)
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}  # fmt: skip
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    used = {service for service in SERVICES if _speaks_of(service, spoken, path)}
    wanted: set[str] = set()
    for name in spoken | called:
        for action in _operations().get(name, set()):
            if action.partition(":")[0] in used:
                wanted |= PERMISSIONS.get(action, {action})
    if "lambda" in used and "sign" in called:
        wanted |= URL
    if "dynamodb" in used:
        wanted |= {action for word, action in WRITES.items() if word in spoken}
    if OBJECT_LOCK in keywords | spoken:
        wanted.add("s3:PutObjectRetention")
    return frozenset(wanted)


def _speaks_of(service: str, spoken: set[str], path: Path) -> bool:
    """Whether the file makes or is given a client of the service: by name, or as `_dynamo`, `_s3`, `_ecs`…"""
    text = path.read_text("utf-8")
    given = {"dynamodb": ("_dynamo.", "self._table."), "lambda": ("_lambda.",)}.get(service, (f"_{service}.",))
    return service in spoken or any(name in text for name in given)
