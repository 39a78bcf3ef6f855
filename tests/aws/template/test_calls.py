"""One whole run on the emulated account, with a real worker process: every call it makes is one its role may make."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from infra import costs
from tests.aws import container
from tests.aws.template.allowance import Ask, asks, ecs_asks, is_allowed
from tests.aws.template.deployed import Deployed
from tests.aws.template.units import units
from tests.aws.world import World

pytestmark = pytest.mark.aws


class Watched:
    """A world whose every call to AWS is noted with the role of whoever makes it."""

    def __init__(self, world: World) -> None:
        self.seen: set[tuple[str, Ask]] = set()
        self.units: dict[str, Counter[str]] = defaultdict(Counter)  # what each role's calls cost
        self.world = world
        self._turn = ""  # whose turn it is on the control side, which is one thread
        self._mine = threading.local()  # of threads that answer for another process
        self._wrap()

    def _wrap(self) -> None:
        world = self.world
        handle, ecs = world.aws.handle, world.ecs.answer

        def noted(event_name: str, request: Any) -> Any:
            service, operation = event_name.split(".")[1:3]
            caller = world.identities.whose(request.headers)
            with self._acting(caller.role if caller else self._role()):
                self._note(asks(service, operation, request), caller.context if caller else {})
                if role := self._role():
                    self.units[role] += units(service, operation, request)
                return handle(event_name, request)

        def noted_ecs(action: str, said: dict[str, Any]) -> Any:
            tags = {arn: {tag["key"]: tag["value"] for tag in task.told().get("tags", [])}
                    for arn, task in world.ecs.tasks.items()}  # fmt: skip
            caller = world.identities.whose(getattr(world.ecs.asking, "headers", {}))
            with self._acting(caller.role if caller else self._role()):
                self._note(ecs_asks(action, said, tags), {})
            return ecs(action, said)

        world.aws.handle, world.ecs.answer = noted, noted_ecs  # type: ignore
        world.broker.function = self._as("TokensRole", world.broker.function)
        world.github.deliver = self._turns("WebhookRole", world.github.deliver)
        for name, role in (("drain_jobs", "DispatchRole"), ("drain_publishing", "PublishRole")):
            object.__setattr__(world.control, name, self._turns(role, getattr(world.control, name)))
        world.control.scheduler.tick = self._turns("ScheduleRole", world.control.scheduler.tick)  # type: ignore
        scheduler = world.control.scheduler
        scheduler.worker_ended = self._turns("TaskStoppedRole", scheduler.worker_ended)  # type: ignore

    @contextmanager
    def _acting(self, role: str) -> Iterator[None]:
        before = getattr(self._mine, "role", None)
        self._mine.role = role
        try:
            yield
        finally:
            self._mine.role = before

    def _as(self, role: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*words: Any) -> Any:
            with self._acting(role):
                return do(*words)

        return acting

    def _turns(self, role: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def turn(*words: Any, **more: Any) -> Any:
            self._turn = role
            try:
                return do(*words, **more)
            finally:
                self._turn = ""

        return turn

    def _role(self) -> str:
        """Nobody's when the test itself looks."""
        return str(getattr(self._mine, "role", None) or self._turn)

    def _note(self, wanted: Iterator[Ask], caller: Mapping[str, tuple[str, ...]]) -> None:
        if role := self._role():
            self.seen.update(
                (role, Ask(ask.action, ask.resource, _Frozen({**ask.context, **caller}))) for ask in wanted
            )


