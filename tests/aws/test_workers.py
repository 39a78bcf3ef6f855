"""Real workers as tasks, and what befalls tasks: nothing lost, nothing doubled, everyone told."""

from __future__ import annotations

import pytest

from tests.aws import container
from tests.aws.world import World

pytestmark = pytest.mark.aws
needs_container = pytest.mark.skipif(bool(container.missing()), reason=container.missing())


@pytest.fixture
def make(tmp_path):
    made: list[World] = []

    def make(**options) -> World:
        made.append(World(tmp_path, **options))
        return made[-1]

    yield make
    for world in made:
        world.close()


def test_a_label_becomes_a_pull_request_by_a_task_on_spot_that_a_deploy_leaves_alone(make):
    world = make()
    issue = world.label()
    world.until_the_middle()
    world.define(LAMPLIGHTER_MODEL_SCRIPT="/nowhere")  # a new revision, which could not even work
    world.ends_well(issue)
    (task,) = world.tasks
    assert (task.provider, task.exit_code, task.definition.revision) == ("FARGATE_SPOT", 0, 1)
    asked = [(session, question["purpose"]) for session, question in world.broker.asked]
    assert asked == [(task.id, "store"), (task.id, "read")]
    secret = world.github.app.private_key.splitlines()[1]
    assert secret not in world.ecs.log(task) and secret not in str(task.definition.environment)


@needs_container
def test_without_spot_for_the_sandbox_it_runs_on_demand(make):
    world = make(isolated=True)
    world.ecs.no_capacity("FARGATE_SPOT", family="sandbox")
    issue = world.label()
    world.ends_well(issue)
    assert [task.provider for task in [*world.tasks, *world.sandboxes]] == ["FARGATE_SPOT", "FARGATE"]
    world.until(lambda: world.sandboxes[0].last == "STOPPED")


@needs_container
def test_a_sandbox_that_is_taken_away_parks_the_run_which_goes_on_in_another(make):
    world = make(isolated=True)
    issue = world.label()
    world.until_the_middle()
    world.ecs.interrupt(world.sandboxes[0])
    world.ends_well(issue)
    assert len(world.sandboxes) == 2
    assert world.kinds().count("tool.ran") <= 4  # of three, one may have to be done again


@needs_container
def test_a_sandbox_dies_with_its_worker(make):
    world = make(isolated=True)
    issue = world.label()
    world.until_the_middle()
    world.ecs.kill(world.tasks[0])
    world.until(lambda: world.sandboxes[0].last == "STOPPED")
    world.ends_well(issue)
    assert world.run.attempt == 2


@needs_container
def test_a_sandbox_image_that_cannot_be_pulled_is_said_on_the_issue(make):
    world = make(isolated=True, sandbox_pull_seconds=60)
    issue = world.label()
    world.until(lambda: world.sandboxes)
    world.ecs.kill(world.sandboxes[0])
    world.until_published()
    assert (world.run.reason, issue.labels[0]) == ("failed", "agent:failed")
    assert "CannotPullContainerError" in issue.comments[-1].body


def test_a_task_killed_before_its_start_is_started_again(make):
    world = make()
    world.ecs.pull_seconds = 30
    issue = world.label()
    world.until(lambda: world.runs and world.tasks)
    world.ecs.pull_seconds = 0
    world.ecs.kill(world.tasks[0])
    world.ends_well(issue)
    assert len(world.tasks) == 2


def test_a_task_killed_in_the_middle_costs_one_attempt_and_at_most_one_model_call(make):
    world = make(ahead_seconds=120)  # the control side's clock is two minutes ahead
    issue = world.label()
    world.until_the_middle()
    world.ecs.kill(world.tasks[0])
    world.ends_well(issue)
    assert world.run.attempt == 2
    assert world.kinds().count("model.called") <= world.kinds().count("model.replied") + 1


def test_a_task_killed_after_its_proposal_changes_nothing(make):
    world = make()
    issue = world.label()
    world.launch()
    world.until(lambda: "proposal.made" in world.kinds())
    world.ecs.kill(world.tasks[0])
    world.ends_well(issue)


def test_a_spot_warning_parks_the_run_and_another_task_goes_on(make):
    world = make(ahead_seconds=-120)  # and here behind
    issue = world.label()
    world.until_the_middle()
    world.ecs.interrupt(world.tasks[0])
    world.ends_well(issue)
    parked = [event.data for event in world.platform.store.events(world.run.run_id) if event.kind == "run.parked"]
    assert [data["wait"]["kind"] for data in parked] == ["interrupted"]
    first, second = world.tasks
    assert (first.exit_code, first.told()["stopCode"]) == (0, "SpotInterruption")
    assert second.exit_code == 0
    assert world.kinds().count("tool.ran") == 3  # nothing was done twice


def test_without_room_on_fargate_the_run_says_so_and_waits(make):
    world = make(spot=False)
    world.ecs.no_capacity("FARGATE")
    issue = world.label()
    world.until(lambda: "no room" in "".join(comment.body for comment in issue.comments))
    assert world.tasks == []
    world.ends_well(issue)
    parked = [event.data for event in world.platform.store.events(world.run.run_id) if event.kind == "run.parked"]
    assert [data["wait"]["kind"] for data in parked] == ["capacity"]


def test_a_warm_worker_takes_the_run_and_the_next_one_what_it_could_not_finish(make):
    world = make(warm_workers=1)
    world.until(lambda: world.platform.store.claimed_by("warm:0"))
    issue = world.label()
    world.until_the_middle()
    world.until(lambda: world.platform.store.claimed_by("warm:0"))  # the first one's successor waits
    first, second = world.ecs.tasks.values()
    world.ecs.kill(first)
    world.ends_well(issue)
    assert world.tasks == []
    assert world.run.attempt == 2
    world.until(lambda: second.last == "STOPPED")
    assert second.exit_code == 0


def test_an_idle_warm_worker_leaves_at_a_spot_warning(make):
    world = make(warm_workers=1)
    world.until(lambda: world.platform.store.claimed_by("warm:0"))
    (waiting,) = world.ecs.tasks.values()
    world.ecs.interrupt(waiting)
    world.until(lambda: waiting.last == "STOPPED")
    assert waiting.exit_code == 0
