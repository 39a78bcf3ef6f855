"""Check events: what one costs that is dropped at the door, and a storm of a thousand on one pull request.

The storm was written down before anybody saw its numbers: 100 workflows fail on one commit, which GitHub tells in 900
deliveries, and each `check_suite` is delivered once more; all 1,000 come in random order. Its floor is one workflow
that fails on another pull request of the same repository, in the same process. GitHub is the simulator; on AWS, SQS,
DynamoDB and S3 are moto, whose requests are counted where they leave the product.
"""

from __future__ import annotations

import dataclasses
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app import wiring
from app.agent.models.scripted import Script
from app.agent.models.scripted_model import ScriptedModel
from app.receive import Delivery
from app.sandbox.probe import choose
from app.simulator import Pull, Simulator
from app.simulator.deliveries import Delivery as Sent
from tests.bench import prices
from tests.bench.door import Sides
from tests.bench.measure import Row, Scale, compared, in_turns, ms
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.ground import ground_of

TITLE = "Check events (dropped at the door; a storm on one pull request; floor: one failed check)"
SEED = 29
AWS_SECONDS = 0.01  # a call within a region, assumed
ROUNDS, ROUND_SECONDS = 8, 31  # the clock ticks once a minute, and checks are gathered for half of one
LOG = "##[group]Run make\nmake\n##[endgroup]\nassert 0 == 0.5\n##[error]Process completed with exit code 1.\n"
# Calls of the ports that write, and AWS's that do.
WRITES = ("append", "claim", "claim_all", "release", "put_blob", "swap_cell", "add", "take_slot", "hold_slots", "take")
WRITTEN = ("Put", "Update", "Delete", "TransactWrite", "BatchWrite")


def rows(place: Path, scale: Scale) -> list[Row]:
    found = [dropped(place / "door", scale)]
    for kind, name in (("local", "one machine"), ("aws", "AWS")):
        found += stormed(place / kind, kind, name, scale.storm)
    return found


# ------------------------------------------------------------ one that is dropped


