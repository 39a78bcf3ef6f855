"""What a request costs, in the units AWS counts: DynamoDB's read and write units, requests of SQS and S3."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

KILOBYTE = 1024


def units(service: str, operation: str, request: Any) -> Counter[str]:
    """Of one request; sizes are those of its JSON, which is a little more than DynamoDB counts."""
    if service == "s3":
        return Counter({"s3_puts" if request.method in {"PUT", "POST"} or "versions" in request.url else "s3_gets": 1})
    if service == "sts":
        return Counter()  # costs nothing, and is no JSON
    said = json.loads(request.body or b"{}")
    if service == "sqs":
        return Counter({"sqs_requests": 1})
    if service != "dynamodb":
        return Counter()
    if operation == "TransactWriteItems":
        return Counter(
            {"write_units": sum(2 * _write(write) for item in said["TransactItems"] for write in item.values())}
        )
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return Counter({"write_units": _write(said)})
    if operation == "BatchGetItem":
        return Counter({"read_units": sum(len(asked["Keys"]) for asked in said["RequestItems"].values())})
    return Counter({"read_units": 1.0 if said.get("ConsistentRead") else 0.5})


def _write(write: Mapping[str, Any]) -> int:
    """One unit for each kilobyte begun, and one for each index the item is in."""
    item = write.get("Item") or write.get("Key") or {}
    size = sum(len(name) + len(json.dumps(value)) - len('{"S": ""}') for name, value in item.items())
    indexes = sum(f"gsi{number}pk" in item for number in (1, 2))
    return max(1, math.ceil(size / KILOBYTE)) + indexes
