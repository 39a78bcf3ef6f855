"""The task for hostile code: what it is told, where it stands, and what its misfortunes mean."""

from __future__ import annotations

import os
import sys

import pytest

from app.aws.clients import Clients
from app.aws.sandbox_tasks import FargateSandboxes
from app.errors import TransientError, UserError
from app.local.clock import SystemClock
from app.settings import Cloud
from tests.aws.ecs import Ecs, environment
from tests.aws.tasks import Definition
from tests.clock import HastyClock
from tests.waiting import until

pytestmark = pytest.mark.aws

KEY = "ab" * 32
CLOUD = Cloud(
    cluster="lamplighter",
    sandbox_tasks=(("default", "sandbox-default"), ("rust", "sandbox-rust")),
    sandbox_subnets=("subnet-hidden",),
    sandbox_security_group="sg-sandbox",
    spot=True,
)
SAYS = "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)"


@pytest.fixture
def ecs(tmp_path, monkeypatch):
    ecs = Ecs(tmp_path / "ecs")
    for name, value in environment(ecs).items():
        monkeypatch.setenv(name, value)
    for family in ("sandbox-default", "sandbox-rust"):
        ecs.define(
            family,
            Definition(
                command=[sys.executable, "-c", SAYS],
                environment={"PATH": os.environ["PATH"]},
                container="sandbox",
                grace_seconds=1,
            ),
        )
    yield ecs
    ecs.close()


@pytest.fixture
def sandboxes(ecs):
    return FargateSandboxes(CLOUD, SystemClock(), Clients())


def test_it_has_no_public_address_no_secret_and_one_task_for_each_key(ecs, sandboxes):
    handle = sandboxes.start("run", "", KEY)
    assert sandboxes.start("run", "", KEY) == handle
    host, port = sandboxes.address(handle)
    task = ecs.tasks[handle]
    assert (host, port) == (task.address, 7420)
    assert not task.public
    assert task.provider == "FARGATE_SPOT"
    assert task.overrides == {
        "containerOverrides": [
            {"name": "sandbox", "environment": [{"name": "LAMPLIGHTER_SANDBOX_KEY_SHA256", "value": KEY}]}
        ]
    }
    _, request = ecs.requests[0]
    network = request["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {"subnets": ["subnet-hidden"], "securityGroups": ["sg-sandbox"], "assignPublicIp": "DISABLED"}
    sandboxes.stop(handle)
    until(lambda: task.last == "STOPPED")
    sandboxes.stop(handle)


def test_the_repository_chooses_among_what_the_operator_offers(ecs, sandboxes):
    assert ecs.tasks[sandboxes.start("run", "rust", KEY)].family == "sandbox-rust"
    with pytest.raises(UserError, match="`nightly`; offered are `default`, `rust`"):
        sandboxes.start("run", "nightly", KEY)


def test_it_is_waited_for_while_its_image_is_pulled(ecs, sandboxes):
    ecs.pull_seconds = 1.0
    handle = sandboxes.start("run", "", KEY)
    assert ecs.tasks[handle].last == "PROVISIONING"
    assert sandboxes.address(handle)[0] == ecs.tasks[handle].address


def test_a_task_that_ecs_does_not_know_yet_is_waited_for(ecs, sandboxes):
    ecs.hide_new_tasks = 1
    assert sandboxes.address(sandboxes.start("run", "", KEY))


def test_an_image_that_cannot_be_pulled_is_for_a_person_to_mend(ecs, sandboxes):
    ecs.pull_seconds = 30
    handle = sandboxes.start("run", "", KEY)
    ecs.kill(ecs.tasks[handle])
    with pytest.raises(UserError, match="CannotPullContainerError"):
        sandboxes.address(handle)


def test_one_that_is_taken_away_is_tried_again_later(ecs, sandboxes):
    handle = sandboxes.start("run", "", KEY)
    until(lambda: ecs.tasks[handle].last == "RUNNING")
    ecs.interrupt(ecs.tasks[handle])
    until(lambda: ecs.tasks[handle].last == "STOPPED")
    with pytest.raises(TransientError, match="Spot Task was interrupted"):
        sandboxes.address(handle)


def test_one_that_never_comes_is_given_up(ecs):
    ecs.pull_seconds = 30
    clock = HastyClock(20)
    sandboxes = FargateSandboxes(CLOUD, clock, Clients())
    handle = sandboxes.start("run", "", KEY)
    with pytest.raises(TransientError, match="in time"):
        sandboxes.address(handle)
    assert sum(clock.slept) >= 300


def test_without_room_the_run_waits(ecs, sandboxes):
    ecs.no_capacity("FARGATE_SPOT")
    ecs.no_capacity("FARGATE")
    with pytest.raises(TransientError, match="no room"):
        sandboxes.start("run", "", KEY)


def test_stopping_is_best_effort(ecs, sandboxes):
    handle = sandboxes.start("run", "", KEY)
    ecs.fail("StopTask", "ServerException", times=4, status=500)
    sandboxes.stop(handle)
    assert ecs.tasks[handle].desired == "RUNNING"
