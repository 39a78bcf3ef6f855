"""An AWS on 127.0.0.1: the emulator ministack as a process of its own, which enforces the roles of a template.

What it cannot do, and what stands in for that, is written down as a test in `test_emulator.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
from botocore.config import Config

from tests.ports import free_port

PROGRAM = Path(__file__).parents[3] / ".venv-cloud" / "bin" / "ministack"
REGION = "eu-central-1"
BUCKET = "code"  # where packed functions and templates lie
LIVES_SECONDS = 540  # `make test-aws` has ten minutes
START_SECONDS = 60.0
STOP_SECONDS = 10.0
DEPLOY_SECONDS = 90.0


class Ministack:
    """One emulated account. `close` ends it; it ends by itself when nobody does."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        """`env` is what its Lambda functions find in their environment beside their own variables."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "ministack.log"
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AUTH": "true",  # roles are enforced, as far as it knows their grammar
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                ["timeout", "--kill-after=5", str(LIVES_SECONDS), str(PROGRAM)],
                env={**env, **own},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._await_start()

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/_ministack/health", timeout=2.0, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise TimeoutError(f"ministack did not start: {self.log.read_text('utf-8', 'replace')[-2000:]}")

    def client(self, service: str, **named: Any) -> Any:
        """A boto3 client of the account's own user, who may do everything."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(retries={"total_max_attempts": 2}, read_timeout=60)
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, config=config, **{**keys, **named})

    def deploy(self, name: str, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create a stack from a SAM template; returns its outputs. Raises AssertionError with every failed resource."""
        formation = self.client("cloudformation")
        self.upload(f"{name}.template", template.encode())  # the request itself takes 51,200 bytes
        formation.create_stack(
            StackName=name,
            TemplateURL=f"{self.url}/{BUCKET}/{name}.template",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        deadline = time.monotonic() + DEPLOY_SECONDS
        while True:
            stack = formation.describe_stacks(StackName=name)["Stacks"][0]
            if stack["StackStatus"] == "CREATE_COMPLETE":
                return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
            in_time = stack["StackStatus"] == "CREATE_IN_PROGRESS" and time.monotonic() < deadline
            assert in_time, self._failures(formation, name, stack)
            time.sleep(0.2)

    def _failures(self, formation: Any, name: str, stack: Mapping[str, Any]) -> str:
        events = formation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        lines = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed]
        return "\n".join([stack["StackStatus"], str(stack.get("StackStatusReason")), *lines])

    def upload(self, key: str, data: bytes) -> None:
        """Put something where deployments take it from."""
        self._bucket().put_object(Bucket=BUCKET, Key=key, Body=data)

    @cache  # noqa: B019 - one of these is made for a whole test
    def _bucket(self) -> Any:
        bucket = self.client("s3")
        bucket.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        return bucket

    def resources(self, name: str) -> dict[str, str]:
        """Physical names of a stack's resources by their names in the template."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for page in pages
            for item in page["StackResourceSummaries"]
        }

    def post(self, function_url: str, body: bytes, headers: Mapping[str, str], path: str = "/") -> httpx.Response:
        """POST to a function URL, which the emulator tells apart by the Host header."""
        host = urlsplit(function_url).hostname or ""
        return httpx.post(
            f"{self.url}{path}", content=body, headers={**headers, "Host": host}, timeout=30.0, trust_env=False
        )

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Call a function and give back what it returned. Raises AssertionError when it raised."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        assert "FunctionError" not in answer, payload
        return payload

    def close(self) -> None:
        """End the process and with it the workers of its functions."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
