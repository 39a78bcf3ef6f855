"""The real template, deployed: from a signed webhook at the function URL to a pull request, every role enforced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import container
from tests.aws.end_to_end.deployment import Deployment, pack
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

pytestmark = [
    pytest.mark.aws,
    pytest.mark.timeout(480),  # 60 s alone; twice that and more on a busy machine
    pytest.mark.skipif(bool(container.missing()), reason=container.missing()),
]

# Each of them ran, under its own role.
TOOK_PART = {"WebhookFunction", "DispatchFunction", "PublishFunction", "TokensFunction", "TaskStoppedFunction"}

CALLS = 5  # of the model, in this story


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Deployment]:
    pack(tmp_path / "dist")
    made = Deployment(tmp_path, tmp_path / "dist")
    yield made
    made.close()


def test_a_signed_webhook_becomes_a_pull_request(cloud):
    stories.fix(cloud.model.script)
    issue = ask_for_a_fix(cloud.github, cloud.repo)
    cloud.until(lambda: issue.labels == ["agent:done"], 240)

    (pull,) = cloud.repo.pulls
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert all(commit.verified for commit in pull.commits)
    assert parts_of(issue) == ["status", "result"]
    (run,) = cloud.store.runs()
    assert (run.phase, run.reason, run.attempt) == ("ended", "proposed", 1)

    cloud.until(lambda: not any(cloud.waiting().values()), 60)
    cloud.until(lambda: all(task.last == "STOPPED" for task in cloud.ecs.tasks.values()), 60)
    assert [task.family for task in cloud.ecs.tasks.values()] == ["lamplighter-worker", "lamplighter-sandbox"]
    cloud.until(lambda: took_part(cloud) >= TOOK_PART, 60)
    assert complaints(cloud) == []
    assert cloud.problems() == []
    nothing_happens_twice(cloud, issue)
    a_killed_worker_costs_one_attempt(cloud)


def nothing_happens_twice(cloud: Deployment, issue) -> None:
    """The same deliveries once more, forged ones, and a turn of the clock."""
    labelled = next(sent for sent in cloud.github.deliveries if (sent.event, sent.action) == ("issues", "labeled"))
    again = cloud.post(labelled.body, labelled.headers)
    assert (again.status_code, again.json()["decision"]) == (202, "duplicate")
    forged = cloud.post(labelled.body.replace(b"Divide", b"Delete"), labelled.headers)
    assert forged.status_code == 401

    cloud.aws.invoke(cloud.parts["ScheduleFunction"], {})
    cloud.until(lambda: not any(cloud.waiting().values()), 60)
    (said,) = complaints(cloud)
    assert "receive.rejected" in said
    assert parts_of(issue) == ["status", "result"]
    assert len(cloud.store.runs()) == len(cloud.repo.pulls) == 1


def a_killed_worker_costs_one_attempt(cloud: Deployment) -> None:
    """Its task dies while the model thinks; EventBridge's word of that starts the next one at once."""
    answer, killed, before = cloud.model.answer, [], len(cloud.model.requests)

    def dies_meanwhile(http, body) -> None:
        if not killed and sum(message["role"] == "assistant" for message in body["messages"]) == 2:
            killed.append(next(task for task in cloud.ecs.tasks.values() if task.last == "RUNNING" and task.command()))
            cloud.ecs.kill(killed[0])
        answer(http, body)

    cloud.model.answer = dies_meanwhile
    issue = ask_for_a_fix(cloud.github, cloud.repo, title="Divide by nothing")
    cloud.until(lambda: issue.labels == ["agent:done"], 240)
    assert killed[0].exit_code == 137
    assert parts_of(issue) == ["status", "result"]
    assert len(cloud.repo.pulls) == 2
    run = cloud.store.runs()[0]
    assert (run.reason, run.attempt) == ("proposed", 2)
    assert len(cloud.model.requests) - before == CALLS + 1
    cloud.until(lambda: not any(cloud.waiting().values()), 60)
    assert cloud.problems() == []


def parts_of(issue) -> list[str]:
    return [comment.read().partition("part=")[2].partition(" ")[0] for comment in issue.comments]


def took_part(cloud: Deployment) -> set[str]:
    return {line.partition(" ")[0] for line in cloud.logs()}


def complaints(cloud: Deployment) -> list[str]:
    """What any function or task wrote above an ordinary line, and everything that a role was denied."""
    lines = [*cloud.logs(), *(line for task in cloud.ecs.tasks.values() for line in cloud.ecs.log(task).splitlines())]
    return [line for line in lines if is_complaint(line)]


def is_complaint(line: str) -> bool:
    found = re.search(r"\{.*\}", line)
    try:
        level = str(json.loads(found[0]).get("level", "")) if found else ""
    except ValueError:
        level = ""
    return level.lower() in {"warning", "error", "critical"} or "is not authorized" in line or "Traceback" in line
