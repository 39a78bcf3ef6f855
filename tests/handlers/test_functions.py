"""The functions behind the queues, the clock and ECS's events, on an account of AWS and a GitHub over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.handlers.conftest import Context, sample
from tests.waiting import until

pytestmark = pytest.mark.aws


def _metrics(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in text.splitlines():
        data = json.loads(line) if line.startswith("{") else {}
        for group in data.get("_aws", {}).get("CloudWatchMetrics", []):
            assert (group["Namespace"], data["service"]) == ("Lamplighter", "lamplighter")
            for metric in group["Metrics"]:
                value = data[metric["Name"]]
                found[metric["Name"]] = found.get(metric["Name"], 0) + sum(
                    value if isinstance(value, list) else [value]
                )
    return found


def _stopped(task, **changes) -> dict:
    event = sample("task_stopped.spot")
    detail = {"taskArn": task.arn, "overrides": task.overrides, "startedBy": task.started_by} | changes
    return event | {"detail": event["detail"] | detail}


def _asked(task, question: dict) -> dict:
    """The sample of events/lambda, as this task's."""
    event = sample("tokens.read") | {"body": json.dumps(question)}
    iam = event["requestContext"]["authorizer"]["iam"]
    iam["userArn"] = iam["userArn"].rpartition("/")[0] + f"/{task.id}"
    return event


def test_label_becomes_a_task_and_a_comment(cloud, capsys):
    jobs, publish = cloud.aws.cloud.jobs_queue_url, cloud.aws.cloud.publish_queue_url
    cloud.label()
    assert cloud.feed(cloud.function("dispatch").handler, jobs) == (1, [])
    [task] = cloud.ecs.tasks.values()
    run_id = task.command()[1]
    assert task.command() == ["work", run_id, "--attempt", "1"]
    assert cloud.feed(cloud.function("publish").handler, publish) == (1, [])
    assert [reaction.content for reaction in cloud.issue.reactions] == ["eyes"]
    assert [comment.author for comment in cloud.issue.comments] == [cloud.github.app.bot_login]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    admitted = next(line for line in lines if line.get("action") == "dispatch.admission")
    assert (admitted["run"], admitted["service"]) == (run_id, "lamplighter")
    assert admitted["function_request_id"] == Context.aws_request_id
    assert admitted["cold_start"] is True

    tokens = cloud.function("tokens").handler
    read = {"run_id": run_id, "repository_id": cloud.repo.id, "purpose": "read"}
    granted = tokens(_asked(task, read), Context())
    value = json.loads(granted["body"])["value"]
    assert (granted["statusCode"], value[:4]) == (200, "ghs_")
    for more, status in [
        ({"repository_id": cloud.repo.id + 1}, 200),
        ({"purpose": "write"}, 200),
        ({"run_id": "unknown"}, 403),
    ]:
        answer = tokens(_asked(task, read | more), Context())
        assert (answer["statusCode"], list(json.loads(answer["body"]))) == (status, ["refused"])
    assert value not in capsys.readouterr().out

    stopped = cloud.function("task_stopped").handler
    cloud.ecs.kill(task)
    stopped(_stopped(task), Context())
    stopped(_stopped(task), Context())  # EventBridge says things twice
    stopped(sample("task_stopped.sandbox"), Context())
    commands = [task.command() for task in cloud.ecs.tasks.values()]
    assert commands == [["work", run_id, "--attempt", "1"], ["work", run_id, "--attempt", "2"]]

    second = list(cloud.ecs.tasks.values())[1]
    why = {"stopCode": "TaskFailedToStart", "stoppedReason": sample("task_stopped.no_room")["detail"]["stoppedReason"]}
    stopped(_stopped(second, **why), Context())
    assert len(cloud.ecs.tasks) == 2  # it waits for room, and that is no lost attempt
    from app import settings, wiring

    run = wiring.platform(settings.load()).store.summary(run_id)
    assert (run.phase, run.reason) == ("parked", "capacity")


def test_github_away_brings_the_message_back_later(cloud):
    jobs = cloud.aws.cloud.jobs_queue_url
    cloud.label()
    dispatch = cloud.function("dispatch").handler
    cloud.github.faults.secondary_limit(match="*", retry_after=60)
    taken, failed = cloud.feed(dispatch, jobs)
    assert (taken, len(failed)) == (1, 1)
    assert cloud.ecs.tasks == {}
    calls = cloud.aws.calls
    assert calls["sqs", "ChangeMessageVisibility"] == 2  # while it was worked on, and for the pause
    assert cloud.batch(jobs)["Records"] == []  # hidden for ten seconds and more


