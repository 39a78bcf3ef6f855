"""An account of AWS in this process, and handlers imported anew into it, as a cold start would."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from pathlib import Path

import pytest

from app import log
from tests.aws.account import parts_in_environment
from tests.clock import HeldClock

EVENTS = Path(__file__).parents[2] / "events" / "lambda"


def sample(name: str) -> dict:
    """An event of events/lambda."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def aws(clock):
    from tests.aws.emulator import emulated

    with emulated(clock) as account:
        yield account


@pytest.fixture
def face(aws):
    from tests.aws.face import Face

    face = Face(aws)
    yield face
    face.close()


@pytest.fixture
def cold_start(monkeypatch):
    """`cold_start("webhook", NAME=value)`: the handler module, imported with this environment."""

    def start(name: str, **env: str):
        for key, value in env.items():
            monkeypatch.setenv(key, value)
        sys.modules.pop(f"handlers.{name}", None)
        return importlib.import_module(f"handlers.{name}")

    sinks = list(log._sinks)
    yield start
    logging.Logger.manager.loggerDict.pop("lamplighter", None)  # it writes to the stream of the test that made it
    log._sinks[:] = sinks
    for name in [name for name in sys.modules if name.startswith("handlers.")]:
        del sys.modules[name]


class Context:
    """What Lambda hands a handler besides the event."""

    function_name = "lamplighter-function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:lamplighter-function"
    aws_request_id = "6f1a6a4e-2f0b-4f3a-9f0e-0f2f5a7c1b11"

    def __init__(self, left_seconds: float = 60.0) -> None:
        self.left_seconds = left_seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left_seconds * 1000)


class Cloud:
    """An account with ECS in small, a GitHub over HTTP, and the handlers' environment.

    `feed` does what Lambda's event source does: a batch from the queue, and what is not reported as failed is deleted.
    """

    def __init__(self, folder: Path, account, monkeypatch, cold_start) -> None:
        import sys as system

        from app.simulator import Simulator
        from tests.aws.ecs import Ecs
        from tests.aws.tasks import Definition
        from tests.scenarios import stories

        self.aws, self._cold_start = account, cold_start
        self.ecs = Ecs(folder / "ecs")
        self.ecs.define(
            "lamplighter-worker", Definition(command=[system.executable, "-c", "import time; time.sleep(60)"])
        )
        self.github = Simulator(folder / "github")
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        self.issue = self.github.maintainer.open_issue(self.repo, "Mean of nothing", body="It divides by zero.")
        url, cloud, app = self.github.serve(), account.cloud, self.github.app
        secrets = account.clients.get("secretsmanager")
        secrets.create_secret(Name="app-key", SecretString=app.private_key)
        secrets.create_secret(Name="webhook", SecretString=app.webhook_secret)
        for name, value in {
            "AWS_ENDPOINT_URL_ECS": self.ecs.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "POWERTOOLS_SERVICE_NAME": "lamplighter",
            "POWERTOOLS_METRICS_NAMESPACE": "Lamplighter",
            "LAMPLIGHTER_PLATFORM": "aws",
            "LAMPLIGHTER_HOME": str(folder / "home"),
            "LAMPLIGHTER_GITHUB_URL": url,
            "LAMPLIGHTER_GITHUB_API_URL": f"{url}/api/v3",
            "LAMPLIGHTER_APP_ID": str(app.id),
            "LAMPLIGHTER_APP_SLUG": app.slug,
            "LAMPLIGHTER_PRIVATE_KEY": "secretsmanager:app-key",
            "LAMPLIGHTER_WEBHOOK_SECRET": "secretsmanager:webhook",
            "LAMPLIGHTER_RUN_ROLE": "arn:aws:iam::111122223333:role/lamplighter-RunRole-1A2B3C4D5E6F",
            "LAMPLIGHTER_WORKER_ROLE": "arn:aws:iam::111122223333:role/lamplighter-WorkerRole-1A2B3C4D5E6F",
            **parts_in_environment(cloud),
        }.items():
            monkeypatch.setenv(name, value)

    def function(self, name: str):
        """A handler module, fresh from a cold start."""
        return self._cold_start(name)

    def label(self) -> None:
        """A maintainer labels the issue, and the door takes the delivery in."""
        from app import settings, wiring
        from app.receive import Delivery

        platform = wiring.platform(settings.load()._replace(webhook_secrets=(self.github.app.webhook_secret,)))

        def deliver(sent):
            headers = {name.lower(): value for name, value in sent.headers.items()}
            answer = wiring.door(platform)(Delivery(headers=headers, body=sent.body))
            return answer.status, json.dumps(dict(answer.body))

        self.github.deliver = deliver
        self.github.maintainer.label(self.issue, "agent-fix")
        self.github.deliver_pending()

    def batch(self, queue_url: str, most: int = 10) -> dict:
        """The event that Lambda would hand over."""
        sqs = self.aws.clients.get("sqs")
        got = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=most, AttributeNames=["All"])
        return {"Records": [_record(raw, queue_url) for raw in got.get("Messages", [])]}

    def feed(self, handler, queue_url: str, context: Context | None = None) -> tuple[int, list[str]]:
        """(messages taken, those that failed)."""
        event = self.batch(queue_url)
        if not event["Records"]:
            return 0, []
        failed = [item["itemIdentifier"] for item in handler(event, context or Context())["batchItemFailures"]]
        for record in event["Records"]:
            if record["messageId"] not in failed:
                self.aws.clients.get("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"])
        return len(event["Records"]), failed

    def send(self, queue_url: str, body: str, *, group: str = "g") -> None:
        self.aws.clients.get("sqs").send_message(
            QueueUrl=queue_url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=str(hash((body, group)))
        )

    def close(self) -> None:
        self.ecs.close()
        self.github.close()


def _record(raw: dict, queue_url: str) -> dict:
    return {
        "messageId": raw["MessageId"],
        "receiptHandle": raw["ReceiptHandle"],
        "body": raw["Body"],
        "attributes": raw["Attributes"],
        "messageAttributes": {},
        "md5OfBody": raw["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue_url.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }


@pytest.fixture
def cloud(tmp_path, monkeypatch, cold_start):
    from tests.aws.emulator import emulated

    with emulated() as account:  # on the machine's time, as the handlers are
        cloud = Cloud(tmp_path, account, monkeypatch, cold_start)
        yield cloud
        cloud.close()
