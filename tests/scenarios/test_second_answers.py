"""Every request of the main story is answered wrongly once: with 401 to anything, with "it is not there" to what is
known to be there, with a refusal to a write. The story ends the same each time, with one pull request and no false
word. The requests are those of a calm telling, so a new one is in the sweep by itself.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from app.agent.models.scripted import Script, edit, finish
from app.simulator import Simulator
from app.simulator.front import Recorded
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.ground import ground_of
from tests.scenarios.stage import Bot

# No test suite, and nothing asked of it: GitHub counts.
_FILES = stories.PROJECT | {".github/lamplighter.yml": 'setup: []\nverify: ["true"]\nreach: 0\n'}
_SHARDS = 6
# Two cores tell a story in a second and there are 150 to tell; SWEEP_EVERY=1 tells them all.
_EVERY = int(os.environ.get("SWEEP_EVERY", "3"))


class Telling:
    """The main story once, with one request answered wrongly (or none)."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.clock = HeldClock()
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files=_FILES, default_branch="main")
        self.ground = ground_of(kind, folder / "home", self.clock)
        script = Script().will(edit("calc.py", "    return a / b\n", "    return a / b if b else None\n"))
        script.will(finish("Return None when dividing by zero", "It does now."))
        self.issue = self.github.maintainer.open_issue(self.repo, "Divide by zero", body="It raises.")
        self.github.maintainer.label(self.issue, "agent-fix")
        self.bot = Bot(self.ground, self.github, script, self.clock)

    def run(self) -> None:
        self.bot.run_until_idle()
        self.bot.close()

    def assert_as_ever(self) -> None:
        assert [comment.read().split("part=")[1].split(" ")[0] for comment in self.issue.comments] == [
            "status",
            "result",
        ]
        assert len(self.repo.pulls) == 1
        (pull,) = self.repo.pulls
        assert sorted(self.repo.branches) == sorted(["main", pull.head])
        assert len(pull.commits) == 1
        checks = [check.name for check in self.repo.check_runs(pull.commits[0].sha)]
        assert sorted(checks) == ["lamplighter", "lamplighter/scan"]
        assert sorted(self.issue.labels) == ["agent:done", "agent:uncertain"]
        assert [run.reason for run in self.bot.runs] == ["proposed"]
        assert f"#{pull.number}" in self.issue.comments[-1].body
        for comment in self.issue.comments:
            assert "could not be" not in comment.body

    def close(self) -> None:
        self.ground.close()
        self.github.close()


def wrong_answers(request: Recorded) -> list[tuple[int, str]]:
    """What GitHub may wrongly say to it once. A read that found nothing says nothing new with a 404."""
    found = [(401, "Bad credentials")]
    if request.method == "GET" and request.status == 200:
        found.append((404, "Not Found"))
    if request.method in {"POST", "PATCH", "PUT"} and request.path != "/graphql":
        found += [(404, "Not Found"), (409, "Conflict"), (422, "Object does not exist")]
    return found


def is_optional(request: Recorded) -> bool:
    """The configuration: its absence is an ordinary answer, which nobody can tell from a wrong one."""
    return "/contents/" in request.path


def plan(requests: list[Recorded]) -> list[tuple[int, int, str]]:
    """(position, status, message) of every wrong answer of the sweep."""
    return [
        (position, status, message)
        for position, request in enumerate(requests)
        for status, message in wrong_answers(request)
        if status == 401 or not is_optional(request)
    ]


SWEEP = [
    *(pytest.param("local", shard, _EVERY, id=f"local-{shard}") for shard in range(_SHARDS)),
    *(pytest.param("aws", shard, 12, marks=pytest.mark.aws, id=f"aws-{shard}") for shard in range(2)),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "shard", "every"), SWEEP)
def test_one_wrong_answer_to_any_request_changes_nothing(tmp_path: Path, kind: str, shard: int, every: int) -> None:
    with closing(Telling(tmp_path / "calm", kind)) as calm:
        calm.run()
        calm.assert_as_ever()
        requests = list(calm.github.requests)
    shards = _SHARDS if kind == "local" else 2
    for position, status, message in plan(requests)[shard * every :: shards * every]:
        said = f"{status} to request {position}, {requests[position].method} {requests[position].path}"
        with closing(Telling(tmp_path / f"{position}-{status}", kind)) as telling:
            fault = telling.github.faults.add("*", status=status, message=message, skip=position)
            telling.run()
            assert fault.hits == 1, f"{said}: never asked"
            try:
                telling.assert_as_ever()
            except AssertionError as error:
                raise AssertionError(f"{said}: {error}") from error


@pytest.mark.parametrize(
    "match",
    [
        "GET /repos/*/*/issues/1",
        "GET /repos/*/*/collaborators/*",
        "GET /repos/acme/calc",
        "GET /repos/*/*/branches/main",
        "GET /repos/*/*/git/commits/*",
        "POST /repos/*/*/issues/1/comments",
    ],
)
def test_what_lags_behind_a_webhook_is_waited_for(tmp_path: Path, match: str) -> None:
    with closing(Telling(tmp_path, "local")) as telling:
        fault = telling.github.faults.lag(match, seconds=40)
        telling.run()
        assert fault.hits >= 4  # the client gave up, and the job or the effect came again
        telling.assert_as_ever()
