"""The deployed cloud: the real template on ministack, the packed functions, workers and sandboxes as processes.

What is not AWS's own here: ECS (a stand-in that starts processes, because the emulator starts none), GitHub (the
simulator over HTTP), the model (a stand-in for the Messages API). The template is changed in what `adapted` says.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import Credentials

from app.aws.clients import Clients
from app.aws.sandbox_tasks import PORT
from app.aws.store import DynamoStore
from app.ledger import verify_chain
from app.local.clock import SystemClock
from app.simulator import Simulator
from app.simulator.deliveries import Delivery
from tests.aws.ecs import Ecs
from tests.aws.end_to_end.adaptation import adapted
from tests.aws.end_to_end.ministack import PROGRAM, REGION, Ministack
from tests.aws.functions import FunctionUrl
from tests.aws.identities import Identities, Principal
from tests.aws.tasks import Definition, Task
from tests.aws.template.deployed import ROOT, _translated
from tests.contracts.model.messages_api import MessagesApi
from tests.ports import free_port
from tests.scenarios import stories
from tests.waiting import until

STACK, ACCOUNT = "lamplighter", "000000000000"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def pack(folder: Path) -> None:
    """Build the functions as `make build` does, for the Python that the emulator runs them in: its own, not 3.13."""
    asked = [str(PROGRAM.with_name("python")), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(asked, check=True, timeout=60, capture_output=True, text=True).stdout.strip()
    command = [sys.executable, "infra/build.py", "--architecture", ARCHITECTURE, "--python", version]
    subprocess.run([*command, "--into", str(folder)], cwd=ROOT, check=True, timeout=180, stdout=subprocess.DEVNULL)


class Deployment:
    """One deployment below one folder; `close` ends every process."""

    def __init__(self, folder: Path, packed: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        try:
            self._start(folder, packed)
        except BaseException:
            self.close()
            raise

    def _start(self, folder: Path, packed: Path) -> None:
        self.github = Simulator(folder / "github", webhook_secret=secrets.token_hex(20))
        self._stack.callback(self.github.close)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT)
        self.github.serve()
        self.model = MessagesApi()
        self._stack.callback(self.model.close)
        self.ecs = Ecs(folder / "ecs", account=ACCOUNT, region=REGION)
        self._stack.callback(self.ecs.close)
        (folder / "aws").mkdir()
        self.aws = Ministack(folder / "aws", {"AWS_ENDPOINT_URL_ECS": self.ecs.url})
        self._stack.callback(self.aws.close)
        self._deploy(packed)
        self._roles: dict[str, Principal] = {}
        self.identities = Identities(time.time)
        self.broker = FunctionUrl(self.identities, lambda event: self.aws.invoke(self.parts["TokensFunction"], event))
        self._stack.callback(self.broker.close)
        self._let_in("WorkerRole")
        self.ecs.credentials = self._credentials
        self._define_tasks()
        self.ecs.on_stopped = self._stopped
        self.github.deliver = self._deliver

    def _deploy(self, packed: Path) -> None:
        vault = self.aws.client("secretsmanager")
        for name, value in {
            "lamplighter/app-key": self.github.app.private_key,
            "lamplighter/webhook-secret": self.github.app.webhook_secret,
            "lamplighter/anthropic-api-key": "sk-not-a-real-key",
        }.items():
            vault.create_secret(Name=name, SecretString=value)
        for name in ("webhook.zip", "functions.zip"):
            self.aws.upload(f"dist/{name}", (packed / name).read_bytes())
        template = adapted(json.loads(_translated(ROOT / "template.yaml")))
        self.outputs = self.aws.deploy(
            STACK,
            json.dumps(template),
            {
                "AppId": str(self.github.app.id),
                "AppSlug": self.github.app.slug,
                "Architecture": ARCHITECTURE,
                "GitHubUrl": self.github.html_url,
                "GitHubApiUrl": self.github.api_url,
                "ModelBaseUrl": self.model.url,
            },
        )
        self.parts = self.aws.resources(STACK)
        locked = {"ObjectLockEnabled": "Enabled"}  # the template says so, and the emulator does not listen
        self.aws.client("s3").put_object_lock_configuration(Bucket=self.parts["Bucket"], ObjectLockConfiguration=locked)

    # ------------------------------------------------------------ ECS

    def _define_tasks(self) -> None:
        """The template's task definitions, with a process's command in place of an image."""
        egress_port = free_port()  # a machine's tests share its ports as tasks do not
        self.ecs.cluster = self.parts["Cluster"]
        self.ecs.define(
            f"{STACK}-worker",
            Definition(
                command=(sys.executable, "-P", "-m", "app.cli"),
                environment={
                    **self._environment("worker"),
                    "LAMPLIGHTER_TOKENS_URL": self.broker.url,
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "LAMPLIGHTER_HOME": str(self.folder / "worker"),  # /work in the container
                    "LAMPLIGHTER_EGRESS_PORT": str(egress_port),
                    "AWS_ENDPOINT_URL": self.aws.url,
                    "AWS_ENDPOINT_URL_ECS": self.ecs.url,
                    "AWS_REGION": REGION,
                    "AWS_DEFAULT_REGION": REGION,
                },
            ),
        )
        self.ecs.define(
            f"{STACK}-sandbox",
            Definition(
                command=(sys.executable, "-P", "-m", "tests.aws.container", "{address}", str(PORT), str(egress_port)),
                environment={**self._environment("sandbox"), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                container="sandbox",
                grace_seconds=2,
            ),
        )

    def _environment(self, part: str) -> dict[str, str]:
        """A container's variables as the template sets them."""
        told = self.aws.client("ecs").describe_task_definition(taskDefinition=f"{STACK}-{part}")
        (container,) = told["taskDefinition"]["containerDefinitions"]
        return {item["name"]: item["value"] for item in container.get("environment", [])}

    def _let_in(self, name: str) -> None:
        """Only ECS may take a task's role, so the account, which stands in for it, is let in first."""
        anybody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
        self.aws.client("iam").update_assume_role_policy(RoleName=self.parts[name], PolicyDocument=document)

    def _credentials(self, task: Task) -> dict[str, str]:
        """Of a worker's role: ECS calls the session by the task's id."""
        if task.definition.container != "worker":
            return {}
        if task.id not in self._roles:
            name = self.parts["WorkerRole"]
            arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
            given = self.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName=task.id)["Credentials"]
            keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
            ends = given["Expiration"].timestamp()
            role = Principal(
                role="WorkerRole", session=task.id, expires_at=ends, keys=keys, named=name, account=ACCOUNT
            )
            self._roles[task.id] = self.identities.know(role)
        return self._roles[task.id].told()

    def _stopped(self, event: dict[str, Any]) -> None:
        """EventBridge's part: the rule's targets are called when its pattern fits."""
        rules = self.aws.client("events")
        name = self.parts["TaskStoppedRule"].rpartition("/")[2]
        pattern = rules.describe_rule(Name=name)["EventPattern"]
        if rules.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]:
            for target in rules.list_targets_by_rule(Rule=name)["Targets"]:
                self.aws.invoke(target["Arn"], event)

    # ------------------------------------------------------------ GitHub

    def _deliver(self, sent: Delivery) -> tuple[int, str]:
        answer = self.post(sent.body, sent.headers)
        return answer.status_code, answer.text

    def post(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """To the webhook's function URL."""
        url = self.outputs["WebhookUrl"]
        return self.aws.post(url, body, headers, path=urlsplit(url).path)

    def until(self, is_so: Callable[[], object], seconds: float) -> None:
        """Deliver webhooks until something is so."""
        until(is_so, self.told, seconds=seconds, pause=0.2, meanwhile=self.github.deliver_pending)

    # ------------------------------------------------------------ looking

    @property
    def store(self) -> DynamoStore:
        """The ledger, as the account's own user reads it."""
        return DynamoStore(_Clients(self.aws), self.parts["Table"], self.parts["Bucket"], SystemClock())

    def problems(self) -> list[str]:
        """What is wrong with any ledger or with the witness; empty when all are whole."""
        store, found = self.store, []
        for run in store.runs():
            found += verify_chain(run.run_id, store.events(run.run_id), store.witness(run.run_id))
        return found + store.witness_problems()

    def waiting(self) -> dict[str, int]:
        """Messages in each queue, dead letters too."""
        sqs, names = self.aws.client("sqs"), [name for name in self.parts if name.endswith("Queue")]
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return {
            name: sum(
                int(count)
                for count in sqs.get_queue_attributes(QueueUrl=self.parts[name], AttributeNames=wanted)[
                    "Attributes"
                ].values()
            )
            for name in names
        }

    def logs(self) -> list[str]:
        """What the functions wrote, as they went along."""
        client, lines = self.aws.client("logs"), []
        for name in (part for part in self.parts if part.endswith("Function")):
            for group in {self.parts[name.replace("Function", "Logs")], f"/aws/lambda/{self.parts[name]}"}:
                try:
                    told = client.filter_log_events(logGroupName=group)["events"]
                except client.exceptions.ResourceNotFoundException:
                    continue
                lines += [(event["timestamp"], f"{name} {event['message'].rstrip()}") for event in told]
        return [line for _, line in sorted(lines)]

    def told(self) -> str:
        """The ledgers, what tasks and functions wrote: for whoever has to find out why a test failed."""
        store = self.store
        events = [
            f"{event.at} {event.kind} {str(event.data)[:300]}"
            for run in store.runs()
            for event in store.events(run.run_id)
        ]
        tasks = [
            f"{task.family} {task.last} {task.reason}\n{self.ecs.log(task)[-3000:]}" for task in self.ecs.tasks.values()
        ]
        return "\n".join(
            [*events, *tasks, *self.logs(), str(self.waiting()), self.aws.log.read_text("utf-8", "replace")[-6000:]]
        )

    def close(self) -> None:
        self._stack.close()


class _Clients(Clients):
    def __init__(self, aws: Ministack) -> None:
        super().__init__()
        self._aws = aws

    def get(self, service: str) -> Any:
        return self._aws.client(service)
