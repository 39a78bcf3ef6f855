"""Real workers as tasks, and what befalls tasks: nothing lost, nothing doubled, everyone told."""

from __future__ import annotations

import pytest

from app.agent.scripted_model import Script, bash, create, finish, reply
from tests.aws.world import World
from tests.scenarios import stories

pytestmark = pytest.mark.aws


def slow_fix() -> Script:
    """The right fix by a model that takes its time, so that there is a middle to be killed in."""
    script = Script()
    script.will(create("test_by_zero.py", stories.REGRESSION))
    script.will(reply(bash("python3 -m unittest -q"), delay_seconds=2.5))
    script.will(stories.SMALL_FIX)
    return script.will(finish("Return None when dividing by zero", "`divide` returns None."))


@pytest.fixture
def make(tmp_path):
    made: list[World] = []

    def make(**options) -> World:
        made.append(World(tmp_path, slow_fix(), **options))
        return made[-1]

    yield make
    for world in made:
        world.close()


def _ended_well(world: World, issue) -> None:
    world.until_published()
    assert len(world.repo.pulls) == 1, world.told()
    parts = [comment.body.partition("part=")[2].partition(" ")[0] for comment in issue.comments]
    assert sorted(parts) == ["result", "status"]
    assert issue.labels == ["agent:done"]
    assert world.kinds().count("run.ended") == 1


def _in_the_middle(world: World) -> None:
    """A tool has run, and the model thinks."""
    world.until(lambda: "tool.ran" in world.kinds())


def test_a_label_becomes_a_pull_request_by_a_task_on_spot(make):
    world = make()
    issue = world.label()
    _ended_well(world, issue)
    (task,) = world.tasks
    assert (task.provider, task.exit_code) == ("FARGATE_SPOT", 0)
    assert [name for name, _ in world.functions.asked] == ["tokens"]
    assert '"SpendUsd"' in world.ecs.log(task)  # the alarm of template.yaml adds these up
    secret = world.github.app.private_key.splitlines()[1]
    assert secret not in world.ecs.log(task) and secret not in str(task.definition.environment)


def test_a_task_killed_before_its_start_is_started_again(make):
    world = make()
    world.ecs.pull_seconds = 30
    issue = world.label()
    world.until(lambda: world.runs and world.tasks)
    world.ecs.pull_seconds = 0
    world.ecs.kill(world.tasks[0])
    _ended_well(world, issue)
    assert len(world.tasks) == 2


def test_a_task_killed_in_the_middle_costs_one_attempt_and_at_most_one_model_call(make):
    world = make()
    issue = world.label()
    _in_the_middle(world)
    world.ecs.kill(world.tasks[0])
    _ended_well(world, issue)
    assert world.run.attempt == 2
    assert world.kinds().count("model.called") <= world.kinds().count("model.replied") + 1


def test_a_task_killed_after_its_proposal_changes_nothing(make):
    world = make()
    issue = world.label()
    world.until(lambda: "proposal.made" in world.kinds())
    world.ecs.kill(world.tasks[0])
    _ended_well(world, issue)


def test_a_spot_warning_parks_the_run_and_another_task_goes_on(make):
    world = make()
    issue = world.label()
    _in_the_middle(world)
    world.ecs.interrupt(world.tasks[0])
    _ended_well(world, issue)
    parked = [event.data for event in world.platform.store.events(world.run.run_id) if event.kind == "run.parked"]
    assert [data["reason"] for data in parked] == ["interrupted"]
    first, second = world.tasks
    assert (first.exit_code, first.told()["stopCode"]) == (0, "SpotInterruption")
    assert second.exit_code == 0
    assert world.kinds().count("tool.ran") == 3  # nothing was done twice


def test_a_deploy_in_the_middle_leaves_the_run_on_the_old_image(make):
    world = make()
    issue = world.label()
    _in_the_middle(world)
    world.define(LAMPLIGHTER_MODEL_SCRIPT="/nowhere")  # a new revision, which could not even work
    _ended_well(world, issue)
    (task,) = world.tasks
    assert task.definition.revision == 1


@pytest.mark.parametrize("seconds", [-120.0, 120.0])
def test_clocks_two_minutes_apart_lose_and_double_nothing(make, seconds):
    world = make(ahead_seconds=seconds)
    issue = world.label()
    _ended_well(world, issue)
    assert world.run.attempt == 1


def test_without_room_on_fargate_the_run_says_so_and_waits(make):
    world = make(spot=False)
    world.ecs.no_capacity("FARGATE")
    issue = world.label()
    world.until(lambda: world.runs and world.run.phase == "parked" and not world.run.unpublished)
    assert world.run.reason == "capacity"
    assert "no room" in issue.comments[0].body
    assert world.tasks == []


def test_a_warm_worker_that_waited_does_the_run(make):
    world = make(warm_workers=1)
    world.until(lambda: world.platform.store.claimed_by("warm:0"))
    (waiting,) = world.ecs.tasks.values()
    issue = world.label()
    _ended_well(world, issue)
    assert world.tasks == []
    world.until(lambda: waiting.last == "STOPPED")
    assert waiting.exit_code == 0
    world.until(lambda: world.platform.store.claimed_by("warm:0"))  # and another one waits


def test_a_warm_worker_that_is_killed_with_its_run_is_replaced(make):
    world = make(warm_workers=1)
    world.until(lambda: world.platform.store.claimed_by("warm:0"))
    issue = world.label()
    _in_the_middle(world)
    (worker, _replacement) = world.ecs.tasks.values()
    world.ecs.kill(worker)
    _ended_well(world, issue)
    assert world.run.attempt == 2


def test_an_idle_warm_worker_leaves_at_a_spot_warning(make):
    world = make(warm_workers=1)
    world.until(lambda: world.platform.store.claimed_by("warm:0"))
    (waiting,) = world.ecs.tasks.values()
    world.ecs.interrupt(waiting)
    world.until(lambda: waiting.last == "STOPPED", 10)
    assert waiting.exit_code == 0
