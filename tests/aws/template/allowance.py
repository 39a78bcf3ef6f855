"""IAM in small: what a request asks for, and whether a role of the template may. Only what our roles are written in.

Names stand for resources as in `deployed`: a table of the emulated account is `Table.Arn`, a queue `JobsQueue.Arn`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.aws import account
from tests.aws.template.deployed import Deployed, Statement, statements

QUEUES = {"jobs.fifo": "JobsQueue.Arn", "publish.fifo": "PublishQueue.Arn"}
ECS = "arn:aws:ecs:eu-central-1:111122223333"
_ONE_KEY = {"GetItem": "Key", "DeleteItem": "Key", "UpdateItem": "Key", "PutItem": "Item"}
_WRITES = {"Put": ("PutItem", "Item"), "Update": ("UpdateItem", "Key"), "Delete": ("DeleteItem", "Key"),
           "ConditionCheck": ("ConditionCheckItem", "Key")}  # fmt: skip

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_READ = {"pk", "sk", "seq", "digest", "owner", "expires_at", "mark", "content"}  # by the conditions of our writes


class Ask(NamedTuple):
    """One permission that a request needs, with the keys that conditions look at."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} with {dict(self.context)}"


def asks(service: str, operation: str, request: Any) -> Iterator[Ask]:
    """What a request (botocore's, before it is sent) asks for."""
    if service == "s3":
        yield from _s3(request)
        return
    if service == "sts":
        yield from _sts(operation, request)
        return
    said = json.loads(request.body or b"{}")
    if operation == "Scan":
        yield Ask("dynamodb:Scan", "Table.Arn", {})
    elif service == "dynamodb":
        yield from _dynamodb(operation, said)
    elif service == "sqs":
        yield Ask(f"sqs:{operation}", QUEUES[said["QueueUrl"].rpartition("/")[2]], {})
    else:
        raise AssertionError(f"nobody here knows what {service}:{operation} asks for")


def session_tags(said: Mapping[str, str]) -> dict[str, str]:
    """Of an AssumeRole, from its form's fields."""
    names = [name for name in said if name.startswith("Tags.member.") and name.endswith(".Key")]
    return {said[name]: said[f"{name.removesuffix('.Key')}.Value"] for name in names}


def form(body: bytes | str) -> dict[str, str]:
    """The fields of a request of the query protocol."""
    text = body.decode() if isinstance(body, bytes) else body
    return {name: values[0] for name, values in parse_qs(text).items()}


def _sts(operation: str, request: Any) -> Iterator[Ask]:
    said = form(request.body)
    tags = session_tags(said)
    asked = {f"aws:RequestTag/{name}": (value,) for name, value in tags.items()} | {"aws:TagKeys": tuple(tags)}
    for action in [operation, *(["TagSession"] if tags else [])]:
        yield Ask(f"sts:{action}", f"{said['RoleArn'].rpartition('/')[2]}.Arn", asked)


def _keys(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"dynamodb:LeadingKeys": (item["pk"]["S"],)}


