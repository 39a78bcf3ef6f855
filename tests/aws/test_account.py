"""The emulated account has the shapes that the template makes."""

from __future__ import annotations

import pytest

from app.jobs.job import MOST_ATTEMPTS
from tests.aws import account
from tests.aws.template.deployed import Deployed

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    return Deployed(AppId="7")


def test_the_table(deployed, aws):
    (table,) = deployed.of("DynamoDB::Table").values()
    assert {name: table[name] for name in account.TABLE_SHAPE} == account.TABLE_SHAPE
    found = aws.clients.get("dynamodb").describe_time_to_live(TableName=account.TABLE)["TimeToLiveDescription"]
    assert found["AttributeName"] == table["TimeToLiveSpecification"]["AttributeName"]


def test_the_bucket(deployed, aws):
    (bucket,) = deployed.of("S3::Bucket").values()
    found = aws.clients.get("s3").get_object_lock_configuration(Bucket=account.BUCKET)["ObjectLockConfiguration"]
    assert bucket["ObjectLockEnabled"] is True
    assert found["ObjectLockEnabled"] == "Enabled"
    versioning = aws.clients.get("s3").get_bucket_versioning(Bucket=account.BUCKET)["Status"]
    assert bucket["VersioningConfiguration"]["Status"] == versioning


@pytest.mark.parametrize(("name", "logical"), [("jobs", "JobsQueue"), ("publish", "PublishQueue")])
def test_the_queues(deployed, aws, name, logical):
    wanted = deployed.of("SQS::Queue")[logical]
    url = getattr(aws.cloud, f"{name}_queue_url")
    found = aws.clients.get("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert wanted["FifoQueue"] is (found["FifoQueue"] == "true")
    assert wanted["RedrivePolicy"]["maxReceiveCount"] == MOST_ATTEMPTS
    assert str(wanted["VisibilityTimeout"]) == found["VisibilityTimeout"]
    assert "ContentBasedDeduplication" not in wanted
