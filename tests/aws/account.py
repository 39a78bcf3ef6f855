"""What template.yaml makes, as API calls: table, bucket, queues."""

from __future__ import annotations

import json
from typing import Any

from app.aws import items
from app.aws.clients import Clients
from app.jobs.job import MOST_ATTEMPTS
from app.settings import Cloud

TABLE, BUCKET, CLUSTER = "lamplighter", "lamplighter-state", "lamplighter"

_STRINGS = ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
TABLE_SHAPE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in _STRINGS],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": name,
            "KeySchema": [
                {"AttributeName": f"{prefix}pk", "KeyType": "HASH"},
                {"AttributeName": f"{prefix}sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for name, prefix in ((items.BY_ACTIVITY, "gsi1"), (items.UNPUBLISHED, "gsi2"))
    ],
}
QUEUES = {"jobs": "jobs.fifo", "publish": "publish.fifo"}


def furnish(clients: Clients, *, max_attempts: int = MOST_ATTEMPTS) -> Cloud:
    """Make the parts of the data side; the names of the others are given, for whoever makes them."""
    urls = {name: _queue(clients, name, max_attempts) for name in QUEUES}
    dynamo = clients.get("dynamodb")
    dynamo.create_table(TableName=TABLE, **TABLE_SHAPE)
    dynamo.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": items.TTL_ATTRIBUTE}
    )
    clients.get("s3").create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    return Cloud(
        jobs_queue_url=urls["jobs"],
        publish_queue_url=urls["publish"],
        table=TABLE,
        bucket=BUCKET,
        cluster=CLUSTER,
        worker_task="lamplighter-worker",
        worker_subnets=("subnet-worker",),
        worker_security_group="sg-worker",
        sandbox_tasks=(("default", "lamplighter-sandbox"),),
        sandbox_subnets=("subnet-sandbox",),
        sandbox_security_group="sg-sandbox",
        tokens_function="lamplighter-tokens",
    )


def parts_in_environment(cloud: Cloud) -> dict[str, str]:
    """The variables by which template.yaml names these parts to what runs on them."""
    return {
        "LAMPLIGHTER_JOBS_QUEUE_URL": cloud.jobs_queue_url,
        "LAMPLIGHTER_PUBLISH_QUEUE_URL": cloud.publish_queue_url,
        "LAMPLIGHTER_TABLE": cloud.table,
        "LAMPLIGHTER_BUCKET": cloud.bucket,
        "LAMPLIGHTER_CLUSTER": cloud.cluster,
        "LAMPLIGHTER_WORKER_TASK": cloud.worker_task,
        "LAMPLIGHTER_WORKER_SUBNETS": " ".join(cloud.worker_subnets),
        "LAMPLIGHTER_WORKER_SECURITY_GROUP": cloud.worker_security_group,
    }


def _queue(clients: Clients, name: str, max_attempts: int) -> str:
    sqs = clients.get("sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": max_attempts})
    url: str = sqs.create_queue(
        QueueName=QUEUES[name], Attributes={"FifoQueue": "true", "RedrivePolicy": redrive, "VisibilityTimeout": "360"}
    )["QueueUrl"]
    return url