def _attributes(said: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The names that a write is about, and those that its condition reads."""
    names = set(said.get("Item") or said.get("Key") or ())
    read = set(re.findall(r"\b[a-z_]+\b", said.get("ConditionExpression", ""))) & _READ
    return {"dynamodb:Attributes": tuple(sorted(names | read))}


def _dynamodb(operation: str, said: Mapping[str, Any]) -> Iterator[Ask]:
    if operation == "TransactWriteItems":
        for write in said["TransactItems"]:
            ((kind, inside),) = write.items()
            action, where = _WRITES[kind]
            yield Ask(f"dynamodb:{action}", "Table.Arn", _keys(inside[where]) | _attributes(inside))
    elif operation == "BatchGetItem":
        (asked,) = said["RequestItems"].values()
        for key in asked["Keys"]:
            yield Ask("dynamodb:BatchGetItem", "Table.Arn", _keys(key))
    elif operation == "Query":
        index = f"/index/{said['IndexName']}" if "IndexName" in said else ""
        yield Ask("dynamodb:Query", f"Table.Arn{index}", _keys({"pk": said["ExpressionAttributeValues"][":pk"]}))
    else:
        yield Ask(f"dynamodb:{operation}", "Table.Arn", _keys(said[_ONE_KEY[operation]]) | _attributes(said))


def _s3(request: Any) -> Iterator[Ask]:
    place = urlsplit(request.url)
    path = unquote(place.path).lstrip("/").removeprefix(f"{account.BUCKET}").lstrip("/")
    headers = {str(name).lower() for name in request.headers}
    if not path:
        query = parse_qs(place.query, keep_blank_values=True)
        prefix = {"s3:prefix": tuple(query["prefix"])} if "prefix" in query else {}
        yield Ask("s3:ListBucketVersions" if "versions" in query else "s3:ListBucket", "Bucket.Arn", prefix)
        return
    resource = f"Bucket.Arn/{path}"
    context = {"s3:if-none-match": ("*",)} if "if-none-match" in headers else {}
    yield Ask(
        {"PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}.get(request.method, "s3:GetObject"), resource, context
    )
    if "x-amz-object-lock-retain-until-date" in headers:
        yield Ask("s3:PutObjectRetention", resource, {})


def ecs_asks(action: str, said: Mapping[str, Any], tags: Mapping[str, Mapping[str, str]]) -> Iterator[Ask]:
    """The same for ECS; `tags` are those of the tasks there are, by ARN."""
    where: dict[str, tuple[str, ...]] = {"ecs:cluster": ("Cluster.Arn",)}
    if action == "RunTask":
        family = said["taskDefinition"].rpartition("/")[2].partition(":")[0]
        yield Ask("ecs:RunTask", f"{ECS}:task-definition/{family}:1", where)
        roles = ("WorkerRole", "WorkerStartRole") if family.endswith("worker") else ("SandboxStartRole",)
        for role in roles:
            yield Ask("iam:PassRole", f"{role}.Arn", {"iam:PassedToService": ("ecs-tasks.amazonaws.com",)})
        if said.get("tags"):
            yield Ask("ecs:TagResource", f"{ECS}:task/Cluster/1", {"ecs:CreateAction": ("RunTask",)})
    elif action == "ListTasks":
        yield Ask("ecs:ListTasks", "*", where)
    else:
        for arn in said.get("tasks") or [said["task"]]:
            own = {f"aws:ResourceTag/{key}": (value,) for key, value in tags.get(arn, {}).items()}
            yield Ask(f"ecs:{action}", f"{ECS}:task/Cluster/1", where | own)


def trusts(deployed: Deployed, role: str, by: str, ask: Ask) -> bool:
    """Whether a role may be taken by another of the template, as its own trust policy says."""
    document = deployed.of("IAM::Role")[role]["AssumeRolePolicyDocument"]
    return any(
        ask.action in statement.actions
        and statement.principal == {"AWS": f"{by}.Arn"}
        and _holds(statement, ask.context)
        for statement in statements(document)
    )


def is_allowed(deployed: Deployed, role: str, ask: Ask) -> bool:
    return any(
        ask.action in statement.actions
        and any(fnmatchcase(ask.resource, pattern) for pattern in _filled(statement.resources, ask.context))
        and _holds(statement, ask.context)
        for statement in deployed.allowed(role)
    )


def _filled(texts: Iterable[str], context: Mapping[str, tuple[str, ...]]) -> list[str]:
    """With the policy variables' values; without those whose value the request does not tell, which match nothing."""
    found = []
    for text in texts:
        names = _VARIABLE.findall(text)
        if all(len(context.get(name, ())) == 1 for name in names):
            found.append(_VARIABLE.sub(lambda match: context[match[1]][0], text))
    return found


def _holds(statement: Statement, context: Mapping[str, tuple[str, ...]]) -> bool:
    for operator, wanted in statement.condition.items():
        for key, value in wanted.items():
            found = context.get(key, ())
            values = _filled([value] if isinstance(value, str) else value, context)
            if operator == "Null":
                holds = bool(found) != (value == "true")
            elif operator == "ForAllValues:StringLike":
                holds = all(any(fnmatchcase(one, pattern) for pattern in values) for one in found)
            elif operator == "ForAllValues:StringEquals":
                holds = set(found) <= set(values)
            elif operator in {"StringEquals", "ArnEquals", "Bool"}:
                holds = bool(found) and set(found) <= set(values)
            elif operator == "StringLike":
                holds = bool(found) and all(any(fnmatchcase(one, pattern) for pattern in values) for one in found)
            else:
                raise AssertionError(f"the condition {operator} is not known here")
            if not holds:
                return False
    return True
