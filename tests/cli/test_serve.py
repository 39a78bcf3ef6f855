"""The server as a process: killed at any moment, started again, it finds everything and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.agent.models.scripted import Script, bash, create, edit, finish, reply
from app.cli.demo.world import World
from app.cli.verification import examine
from app.local.clock import SystemClock
from app.local.queue import SqliteQueue
from tests.waiting import until

TEST = """import unittest

from tab.split import split_evenly


class Remainder(unittest.TestCase):
    def test_shares_add_up(self):
        self.assertEqual(sum(split_evenly(1000, 3)), 1000)
"""

UNREHEARSED = {".github/lamplighter.yml": "playbooks: {rehearse: {enabled: false}}\n"}


def held_fix(folder: Path, gate: Path) -> Path:
    """The right fix by a model that stops to think until `gate` is there: a middle to be killed in."""
    script = Script()
    script.will(create("tests/test_remainder.py", TEST))
    script.will(reply(bash("python3 -m unittest discover -s tests -t ."), waits_for=gate))
    script.will(
        edit(
            "tab/split.py",
            "    return [total // people] * people\n",
            "    share, left = divmod(total, people)\n    return [share + 1] * left + [share] * (people - left)\n",
        )
    )
    script.will(finish("Let shares add up", "The remainder was dropped."))
    path = folder / "held.json"
    script.save(path)
    return path


def sleeper(folder: Path, _gate: Path) -> Path:
    """A model whose second command takes longer than anybody waits."""
    script = Script().will(
        create("tests/test_remainder.py", TEST), bash("touch begun; sleep 600"), finish("Never", ".")
    )
    path = folder / "sleeper.json"
    script.save(path)
    return path


class Story:
    """One labelled issue in a world whose processes are killed."""

    def __init__(self, world: World, script: Callable[[Path, Path], Path] = held_fix) -> None:
        self.world = world
        self.gate = world.folder / "go-on"
        path = script(world.folder, self.gate)
        environment = world.environment
        world.environment = lambda: {**environment(), "LAMPLIGHTER_MODEL_SCRIPT": str(path)}
        world.start()
        self.issue = world.maya.open_issue(world.repo, "Cents get lost", body="10.00 for 3 is 9.99.")
        world.maya.label(self.issue, "agent-fix")

    @property
    def run(self):
        (found,) = self.world.home.runs()
        return found

    def kinds(self) -> list[str]:
        return [event.kind for event in self.world.home.events(self.run.run_id)]

    def kill_server(self) -> None:
        server = self.world._server
        assert server is not None
        server.kill()
        server.wait()

    def restart_server(self) -> None:
        self.world.serve()

    def kill_worker(self, attempt: int) -> None:
        record = json.loads((self.world.home_path / "workers" / self.run.run_id / f"{attempt}.json").read_text())
        os.killpg(record["pid"], signal.SIGKILL)

    def told(self) -> str:
        """The whole ledger and the logs, for whoever has to find out why a test failed."""
        events = [
            f"{event.at} {event.kind} {str(event.data)[:300]}" for event in self.world.home.events(self.run.run_id)
        ]
        logs = [path.read_text()[-3000:] for path in sorted(self.world.folder.rglob("*.log"))]
        return "\n".join([*events, *logs])

    def ends_well(self, seconds: float = 120.0) -> None:
        self.gate.touch()
        until(lambda: self.run.phase == "ended" and not self.run.unpublished, self.told, seconds=seconds)
        assert len(self.world.repo.pulls) == 1, self.told()
        (pull,) = self.world.repo.pulls
        parts = [comment.body.partition("part=")[2].partition(" ")[0] for comment in self.issue.comments]
        assert sorted(parts) == ["result", "status"]
        assert sorted(file.filename for file in pull.files) == ["tab/split.py", "tests/test_remainder.py"]
        assert [reaction.content for reaction in self.issue.reactions] == ["eyes"]
        assert self.issue.labels == ["agent:done"]
        assert examine(self.world.home, self.run.run_id)[1] == []


@pytest.mark.slow
def test_a_killed_server_finds_everything_again(world):
    story = Story(world)
    until(lambda: world.home.runs() and "tool.ran" in story.kinds(), "the worker did not start")
    story.kill_server()
    story.gate.touch()
    until(lambda: "run.ended" in story.kinds(), story.told)
    assert not world.repo.pulls
    story.restart_server()
    story.ends_well()
    assert story.run.attempt == 1


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_server_cost_one_attempt(world):
    story = Story(world)
    until(lambda: world.home.runs() and "tool.ran" in story.kinds(), "the worker did not start")
    story.kill_server()
    story.kill_worker(1)
    story.restart_server()
    until(lambda: story.run.attempt == 2, story.told)
    story.kill_server()
    story.restart_server()
    story.ends_well()
    assert story.kinds().count("model.called") <= story.kinds().count("model.replied") + 1


@pytest.mark.slow
def test_a_stop_in_the_middle_of_a_command_ends_within_a_minute_and_keeps_the_work(world):
    story = Story(world, sleeper)
    until(lambda: any((world.home_path / "work").glob("*/tree/begun")), "the worker did not start")
    world.maya.comment(story.issue, "/agent stop")
    until(lambda: "run.ended" in story.kinds(), story.told, seconds=60)
    assert story.run.reason == "cancelled"
    until(lambda: not story.run.unpublished, story.told)
    [branch] = set(world.repo.branches) - {"main"}
    assert world.repo.file(branch, "tests/test_remainder.py").decode() == TEST
    assert world.repo.file(branch, "begun") == b""  # what the command had done is kept as well
    assert "agent:working" not in story.issue.labels


def test_a_delivery_that_came_while_nobody_was_there_is_found(world):
    world.start()
    world._server.kill()
    world._server.wait()
    issue = world.maya.open_issue(world.repo, "Help")
    world.maya.comment(issue, "/agent help")
    until(lambda: not world.github.pending and world.github.deliveries[-1].error, "nothing was tried")
    world.serve()
    until(lambda: issue.comments[-1].author == "lamplighter[bot]", "the delivery list was not looked at")


@pytest.mark.slow
def test_a_server_killed_while_it_sets_up_a_repository_goes_on(world):
    """A second between two writes leaves time to kill it in the middle; the half that is there is not made twice."""
    world.start()
    repo = world.github.repository("supper-club/menu", files={"menu.txt": "soup\n", **UNREHEARSED}, install=False)
    world.github.owner.install(repo)
    until(lambda: len(repo.labels) >= 4, world.last_words)
    assert len(repo.labels) < 13
    world._server.kill()
    world._server.wait()
    world.serve()
    until(lambda: world.home.runs()[0].phase == "ended", world.last_words, seconds=150)
    assert (len(repo.labels), len(repo.issues)) == (13, 1)
    assert world.home.runs()[0].reason == "onboarded"
    made = [request for request in world.github.requests if request.path.startswith("/repos/supper-club/menu/")]
    writes = [request.status for request in made if request.method == "POST"]
    assert writes.count(201) == 14


def test_one_server_a_home(world):
    world.start()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "serve", "--port", "0"],
        env=dict(world.environment()),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("lamplighter: Another Lamplighter is already serving")


def test_a_port_that_is_taken(world):
    world.start()
    port = world.server_url.rpartition(":")[2]
    env = {**world.environment(), "LAMPLIGHTER_HOME": str(world.folder / "other")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "serve", "--port", port],
        env=env,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_it(world):
    world.start()
    server = world._server
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{world.server_url}/healthz")


def test_a_delivery_is_replayed_once(lamplighter, world):
    world.start()
    issue = world.maya.open_issue(world.repo, "Help")
    world.maya.label(issue, "bug")
    until(lambda: len(world.github.deliveries) >= 3, "nothing was delivered")
    sent = next(item for item in world.github.deliveries if item.event == "issues" and item.action == "opened")
    payload = json.loads(sent.body) | {"action": "labeled", "label": {"name": "agent-fix"}}
    (world.folder / "payload.json").write_text(json.dumps(payload))
    env = {**world.environment(), "LAMPLIGHTER_HOME": str(world.folder / "other")}
    first = lamplighter("receive", "-e", "issues", "-p", world.folder / "payload.json", **env)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("start: ")
    again = lamplighter("receive", "-e", "issues", "-p", "-", "--json", stdin=json.dumps(payload), **env)
    assert json.loads(again.stdout)["decision"] == "duplicate"
    broken = lamplighter("receive", "-e", "issues", "-p", "-", stdin="{", **env)
    assert broken.returncode == 1
    assert "refused with 400" in broken.stderr


def test_what_a_killed_server_held_is_visible_again(tmp_path):
    queue = SqliteQueue(tmp_path, "jobs", SystemClock())
    queue.send("held", group="a", dedup_id="1")
    queue.send("put off", group="b", dedup_id="2")
    held, put_off = queue.receive(limit=2)
    queue.retry(put_off, delay_seconds=60)
    assert queue.receive() == []
    assert queue.take_back() == 1
    (again,) = queue.receive()
    assert (again.body, again.attempt) == ("held", held.attempt + 1)
