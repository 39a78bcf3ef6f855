"""What only ECS promises: what is in a request, Spot and its fall-back, throttling, what ECS forgets."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.aws.stopped import stopped
from app.errors import TransientError
from tests.aws.tasks import Definition
from tests.clock import HeldClock
from tests.contracts.launcher.conftest import CLOUD
from tests.contracts.launcher.looking import is_running
from tests.waiting import until

pytestmark = pytest.mark.aws


@pytest.fixture
def platform(fargate):
    return fargate


def _asked(platform) -> list[dict]:
    return [request for action, request in platform.ecs.requests if action == "RunTask"]


def test_a_request_names_the_run_and_nothing_that_is_secret(platform):
    platform.launcher(spot=True).start("0123456789abcdef", 3)
    (request,) = _asked(platform)
    assert request == {
        "cluster": "lamplighter",
        "taskDefinition": "lamplighter-worker",
        "startedBy": "0123456789abcdef",
        "clientToken": "0123456789abcdef-3",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-worker"],
                "assignPublicIp": "ENABLED",
            }
        },
        "overrides": {
            "containerOverrides": [{"name": "worker", "command": ["work", "0123456789abcdef", "--attempt", "3"]}]
        },
        "tags": [
            {"key": "lamplighter:run", "value": "0123456789abcdef"},
            {"key": "lamplighter:attempt", "value": "3"},
        ],
        "enableECSManagedTags": True,
    }


def test_a_run_id_as_long_as_can_be_fits_what_ecs_takes(platform):
    run = "r." + "x" * 98
    launcher = platform.launcher()
    launcher.start(run, 1)
    assert is_running(launcher, run)
    launcher.stop(run)
    until(lambda: is_running(launcher, run) is False)


def test_without_spot_capacity_the_task_runs_on_demand(platform):
    platform.ecs.no_capacity("FARGATE_SPOT")
    launcher = platform.launcher(spot=True)
    launcher.start("run", 1)
    assert is_running(launcher, "run")
    assert [task.provider for task in platform.ecs.of("run")] == ["FARGATE"]
    assert len({request["clientToken"] for request in _asked(platform)}) == 2  # one token, one request


def test_without_any_capacity_the_start_waits_for_its_turn(platform):
    platform.ecs.no_capacity("FARGATE_SPOT")
    platform.ecs.no_capacity("FARGATE")
    launcher = platform.launcher(spot=True)
    with pytest.raises(TransientError, match="no room") as caught:
        launcher.start("run", 1)
    assert 60 <= caught.value.retry_after_seconds <= 120
    launcher.start("run", 1)
    assert is_running(launcher, "run")


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("ServerException", 500)])
def test_throttled_starts_come_back_one_by_one(platform, code, status):
    launcher = platform.launcher()
    waits = set()
    for run in ("run-a", "run-b", "run-c"):
        platform.ecs.fail("RunTask", code, times=4, status=status)  # botocore tries four times by itself
        with pytest.raises(TransientError) as caught:
            launcher.start(run, 1)
        waits.add(caught.value.retry_after_seconds)
    assert all(10 <= wait <= 60 for wait in waits)
    assert len(waits) == 3
    launcher.start("run-a", 1)
    assert is_running(launcher, "run-a")


def test_an_answer_that_was_lost_starts_no_second_task(platform):
    platform.ecs.fail("RunTask", "ServerException", times=4, status=500, lost=True)
    launcher = platform.launcher("print('here', flush=True); import time; time.sleep(60)")
    with pytest.raises(TransientError):
        launcher.start("run", 1)
    launcher.start("run", 1)
    assert len(platform.ecs.of("run")) == 1


def test_a_task_that_ran_is_not_started_again_when_ecs_has_forgotten_the_token(platform):
    launcher = platform.launcher("")
    launcher.start("run", 1)
    until(lambda: is_running(launcher, "run") is False)
    platform.ecs.forget_tokens()
    launcher.start("run", 1)
    assert len(platform.ecs.of("run")) == 1


def test_a_deploy_between_a_start_and_its_repetition_starts_no_second_task(platform):
    platform.ecs.fail("RunTask", "ServerException", times=4, status=500, lost=True)
    with pytest.raises(TransientError):
        platform.launcher().start("run", 1)
    later = platform.launcher(worker_security_group="sg-new")
    later.start("run", 1)
    assert is_running(later, "run")
    assert len(platform.ecs.of("run")) == 1


def test_a_running_task_keeps_the_definition_it_was_started_with(platform):
    platform.launcher().start("run", 1)
    launcher = platform.launcher("print('new image', flush=True); import time; time.sleep(60)")
    launcher.start("other", 1)
    assert is_running(launcher, "run")
    revisions = [task.definition.revision for task in platform.ecs.of("run") + platform.ecs.of("other")]
    assert revisions == [1, 2]


def test_many_starters_start_one_task(platform):
    launchers = [platform.launcher() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda launcher: launcher.start("run", 1), launchers))
    assert len(platform.ecs.of("run")) == 1


def test_what_an_operator_must_mend_parks_the_run_with_the_reason(platform):
    launcher = platform.launcher(worker_task="nobody-made-it")
    with pytest.raises(TransientError, match="TaskDefinition not found") as caught:
        launcher.start("run", 1)
    assert caught.value.retry_after_seconds == 300


def test_a_setting_that_is_missing_is_named_where_people_look(platform):
    with pytest.raises(TransientError, match="LAMPLIGHTER_WORKER_SUBNETS"):
        platform.launcher(worker_subnets=()).start("run", 1)


def test_ecs_is_asked_for_a_hundred_tasks_at_once(platform):
    """Of those it does not name it has forgotten the old ones; of the others it may not know yet."""
    launcher, now = platform.launcher(), int(platform.clock.now().timestamp())
    launcher.start("run", 1)
    for number in range(249):
        at = now - (3_600 if number % 2 else 0)
        platform.store.claim(f"task:run-{number}", f"1 {at} arn:aws:ecs:task/{number}", ttl_seconds=90)
    names = ["run", *(f"run-{number}" for number in range(249))]
    told = launcher.running(names)
    described = [request for action, request in platform.ecs.requests if action == "DescribeTasks"]
    assert [len(request["tasks"]) for request in described] == [100, 100, 50]
    assert told == {"run": True} | {f"run-{number}": False if number % 2 else None for number in range(249)}


def test_of_a_hundred_that_ecs_does_not_tell_the_others_are_told(platform):
    launcher, now = platform.launcher(), int(platform.clock.now().timestamp())
    for number in range(150):
        platform.store.claim(f"task:run-{number}", f"1 {now - 3_600} arn:aws:ecs:task/{number}", ttl_seconds=90)
    platform.ecs.fail("DescribeTasks", "AccessDeniedException", status=400)
    told = launcher.running([f"run-{number}" for number in range(150)])
    assert [told[f"run-{number}"] for number in (0, 99, 100, 149)] == [None, None, False, False]


def test_a_new_task_that_ecs_does_not_know_yet_is_not_called_lost(platform):
    platform.clock = clock = HeldClock()
    platform.ecs.hide_new_tasks = 2
    launcher = platform.launcher()
    launcher.start("run", 1)
    assert is_running(launcher, "run") is None
    clock.advance(301)
    assert is_running(launcher, "run") is False  # as ECS forgets a stopped task after an hour
    assert is_running(launcher, "run") is True


def test_while_the_next_attempt_is_being_started_the_last_ones_end_says_nothing(platform):
    launcher = platform.launcher("")
    launcher.start("run", 1)
    until(lambda: is_running(launcher, "run") is False)
    said: list = []
    platform.ecs.during["RunTask"] = lambda: said.append(is_running(launcher, "run"))
    launcher.start("run", 2)
    assert said == [None]
    until(lambda: is_running(launcher, "run") is False)


def test_ecs_being_away_is_not_taken_for_a_death(platform):
    launcher = platform.launcher()
    launcher.start("run", 1)
    platform.ecs.fail("DescribeTasks", "ServerException", times=4, status=500)
    assert is_running(launcher, "run") is None
    assert is_running(launcher, "run") is True


@pytest.mark.parametrize("when", ["before its start", "in the middle"])
def test_a_killed_task_is_known_to_be_gone_and_tells_its_run(platform, when):
    told: list[dict] = []
    platform.ecs.on_stopped = told.append
    platform.ecs.pull_seconds = 30 if when == "before its start" else 0
    launcher = platform.launcher()
    launcher.start("run", 2)
    (task,) = platform.ecs.of("run")
    if when == "in the middle":
        until(lambda: task.last == "RUNNING")
    assert is_running(launcher, "run")
    platform.ecs.kill(task)
    until(lambda: is_running(launcher, "run") is False)
    until(lambda: told)
    assert stopped(told[0], CLOUD, platform.store)[:2] == ("run", 2)
    launcher.start("run", 3)
    assert is_running(launcher, "run")


def test_spot_takes_the_machine_with_a_warning_first(platform):
    code = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("ready", flush=True)
signal.sigwait([signal.SIGTERM])
print("parked", flush=True)
"""
    launcher = platform.launcher(code, grace_seconds=30, spot=True)
    launcher.start("run", 1)
    until(lambda: "ready" in platform.log("run", 1))
    (task,) = platform.ecs.of("run")
    platform.ecs.interrupt(task)
    until(lambda: is_running(launcher, "run") is False)
    assert "parked" in platform.log("run", 1)
    assert task.told()["stopCode"] == "SpotInterruption"


def test_the_stand_in_refuses_what_ecs_refuses(platform):
    platform.ecs.define("other", Definition(command=[sys.executable], container="sandbox"))
    launcher = platform.launcher(worker_task="other")
    with pytest.raises(TransientError, match="container"):
        launcher.start("run", 1)
