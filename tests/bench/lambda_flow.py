"""Dispatch and publish on AWS's semantics: their own CPU a message, and what they ask of AWS and of GitHub.

SQS, DynamoDB and S3 are moto, GitHub is the simulator, both in this process; the time spent in them is measured and
taken out, so what is left is the product's own, down to botocore and httpx. What a call takes on the real services
depends on the network: the rates that need it say what they assume.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app import wiring
from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from app.receive import Delivery
from app.sandbox.probe import choose
from app.simulator import Simulator
from tests.bench.measure import Row, Scale, ms
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.account import Account

TITLE = "Dispatch and publish on AWS (own CPU; the emulators' time is taken out)"
AWS_SECONDS, GITHUB_SECONDS = 0.01, 0.15  # a call, assumed: within a region; over the internet
DISPATCHERS, PUBLISHERS = 5, 10  # as template.yaml lets them run at once


@dataclass(kw_only=True)
class Meter:
    """What was asked of the outside, and the time it took there."""

    calls: Counter[str] = field(default_factory=Counter)
    github: int = 0
    outside: float = 0.0
    read_units: float = 0.0
    write_units: float = 0.0
    aws_bytes: int = 0

    def timed(self, do: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any) -> Any:
            started = time.thread_time()
            try:
                return do(*args)
            finally:
                self.outside += time.thread_time() - started

        return inner

    def aws(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """Counts a call by its service's name, and DynamoDB's units by the size of what was sent and got."""
        inner = self.timed(do)

        def counted(event_name: str, request: Any) -> Any:
            answer = inner(event_name, request)
            service, operation = event_name.split(".")[1:3]
            self.calls[f"{service} {operation}"] += 1
            body = request.body if isinstance(request.body, bytes) else b""
            got = answer.raw.getvalue()
            self.aws_bytes += len(body) + len(got)
            if service == "dynamodb":
                self._units(operation, body, got)
            return answer

        return counted

    def _units(self, operation: str, body: bytes, got: bytes) -> None:
        """As AWS counts: a KB written is a unit, two in a transaction; four KB read consistently are one."""
        if operation == "TransactWriteItems":
            for item in json.loads(body)["TransactItems"]:
                self.write_units += 2 * math.ceil(len(json.dumps(item)) / 1024)
        elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            self.write_units += math.ceil(len(body) / 1024)
        else:
            self.read_units += math.ceil(max(1, len(got)) / 4096)


class Counting(httpx.BaseTransport):
    def __init__(self, real: httpx.BaseTransport, meter: Meter) -> None:
        self._answer, self._meter = meter.timed(real.handle_request), meter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._meter.github += 1
        return self._answer(request)


class Flow:
    """One deployment over one repository, in this process."""

    def __init__(self, place: Path) -> None:
        self.clock, self.meter, self.script = HeldClock(), Meter(), Script()
        self.account = Account(place / "home", self.clock)
        self.github = Simulator(place / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        emulator = self.account.aws
        emulator.handle = self.meter.aws(emulator.handle)  # type: ignore[method-assign]
        app = self.github.app
        self.settings = self.account.settings(
            app_id=str(app.id),
            app_slug=app.slug,
            private_key=app.private_key,
            webhook_secrets=(app.webhook_secret,),
            model_provider="scripted",
            concurrency=1000,
        )
        self.platform, self.workers = self.account.platform(
            self.settings,
            clock=self.clock,
            transport=Counting(self.github.transport(), self.meter),
            model=ScriptedModel(self.script),
            host=choose("auto", place / "worker", ()),
            clone_url=lambda repository: str(self.github.git_dir(repository)),
        )
        self.control = wiring.control(self.platform)
        self.github.deliver = self._receive

    def _receive(self, sent: Any) -> tuple[int, str]:
        headers = {name.lower(): value for name, value in sent.headers.items()}
        answer = wiring.door(self.platform)(Delivery(headers=headers, body=sent.body))
        return answer.status, json.dumps(dict(answer.body))

    def label(self, count: int) -> None:
        for number in range(count):
            issue = self.github.maintainer.open_issue(self.repo, f"Divide by zero, {number}", body="It raises.")
            self.github.maintainer.label(issue, "agent-fix")
        self.github.deliver_pending()

    def measured(self, do: Callable[[], int]) -> tuple[float, int, Meter]:
        """(own CPU seconds, messages, what was asked) of a turn."""
        meter = self.meter
        meter.calls, meter.github, meter.outside = Counter(), 0, 0.0
        meter.read_units = meter.write_units = meter.aws_bytes = 0
        started = time.thread_time()
        messages = do()
        return time.thread_time() - started - meter.outside, messages, meter

    def close(self) -> None:
        self.account.close()
        self.github.close()


def rows(place: Path, scale: Scale) -> list[Row]:
    flow = Flow(place)
    try:
        flow.label(1)
        flow.control.drain_jobs()  # connections, tokens, first imports
        flow.control.drain_publishing()
        flow.label(scale.messages)
        found = [_message(flow, "dispatch", flow.control.drain_jobs, DISPATCHERS)]
        found.append(_message(flow, "publish", flow.control.drain_publishing, PUBLISHERS))
        return [*found, _tick(flow, scale.messages + 1), *_run(flow)]
    finally:
        flow.close()


def _message(flow: Flow, name: str, do: Callable[[], int], at_once: int) -> Row:
    cpu, messages, meter = flow.measured(do)
    aws = sum(count for call, count in meter.calls.items() if not call.startswith("sqs Receive")) / messages
    asked, each = meter.github / messages, cpu / messages
    seconds = each + aws * AWS_SECONDS + asked * GITHUB_SECONDS
    note = (
        f"{1 / each:.0f} messages/s of one busy core; {aws:.1f} calls of AWS, {asked:.1f} of GitHub; at an assumed "
        f"{AWS_SECONDS * 1000:.0f} and {GITHUB_SECONDS * 1000:.0f} ms each {1 / seconds:.1f} messages/s a function, "
        f"{at_once / seconds:.0f}/s for the {at_once} that template.yaml lets run"
    )
    return Row(what=f"{name}: CPU of a message ({messages} of them)", ours=ms(each), note=note)


def _tick(flow: Flow, active: int) -> Row:
    cpu, _, meter = flow.measured(flow.control.scheduler.tick)
    return Row(what=f"the clock's tick, {active} runs at work", ours=ms(cpu), note=_told(meter))


def _run(flow: Flow) -> list[Row]:
    """One whole run, from the label to the pull request, by part."""
    for run_id in list(flow.workers.waiting):
        flow.workers.stop(run_id) if hasattr(flow.workers, "stop") else flow.workers.finished(run_id)
    stories.fix(flow.script)
    issue = flow.github.maintainer.open_issue(flow.repo, "Divide by zero", body="It raises.")
    flow.github.maintainer.label(issue, "agent-fix")
    found = [("the door", flow.measured(flow.github.deliver_pending)[2])]
    rows = [_part(*found[-1])]
    rows.append(_part("dispatch", flow.measured(flow.control.drain_jobs)[2]))
    (run_id, attempt) = list(flow.workers.waiting.items())[-1]
    rows.append(_part("first news published", flow.measured(flow.control.drain_publishing)[2]))
    worked = flow.measured(lambda: bool(wiring.worker(flow.platform).work(run_id, attempt)))[2]
    rows.append(_part("worker (five replies)", worked))
    rows.append(_part("pull request published", flow.measured(flow.control.drain_publishing)[2]))
    assert flow.repo.pulls, "the run has no pull request"
    return rows


def _part(name: str, meter: Meter) -> Row:
    total = sum(meter.calls.values())
    return Row(what=f"one run: {name}", ours=f"{total} + {meter.github}", note=_told(meter))


def _told(meter: Meter) -> str:
    named = ", ".join(f"{name.split()[1]} {count}" for name, count in sorted(meter.calls.items()))
    return (
        f"AWS: {named or 'nothing'}; {meter.read_units:.0f} read and {meter.write_units:.0f} write units, "
        f"{meter.aws_bytes / 1000:.1f} KB; GitHub: {meter.github}"
    )
