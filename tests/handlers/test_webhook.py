"""The webhook's function: a signed delivery becomes one message, whatever AWS does meanwhile."""

from __future__ import annotations

import base64
import json

import pytest

from app.jobs.job import Job
from app.webhooks.signature import sign
from tests.handlers.conftest import sample

pytestmark = pytest.mark.aws

NAME = "lamplighter/webhook"


@pytest.fixture
def webhook(aws, face, cold_start):
    aws.clients.get("secretsmanager").create_secret(Name=NAME, SecretString="old-secret new-secret")
    cloud = aws.cloud
    module = cold_start(
        "webhook",
        **face.environment(),
        LAMPLIGHTER_TABLE=cloud.table,
        LAMPLIGHTER_JOBS_QUEUE_URL=cloud.jobs_queue_url,
        LAMPLIGHTER_WEBHOOK_SECRET=f"secretsmanager:{NAME}",
    )
    yield module
    module._DOOR.close()


def signed(event: dict, secret: str = "new-secret", **headers: str) -> dict:
    body = event["body"].encode()
    return event | {"headers": event["headers"] | {"x-hub-signature-256": sign(body, secret)} | headers}


def jobs(aws) -> list[Job]:
    from app.aws.queue import SqsQueue

    queue, found = SqsQueue(aws.clients, aws.cloud.jobs_queue_url), []
    while messages := queue.receive():
        for message in messages:
            assert message.group == "700001#7"
            found.append(Job.from_json(message.body))
            queue.ack(message)
    return found


def asked(face) -> list[str]:
    calls = [name for name, _ in face.calls]
    face.calls.clear()
    return calls


def test_signed_delivery_is_one_message_after_two_calls(webhook, aws, face):
    assert asked(face) == ["secretsmanager.GetSecretValue"]  # while it started
    answer = webhook.handler(signed(sample("webhook.labeled")), None)
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["decision"] == "start"
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["headers"]["cache-control"] == "no-store"
    assert sorted(asked(face)) == ["dynamodb.TransactWriteItems", "sqs.SendMessage"]  # at once, so in any order
    assert [job.source.title for job in jobs(aws)] == ["Mean of an empty list divides by zero"]


def test_redelivery_changes_nothing(webhook, aws, face):
    for _ in range(3):
        answer = webhook.handler(signed(sample("webhook.labeled")), None)
    assert json.loads(answer["body"])["decision"] == "duplicate"
    assert len(jobs(aws)) == 1


def test_unwanted_event_asks_aws_for_nothing(webhook, face):
    asked(face)
    answer = webhook.handler(signed(sample("webhook.labeled"), **{"x-github-event": "push"}), None)
    assert (answer["statusCode"], json.loads(answer["body"])["decision"]) == (202, "ignore")
    assert asked(face) == []


def test_both_secrets_open_during_a_rotation_and_no_other(webhook):
    for secret, status in [("old-secret", 202), ("new-secret", 202), ("older", 401), ("", 401)]:
        assert webhook.handler(signed(sample("webhook.labeled"), secret), None)["statusCode"] == status


def test_rotated_secret_counts_after_five_minutes_without_a_deploy(webhook, aws):
    aws.clients.get("secretsmanager").put_secret_value(SecretId=NAME, SecretString="next-secret")
    assert webhook.handler(signed(sample("webhook.labeled"), "next-secret"), None)["statusCode"] == 401
    webhook._DOOR._secrets._until = 0.0  # five minutes later
    assert webhook.handler(signed(sample("webhook.labeled"), "next-secret"), None)["statusCode"] == 202
    assert webhook.handler(signed(sample("webhook.labeled"), "old-secret"), None)["statusCode"] == 401


def test_secret_that_cannot_be_read_again_stays_in_use(webhook, aws):
    webhook._DOOR._secrets._until = 0.0
    aws.is_away("secretsmanager", times=99)
    assert webhook.handler(signed(sample("webhook.labeled")), None)["statusCode"] == 202


def test_base64_and_odd_header_case_are_read(webhook):
    event = signed(sample("webhook.labeled"))
    event["headers"] = {name.title(): value for name, value in event["headers"].items()}
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    assert webhook.handler(event, None)["statusCode"] == 202


@pytest.mark.parametrize("broken", [{"body": "%%%", "isBase64Encoded": True}, {"body": "\ud800"}])
def test_unreadable_body_is_400(webhook, broken):
    assert webhook.handler(signed(sample("webhook.labeled")) | broken, None)["statusCode"] == 400


def test_other_paths_and_methods(webhook):
    event = signed(sample("webhook.labeled"))
    get = event["requestContext"] | {"http": {"method": "GET"}}
    assert webhook.handler(event | {"rawPath": "/"}, None)["statusCode"] == 404
    refused = webhook.handler(event | {"requestContext": get}, None)
    assert (refused["statusCode"], refused["headers"]["allow"]) == (405, "POST")
    healthy = webhook.handler(sample("web.healthz"), None)
    assert (healthy["statusCode"], healthy["body"]) == (200, '{"status": "ok"}')


@pytest.mark.parametrize("event", [{}, {"headers": None, "body": None}, {"requestContext": 3}, {"headers": []}])
def test_what_no_function_url_sends_is_answered_too(webhook, event):
    assert webhook.handler(event, None)["statusCode"] in {404, 503}


# ---------------------------------------------------------------- bad days


def test_sqs_away_is_503_and_the_redelivery_is_not_swallowed(webhook, aws):
    aws.is_away("sqs", "SendMessage", times=4 * 4)
    answer = webhook.handler(signed(sample("webhook.labeled")), None)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "30")
    assert "boto" not in answer["body"] and "sqs" not in answer["body"].lower()
    aws.faults.clear()
    assert json.loads(webhook.handler(signed(sample("webhook.labeled")), None)["body"])["decision"] == "start"
    assert len(jobs(aws)) == 1


def test_dynamodb_throttled_for_a_moment_is_not_noticed(webhook, aws):
    aws.throttles("dynamodb", "TransactWriteItems", times=4)  # boto3, which stands behind the face, asks four times
    assert webhook.handler(signed(sample("webhook.labeled")), None)["statusCode"] == 202
    assert len(jobs(aws)) == 1


@pytest.mark.parametrize("service, action", [("dynamodb", "TransactWriteItems"), ("sqs", "SendMessage")])
def test_an_answer_that_was_lost_doubles_nothing(webhook, aws, service, action):
    aws.loses_the_answer(service, action, times=1)
    assert json.loads(webhook.handler(signed(sample("webhook.labeled")), None)["body"])["decision"] == "start"
    assert len(jobs(aws)) == 1


def test_secret_away_from_the_start_is_503(aws, face, cold_start, capsys):
    module = cold_start(
        "webhook",
        **face.environment(),
        LAMPLIGHTER_TABLE=aws.cloud.table,
        LAMPLIGHTER_JOBS_QUEUE_URL=aws.cloud.jobs_queue_url,
        LAMPLIGHTER_WEBHOOK_SECRET="secretsmanager:nobody-made-this",
    )
    answer = module.handler(signed(sample("webhook.labeled")), None)
    module._DOOR.close()
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "30")
    assert "nobody-made-this" not in answer["body"]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["action"] for line in lines] == ["door.not_warm", "webhook.not_answered"]


def test_no_line_of_the_log_holds_a_secret(webhook, capsys):
    webhook.handler(signed(sample("webhook.labeled")), None)
    webhook.handler(signed(sample("webhook.labeled"), "older"), None)
    printed = capsys.readouterr()
    assert "old-secret" not in printed.err + printed.out
    assert "receive.decided" in printed.err
