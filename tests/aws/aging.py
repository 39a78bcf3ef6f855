"""What AWS deletes by itself as time passes: objects by the bucket's lifecycle rules, items by their TTL.

A lifecycle rule takes an object at the first midnight (UTC) after its days are over, and on a versioned bucket it only
hides it. DynamoDB deletes an item within 48 hours after its end; the stand-in waits for as long as it may.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.aws import items
from app.settings.retention_days import LEDGERS, REST
from tests.aws.emulator import Emulator

# The rules of template.yaml that hide objects, with the values its parameters have by default.
HIDDEN_DAYS = 30  # after which what was hidden is deleted
LIFECYCLE = {"blobs/day/": REST, "heads/": LEDGERS}
_TTL_LATE_SECONDS = 48 * 3600


def age(aws: Emulator) -> None:
    """Let everything go whose time is over by the held clock."""
    assert aws.clock is not None
    now = aws.clock.now()
    s3, dynamo = aws.clients.get("s3"), aws.clients.get("dynamodb")
    for prefix, days in LIFECYCLE.items():
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=aws.cloud.bucket, Prefix=prefix)
        for item in [item for page in pages for item in page.get("Contents", [])]:
            if now >= _midnight_after(item["LastModified"] + timedelta(days=days)):
                s3.delete_object(Bucket=aws.cloud.bucket, Key=item["Key"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=aws.cloud.bucket):
        over = {marker["Key"] for marker in page.get("DeleteMarkers", [])
                if now >= _midnight_after(marker["LastModified"] + timedelta(days=HIDDEN_DAYS))}  # fmt: skip
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if version["Key"] in over:
                s3.delete_object(Bucket=aws.cloud.bucket, Key=version["Key"], VersionId=version["VersionId"])
    late = now.timestamp() - _TTL_LATE_SECONDS
    for page in dynamo.get_paginator("scan").paginate(TableName=aws.cloud.table):
        for row in page["Items"]:
            if items.TTL_ATTRIBUTE in row and float(row[items.TTL_ATTRIBUTE]["N"]) < late:
                dynamo.delete_item(TableName=aws.cloud.table, Key={"pk": row["pk"], "sk": row["sk"]})


def _midnight_after(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == moment else day + timedelta(days=1)