def test_malformed_message_is_recorded_counted_and_comes_back_until_it_is_a_dead_letter(cloud, capsys):
    jobs = cloud.aws.cloud.jobs_queue_url
    cloud.send(jobs, "this is no job", group="a")
    cloud.send(jobs, json.dumps({"id": "x"}), group="b")
    taken, failed = cloud.feed(cloud.function("dispatch").handler, jobs)
    assert (taken, len(set(failed))) == (2, 2)
    assert _metrics(capsys.readouterr().out) == {"MessageMalformed": 2}
    assert {record["body"] for record in cloud.batch(jobs)["Records"]} == {"this is no job", '{"id": "x"}'}


def test_sample_events_are_taken(cloud):
    malformed = sample("dispatch.malformed")
    failed = [{"itemIdentifier": record["messageId"]} for record in malformed["Records"]]
    assert cloud.function("dispatch").handler(malformed, Context()) == {"batchItemFailures": failed}
    assert cloud.function("publish").handler(sample("publish.news"), Context()) == {"batchItemFailures": []}
    [record] = sample("dispatch.job")["Records"]
    from app.jobs.job import Job

    assert Job.from_json(record["body"]).thread.key == record["attributes"]["MessageGroupId"]


def test_after_a_failure_only_its_own_group_waits(cloud):
    publish = cloud.aws.cloud.publish_queue_url
    module = cloud.function("publish")
    done: list[str] = []

    class News:
        def take_news(self, message):
            done.append(message.body)
            return 30.0 if message.body == "a1" else None

    module._CONTROL = News()
    for body in ("a1", "a2", "b1"):
        cloud.send(publish, body, group=body[0])
    event = cloud.batch(publish)
    answer = module.handler(event, Context())
    failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    assert {bodies[message] for message in failed} == {"a1", "a2"} & set(bodies.values())
    assert "a2" not in done and "b1" in done


def test_function_with_no_time_left_begins_nothing(cloud):
    jobs = cloud.aws.cloud.jobs_queue_url
    cloud.label()
    taken, failed = cloud.feed(cloud.function("dispatch").handler, jobs, Context(left_seconds=3))
    assert (taken, len(failed)) == (1, 1)
    assert len(cloud.batch(jobs)["Records"]) == 1  # shown again at once


def test_clock_finds_a_missed_delivery_and_a_lost_worker(cloud, capsys):
    jobs = cloud.aws.cloud.jobs_queue_url
    cloud.github.deliver = lambda _sent: (202, b"{}")
    cloud.github.deliver_pending()
    cloud.github.deliver = lambda _sent: (_ for _ in ()).throw(ConnectionError)
    cloud.github.maintainer.label(cloud.issue, "agent-fix")
    cloud.github.deliver_pending()
    schedule = cloud.function("schedule").handler
    first = schedule(sample("schedule.minute"), Context())
    assert first["deliveries"] == 1  # GitHub was asked to send it again
    assert "deliveries" not in schedule(sample("schedule.minute"), Context())  # not due for five minutes
    cloud.github.deliver_pending()
    _forget_round("deliveries")
    module = cloud.function("schedule")  # another process, which knows nothing of what was asked
    assert module.handler(sample("schedule.minute"), Context())["deliveries"] == 1
    assert cloud.feed(cloud.function("dispatch").handler, jobs) == (1, [])
    [task] = cloud.ecs.tasks.values()
    until(lambda: task.process)
    cloud.ecs.kill(task)
    until(lambda: task.last == "STOPPED")
    assert module.handler(sample("schedule.minute"), Context())["runs"] == 1
    assert [task.command()[3] for task in cloud.ecs.tasks.values()] == ["1", "2"]
    assert module.handler(sample("schedule.minute"), Context())["runs"] == 0


def _forget_round(name: str) -> None:
    from app import settings, wiring

    wiring.platform(settings.load()).store.release(f"round:{name}", name)


def test_one_part_of_the_round_that_fails_does_not_stop_the_others(cloud, capsys):
    cloud.github.faults.secondary_limit(match="*", retry_after=60)
    assert cloud.function("schedule").handler(sample("schedule.minute"), Context()) == {
        "runs": 0,
        "warm": 0,
        "deliveries": 0,
        "labels": 0,
        "retention": 0,
        "outcomes": 0,
        "conflicts": 0,
    }
    assert "rounds.failed" in capsys.readouterr().out


def test_web_says_that_it_is_well_and_nothing_else(cold_start):
    web = cold_start("web").handler
    event = sample("web.healthz")
    healthy = web(event, Context())
    assert (healthy["statusCode"], json.loads(healthy["body"])) == (200, {"status": "ok"})
    assert healthy["headers"]["x-content-type-options"] == "nosniff"
    for path in ("/", "/runs", "/webhooks/github"):
        http = event["requestContext"]["http"] | {"path": path}
        found = web(event | {"rawPath": path, "requestContext": event["requestContext"] | {"http": http}}, Context())
        assert found["statusCode"] == 404
