"""What AWS deletes by itself as time passes: objects by the bucket's lifecycle rules, items by their TTL.

A lifecycle rule takes an object at the first midnight (UTC) after its days are over, and on a versioned bucket it only
hides it. DynamoDB deletes an item within 48 hours after its end; the stand-in waits for as long as it may.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeDeleteMarker, s3_backends

from app.aws import items
from app.settings.retention_days import LEDGERS, REST
from tests.aws.emulator import REGION, Emulator

# The rules of template.yaml that hide objects, with the values its parameters have by default.
HIDDEN_DAYS = 30  # after which what was hidden is deleted
LIFECYCLE = {"blobs/day/": REST, "heads/": LEDGERS}
_TTL_LATE_SECONDS = 48 * 3600


def age(aws: Emulator) -> None:
    """Let everything go whose time is over by the held clock."""
    assert aws.clock is not None
    now = aws.clock.now()
    s3, dynamo = aws.clients.get("s3"), aws.clients.get("dynamodb")
    name = aws.cloud.bucket
    objects = (
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[name].keys
    )  # asked as moto keeps it: stories age for months
    for key, versions in list(objects.iterlists()):
        days = next((days for prefix, days in LIFECYCLE.items() if key.startswith(prefix)), None)
        is_there = not isinstance(versions[-1], FakeDeleteMarker)
        if days is not None and is_there and now >= _midnight_after(_written(versions[-1]) + timedelta(days=days)):
            s3.delete_object(Bucket=name, Key=key)
    for key, versions in list(objects.iterlists()):
        markers = [version for version in versions if isinstance(version, FakeDeleteMarker)]
        if any(now >= _midnight_after(_written(marker) + timedelta(days=HIDDEN_DAYS)) for marker in markers):
            for version in [*(version for version in versions if version not in markers), *markers]:
                s3.delete_object(Bucket=name, Key=key, VersionId=version.version_id)
    late = now.timestamp() - _TTL_LATE_SECONDS
    for item in dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[aws.cloud.table].all_items():
        ends = item.attrs.get(items.TTL_ATTRIBUTE)
        if ends is not None and float(ends.value) < late:
            row = {"pk": item.hash_key.to_json(), "sk": item.range_key.to_json()}
            dynamo.delete_item(TableName=aws.cloud.table, Key=row)


def _written(version: Any) -> datetime:
    """To the second, as S3 tells it; moto keeps UTC without saying so."""
    moment: datetime = version.last_modified
    return moment.replace(microsecond=0, tzinfo=UTC)


def _midnight_after(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == moment else day + timedelta(days=1)
