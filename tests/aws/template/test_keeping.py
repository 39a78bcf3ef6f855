"""Nothing is lost and nothing lies open: dead-letter queues, encryption, retention, alarms."""

from __future__ import annotations

import pytest

from app.aws.blobs import LEDGERS
from app.settings import load
from tests.aws.aging import HIDDEN_DAYS, LIFECYCLE
from tests.aws.template.deployed import VARIANTS, Deployed

pytestmark = pytest.mark.aws


@pytest.fixture(params=VARIANTS, scope="module")
def deployed(request: pytest.FixtureRequest) -> Deployed:
    return Deployed(**VARIANTS[request.param])


def dead_letter_queues(deployed: Deployed) -> set[str]:
    queues = deployed.of("SQS::Queue")
    behind = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue}
    return {name.removesuffix(".Arn") for name in behind} | {"EventsDeadQueue"}


def test_every_queue_has_a_dead_letter_queue_of_its_kind(deployed: Deployed):
    queues, dead = deployed.of("SQS::Queue"), dead_letter_queues(deployed)
    for name, queue in queues.items():
        if name not in dead:
            behind = queues[queue["RedrivePolicy"]["deadLetterTargetArn"].removesuffix(".Arn")]
            assert behind.get("FifoQueue") == queue.get("FifoQueue")
            assert behind["MessageRetentionPeriod"] == 14 * 86_400


def test_whatever_calls_a_function_has_somewhere_to_put_what_it_could_not_deliver(deployed: Deployed):
    for source in deployed.of("Lambda::EventSourceMapping").values():
        queue = deployed.of("SQS::Queue")[source["EventSourceArn"].removesuffix(".Arn")]
        assert "RedrivePolicy" in queue
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    for rule in deployed.of("Events::Rule").values():
        assert all(target["DeadLetterConfig"]["Arn"] == "EventsDeadQueue.Arn" for target in rule["Targets"])
    for schedule in deployed.of("Scheduler::Schedule").values():
        assert schedule["Target"]["DeadLetterConfig"]["Arn"] == "EventsDeadQueue.Arn"


def test_a_function_called_without_waiting_reports_its_failures(deployed: Deployed):
    called = {target["Arn"] for rule in deployed.of("Events::Rule").values() for target in rule["Targets"]}
    called |= {schedule["Target"]["Arn"] for schedule in deployed.of("Scheduler::Schedule").values()}
    reporting = {
        f"{config['FunctionName']}.Arn"
        for config in deployed.of("Lambda::EventInvokeConfig").values()
        if config["DestinationConfig"]["OnFailure"]["Destination"] == "EventsDeadQueue.Arn"
    }
    assert called == reporting


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_take(deployed: Deployed):
    for source in deployed.of("Lambda::EventSourceMapping").values():
        queue = deployed.of("SQS::Queue")[source["EventSourceArn"].removesuffix(".Arn")]
        function = deployed.of("Lambda::Function")[source["FunctionName"]]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_the_tick_ends_before_the_next_begins(deployed: Deployed):
    assert deployed.of("Lambda::Function")["ScheduleFunction"]["Timeout"] < 60


def test_the_door_answers_before_github_gives_up(deployed: Deployed):
    assert deployed.of("Lambda::Function")["WebhookFunction"]["Timeout"] <= 10


def test_what_is_kept_is_encrypted(deployed: Deployed):
    """DynamoDB and the logs are so without being asked, with keys of AWS's own."""
    for queue in deployed.of("SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
    for bucket in deployed.of("S3::Bucket").values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    for table in deployed.of("DynamoDB::Table").values():
        assert table.get("SSESpecification", {"SSEEnabled": True})["SSEEnabled"]


def test_the_bucket_is_closed_to_the_public_and_without_tls_and_its_blobs_are_written_once(deployed: Deployed):
    (bucket,) = deployed.of("S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (policy,) = deployed.of("S3::BucketPolicy").values()
    plain, replacing = policy["PolicyDocument"]["Statement"]
    assert (plain["Effect"], plain["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (replacing["Effect"], replacing["Principal"], replacing["Action"]) == ("Deny", "*", "s3:PutObject")
    assert replacing["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_the_ledger_outlives_the_stack(deployed: Deployed):
    for name in ("Table", "Bucket"):
        assert deployed.resources[name]["DeletionPolicy"] == "Retain"
        assert deployed.resources[name]["UpdateReplacePolicy"] == "Retain"
    (table,) = deployed.of("DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == "true"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_audit_heads_are_locked_and_nothing_of_the_ledger_expires_before_them(deployed: Deployed):
    (bucket,) = deployed.of("S3::Bucket").values()
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: int(rule["ExpirationInDays"]) for rule in rules if "ExpirationInDays" in rule}
    assert expiring == LIFECYCLE  # neither events that lie in the bucket, nor what older versions stored
    assert not any(LEDGERS.startswith(prefix) for prefix in expiring)
    assert {int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"]) for rule in rules
            if "NoncurrentVersionExpiration" in rule} == {HIDDEN_DAYS}  # fmt: skip


def test_who_writes_heads_locks_them_as_long_as_the_bucket_keeps_them(deployed: Deployed):
    environments = [function["Environment"]["Variables"] for function in deployed.of("Lambda::Function").values()]
    worker = deployed.of("ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"][0]["Environment"]
    environments.append({item["Name"]: item["Value"] for item in worker})
    for environment in environments:
        settings = load({"LAMPLIGHTER_RETENTION_DAYS": environment["LAMPLIGHTER_RETENTION_DAYS"]})
        assert {"blobs/day/": settings.retention_days, "heads/": settings.ledger_days} == LIFECYCLE


def test_every_log_ends(deployed: Deployed):
    groups = deployed.of("Logs::LogGroup")
    assert groups
    assert {int(group["RetentionInDays"]) for group in groups.values()} == {30}
    for function in deployed.of("Lambda::Function").values():
        assert function["LoggingConfig"]["LogGroup"] in groups
    worker = deployed.of("ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"][0]
    assert worker["LogConfiguration"]["Options"]["awslogs-group"] in groups


def test_every_alarm_tells_somebody(deployed: Deployed):
    alarms = deployed.of("CloudWatch::Alarm")
    assert all(alarm["AlarmActions"] == ["AlarmTopic"] for alarm in alarms.values())
    assert all(alarm["AlarmDescription"] for alarm in alarms.values())


def test_what_must_not_go_unseen_rings(deployed: Deployed):
    watched = {(alarm["MetricName"], *(dim["Value"] for dim in alarm["Dimensions"]))
               for alarm in deployed.of("CloudWatch::Alarm").values()}  # fmt: skip
    for queue in dead_letter_queues(deployed):
        assert ("ApproximateNumberOfMessagesVisible", f"{queue}.QueueName") in watched
    for queue in ("JobsQueue", "PublishQueue"):
        assert ("ApproximateAgeOfOldestMessage", f"{queue}.QueueName") in watched
    for metric in ("RunLost", "PublishFailed", "SpendUsd"):
        assert (metric, "lamplighter") in watched
    assert ("Invocations", "ScheduleFunction") in watched


def test_ten_alarms_cost_nothing(deployed: Deployed):
    """The free tier that does not end has ten."""
    assert len(deployed.of("CloudWatch::Alarm")) <= 10


def test_images_cannot_be_changed_under_a_running_version(deployed: Deployed):
    for repository in deployed.of("ECR::Repository").values():
        assert repository["ImageTagMutability"] == "IMMUTABLE"
    for name in deployed.of("ECS::TaskDefinition"):
        assert deployed.resources[name]["UpdateReplacePolicy"] == "Retain"