class _Frozen(dict):  # type: ignore[type-arg]
    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A run that is killed once, goes on, and ends in a pull request."""
    world = World(tmp_path_factory.mktemp("world"), isolated=not container.missing())
    try:
        watched = Watched(world)
        world.label()
        world.until(lambda: "tool.ran" in world.kinds())
        world.ecs.kill(world.tasks[0])
        world.until_published()
        world.platform.launcher.stop(world.run.run_id)
        yield watched
    finally:
        world.close()


@pytest.fixture(scope="module")
def seen(watched: Watched) -> set[tuple[str, Ask]]:
    return watched.seen


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    return Deployed(AppId="7")


def test_every_call_is_allowed(seen: set[tuple[str, Ask]], deployed: Deployed):
    refused = sorted(f"{role}: {ask}" for role, ask in seen if not is_allowed(deployed, role, ask))
    assert refused == []


def test_every_part_was_seen_at_work(seen: set[tuple[str, Ask]]):
    assert {role for role, _ in seen} == {
        "WebhookRole", "DispatchRole", "PublishRole", "ScheduleRole", "TaskStoppedRole", "TokensRole", "WorkerRole",
        "RunRole",
    }  # fmt: skip
    if not container.missing():
        mine = {ask.action for role, ask in seen if role == "WorkerRole" and ask.action.startswith(("ecs:", "iam:"))}
        assert mine == {"ecs:RunTask", "ecs:TagResource", "ecs:DescribeTasks", "ecs:StopTask", "iam:PassRole"}


def test_the_judge_refuses_what_is_not_allowed(deployed: Deployed):
    """A check that says yes to everything would pass above, too."""
    claim, run = {"dynamodb:LeadingKeys": ("CLAIM#a",)}, {"dynamodb:LeadingKeys": ("RUN#a",)}
    tagged, other = {"aws:PrincipalTag/run": ("a",)}, {"aws:PrincipalTag/run": ("b",)}
    attributes = {"dynamodb:Attributes": ("data", "digest", "kind", "pk", "sk")}
    assert is_allowed(deployed, "WebhookRole", Ask("dynamodb:PutItem", "Table.Arn", claim))
    assert is_allowed(deployed, "RunRole", Ask("dynamodb:PutItem", "Table.Arn", run | attributes | tagged))
    for role, ask in [
        ("WebhookRole", Ask("dynamodb:PutItem", "Table.Arn", run)),
        ("WebhookRole", Ask("dynamodb:PutItem", "Table.Arn", {})),
        ("WebhookRole", Ask("sqs:SendMessage", "PublishQueue.Arn", {})),
        ("WorkerRole", Ask("sqs:SendMessage", "JobsQueue.Arn", {})),
        ("WorkerRole", Ask("dynamodb:PutItem", "Table.Arn", run | attributes)),
        ("RunRole", Ask("dynamodb:PutItem", "Table.Arn", run | attributes)),
        ("RunRole", Ask("dynamodb:PutItem", "Table.Arn", run | attributes | other)),
        ("RunRole", Ask("dynamodb:DeleteItem", "Table.Arn", run | tagged)),
        ("RunRole", Ask("dynamodb:UpdateItem", "Table.Arn", run | tagged)),
        ("RunRole", Ask("s3:PutObject", "Bucket.Arn/other/x", tagged)),
        ("RunRole", Ask("s3:PutObject", "Bucket.Arn/blobs/day/x", tagged)),
        ("RunRole", Ask("s3:GetObject", "Bucket.Arn/blobs/ledger/b/x", tagged)),
        (
            "RunRole",
            Ask("dynamodb:PutItem", "Table.Arn", run | tagged | {"dynamodb:Attributes": ("control", "pk", "sk")}),
        ),
        ("RunRole", Ask("dynamodb:PutItem", "Table.Arn", run | tagged)),
        *[
            ("RunRole", Ask("dynamodb:PutItem", "Table.Arn", {"dynamodb:LeadingKeys": (key,)} | attributes | tagged))
            for key in ("THREAD#7#1", "DAY#7#2026-03-02", "CLAIM#task:run", "CLAIM#publish:run", "CELL#a", "SLOTS#a")
        ],
        ("DispatchRole", Ask("s3:GetObject", "Bucket.Arn/heads/x", {})),
        ("TokensRole", Ask("dynamodb:PutItem", "Table.Arn", run)),
    ]:
        assert not is_allowed(deployed, role, ask), (role, ask)
    sandbox = next(ecs_asks("StopTask", {"task": "a"}, {"a": {"lamplighter:part": "sandbox"}}))
    worker = next(ecs_asks("StopTask", {"task": "a"}, {"a": {"lamplighter:run": "r"}}))
    assert is_allowed(deployed, "WorkerRole", sandbox) and not is_allowed(deployed, "WorkerRole", worker)


def test_a_run_costs_what_the_cost_model_says(watched: Watched):
    """Within a third: the page's numbers are of this very story. Empty looks into the queues are the test's own."""
    used: Counter[str] = Counter()
    for role, counted in watched.units.items():
        if role != "ScheduleRole":  # the clock is in the idle costs
            used += counted
    for name in ("write_units", "read_units", "s3_puts"):
        stated = getattr(costs.RUN, name)
        assert stated / 1.33 < used[name] < stated * 1.33, (name, used[name])
    assert watched.units["WebhookRole"]["sqs_requests"] == 1
    taken = watched.units["WebhookRole"]["write_units"] + watched.units["DispatchRole"]["write_units"]
    assert taken <= 1.33 * costs.ACCEPTED.write_units