def dropped(place: Path, scale: Scale) -> Row:
    """A suite that passed, GitHub's own example, against a bare signature check of the same bytes."""
    place.mkdir()
    sides = Sides(place)
    sides.warm("ours", 1, "ignore", event="check_suite")  # makes the databases, warms the page cache
    turns = in_turns(
        scale.rounds,
        {
            "ours": lambda: sides.warm("ours", scale.events, "ignore", event="check_suite")["cpu"],
            "floor": lambda: sides.warm("floor", scale.events, "verify", event="check_suite")["cpu"],
        },
    )
    million = 1e6 * prices.of_function(1, sorted(turns["ours"])[len(turns["ours"]) // 2], 0.0)
    body = len(sides.step.body("check_suite", 0, 0))
    note = (
        f"no call, nothing written, {body / 1000:.1f} KB in; on AWS {prices.shown(million)} a million, of which "
        f"{prices.shown(1e6 * prices.LAMBDA_CALL)} is the price of an invocation"
    )
    return compared(
        "CPU of a dropped check event (floor: the signature alone)", turns["ours"], turns["floor"], ms, note=note
    )


# ------------------------------------------------------------ a thousand


@dataclass(kw_only=True)
class Tally:
    """What was asked of the outside: of GitHub by request, of the ports by method, of AWS as `Meter` counts."""

    github: int = 0
    bytes: int = 0
    ports: Counter[str] = field(default_factory=Counter)
    door_cpu: float = 0.0
    events: int = 0
    event_bytes: int = 0


class Counted:
    """A port whose calls are counted by name."""

    def __init__(self, real: Any, name: str, tally: Tally) -> None:
        self._real, self._name, self._tally = real, name, tally

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._real, method)
        if not callable(found):
            return found

        def counted(*given: Any, **named: Any) -> Any:
            self._tally.ports[f"{self._name}.{method}"] += 1
            return found(*given, **named)

        return counted


class Transport(httpx.BaseTransport):
    def __init__(self, real: httpx.BaseTransport, tally: Tally) -> None:
        self._real, self._tally = real, tally

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        self._tally.github += 1
        self._tally.bytes += len(request.content) + len(answer.read())
        return answer


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What became of some events. On one machine nothing has a price."""

    events: int
    event_bytes: int
    github: int
    github_bytes: int
    messages: int
    writes: int
    aws_calls: int
    write_units: float
    dollars: float


class Scene:
    """A deployment over one repository with two pull requests of people, in this process."""

    def __init__(self, place: Path, kind: str) -> None:
        from tests.bench.lambda_flow import Meter

        place.mkdir()
        self.clock, self.tally, self.meter = HeldClock(), Tally(), Meter()
        self.ground: Any = ground_of(kind, place / "home", self.clock)
        self.github = Simulator(place / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=stories.PROJECT, default_branch="main")
        if kind == "aws":
            emulator = self.ground.aws
            emulator.handle = self.meter.aws(emulator.handle)
        app = self.github.app
        settings = self.ground.settings(
            app_id=str(app.id),
            app_slug=app.slug,
            private_key=app.private_key,
            webhook_secrets=(app.webhook_secret,),
            model_provider="scripted",
        )
        platform, _workers = self.ground.platform(
            settings,
            clock=self.clock,
            transport=Transport(self.github.transport(), self.tally),
            model=ScriptedModel(Script()),
            host=choose("auto", place / "worker", ()),
            clone_url=lambda repository: str(self.github.git_dir(repository)),
        )
        counted: Any = {
            name: Counted(getattr(platform, name), name, self.tally) for name in ("store", "jobs", "publishing")
        }
        self.platform = dataclasses.replace(platform, **counted)
        self.control = wiring.control(self.platform)
        self.github.deliver = self._receive

    def pull(self, name: str) -> Pull:
        text = stories.CALC.replace("return a / b", f"return a // b  # {name}")
        self.github.contributor.push(self.repo, name, {"calc.py": text}, message=name)
        return self.github.contributor.open_pull(self.repo, name, name)

    def settle(self) -> None:
        """Deliver, dispatch, publish and tick for four minutes, in which the checks are read and told of."""
        for _ in range(ROUNDS):
            self.github.deliver_pending()
            self.control.drain_jobs()
            self.control.drain_publishing()
            self.control.scheduler.tick()
            self.clock.advance(ROUND_SECONDS)

    def count_anew(self) -> None:
        """From here."""
        for counted in (self.tally, self.meter):
            for name, value in vars(type(counted)()).items():
                setattr(counted, name, value)

    def counted(self) -> Cost:
        """What was asked of the outside since."""
        tally, meter, on_aws = self.tally, self.meter, bool(self.meter.calls)
        named = {name.split(" ")[-1]: 0 for name in meter.calls}
        for name, count in meter.calls.items():
            named[name.split(" ")[-1]] += count
        door = prices.of_function(tally.events, tally.door_cpu, named.get("TransactWriteItems", 0) * AWS_SECONDS)
        services = prices.of_services(meter.calls, meter.read_units, meter.write_units)
        ports = tally.ports
        return Cost(
            events=tally.events,
            event_bytes=tally.event_bytes,
            github=tally.github,
            github_bytes=tally.bytes,
            messages=named.get("SendMessage", 0) if on_aws else ports["jobs.send"] + ports["publishing.send"],
            writes=sum(count for name, count in named.items() if name.startswith(WRITTEN))
            if on_aws
            else sum(ports[f"store.{word}"] for word in WRITES),
            aws_calls=sum(meter.calls.values()),
            write_units=meter.write_units,
            dollars=door + services if on_aws else 0.0,
        )

    def close(self) -> None:
        self.ground.close()
        self.github.close()

    def _receive(self, sent: Sent) -> tuple[int, str]:
        began = time.thread_time() - self.meter.outside
        headers = {name.lower(): value for name, value in sent.headers.items()}
        answer = wiring.door(self.platform)(Delivery(headers=headers, body=sent.body))
        self.tally.door_cpu += time.thread_time() - self.meter.outside - began
        self.tally.events += 1
        self.tally.event_bytes += len(sent.body)
        return answer.status, json.dumps(dict(answer.body))


def storm(scene: Scene, pull: Pull, workflows: int) -> None:
    """Fail so many workflows on the head of a pull request; every suite is told twice, all in random order."""
    scene.github.deliver_pending()
    for number in range(workflows):
        scene.github.ci.fail(scene.repo, pull.head_sha, workflow=f"W{number}", job=f"job{number}", log=LOG)
    told = [*scene.github.pending, *(sent for sent in scene.github.pending if sent.event == "check_suite")]
    random.Random(SEED).shuffle(told)
    scene.github.pending[:] = told


def stormed(place: Path, kind: str, name: str, workflows: int) -> list[Row]:
    scene = Scene(place, kind)
    try:
        first, second, third = (scene.pull(word) for word in ("warm", "calm", "storm"))
        costs = []
        for pull, count in ((first, 1), (second, 1), (third, workflows)):
            storm(scene, pull, count)
            scene.count_anew()
            scene.settle()
            said = [comment.body for comment in pull.comments]
            assert len(said) == 1 and "lamplighter checks" in said[0], said
            costs.append(scene.counted())
        return _compared(name, *costs[1:])
    finally:
        scene.close()


def _compared(name: str, calm: Cost, storm: Cost) -> list[Row]:
    """Rows of the storm against the one failed check."""
    heading = f"{name}: {storm.events:,} events, {storm.event_bytes / 1e6:.1f} MB in"
    found = [
        _row(f"{heading}: calls of GitHub", storm.github, calm.github),
        _row(f"{heading}: KB to and from GitHub", storm.github_bytes / 1000, calm.github_bytes / 1000),
        _row(f"{heading}: messages sent to queues", storm.messages, calm.messages),
        _row(f"{heading}: writes to the store", storm.writes, calm.writes),
    ]
    if storm.aws_calls:
        note = f"{storm.aws_calls} calls, {storm.write_units:.0f} write units; {prices.shown(calm.dollars)} for the one"
        found.append(_row(f"{heading}: calls of AWS", storm.aws_calls, calm.aws_calls))
        found.append(
            Row(
                what=f"{heading}: dollars",
                ours=prices.shown(storm.dollars),
                floor=prices.shown(calm.dollars),
                ratio=storm.dollars / calm.dollars,
                note=note,
            )
        )
    return found


def _row(what: str, ours: float, floor: float) -> Row:
    return Row(what=what, ours=f"{ours:,.0f}", floor=f"{floor:,.0f}", ratio=ours / max(floor, 1))
