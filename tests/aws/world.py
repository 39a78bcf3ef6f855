"""A Lamplighter on AWS whose workers are real processes: tasks of the ECS stand-in, over the emulated account.

The control side (what the Lambda functions do) runs in this process, turn by turn; GitHub is the simulator, served
over HTTP, so that workers clone with a token from the `tokens` function as they would.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app import wiring
from app.agent.models.scripted import Script, bash, create, finish, reply
from app.aws.clients import Clients
from app.aws.desk import Desk
from app.aws.sandbox_tasks import PORT
from app.aws.stopped import stopped
from app.ledger import verify_chain
from app.local.clock import SystemClock
from app.receive import Delivery
from app.settings import Settings
from app.simulator import Simulator
from app.simulator.deliveries import Delivery as Sent
from tests.aws import container
from tests.aws.ecs import Ecs, environment
from tests.aws.emulator import Emulator, emulated
from tests.aws.functions import FunctionUrl
from tests.aws.gateway import Gateway
from tests.aws.identities import Identities, Principal, role_arn
from tests.aws.tasks import Definition, Task
from tests.ports import free_port
from tests.scenarios import stories
from tests.waiting import until


class Unhurried(SystemClock):
    """The machine's clock, but pauses are not waited for: the control side's date runs ahead of the workers'."""

    def __init__(self, ahead_seconds: float = 0.0) -> None:
        self.ahead = timedelta(seconds=ahead_seconds)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=max(0.0, seconds))


def held_fix(gate: Path) -> Script:
    """The right fix by a model that stops to think until `gate` is there: a middle to be killed in."""
    script = Script()
    script.will(create("test_by_zero.py", stories.REGRESSION))
    script.will(reply(bash(stories.TESTS), waits_for=gate))
    script.will(stories.SMALL_FIX)
    return script.will(finish("Return None when dividing by zero", "`divide` returns None."))


WORK = (sys.executable, "-P", "-m", "app.cli")


class World:
    """Everything below one folder; `close` ends every task."""

    def __init__(
        self,
        folder: Path,
        *,
        warm_workers: int = 0,
        spot: bool = True,
        ahead_seconds: float = 0.0,
        isolated: bool = False,
        sandbox_pull_seconds: float = 0.0,
    ) -> None:
        """`ahead_seconds`: how far the control side's clock is ahead of the workers'. `isolated`: hostile code runs in
        a task of its own, as in production; otherwise within the walls of this machine, which starts faster.
        """
        self.folder = folder
        with ExitStack() as stack:  # what fails on the way leaves no emulator on for the next test
            self.aws: Emulator = stack.enter_context(emulated())
            self._stand_ins(folder, stack)
            self.repo = self.github.repository("acme/calc", files=stories.PROJECT)
            self.github.serve()
            self._stack = stack.pop_all()
        self.github.deliver = self._receive
        cloud = self.aws.cloud._replace(
            warm_workers=warm_workers, spot=spot, worker_role=role_arn("WorkerRole"), run_role=role_arn("RunRole")
        )
        self.script = folder / "replies.json"
        self._gate = folder / "go-on"
        held_fix(self._gate).save(self.script)
        self.settings = Settings(
            home=folder / "control",
            platform="aws",
            github_url=self.github.html_url,
            github_api_url=self.github.api_url,
            app_id=str(self.github.app.id),
            private_key=self.github.app.private_key,
            webhook_secrets=(self.github.app.webhook_secret,),
            cloud=cloud,
        )
        self.isolated, self.sandbox_pull_seconds = isolated, sandbox_pull_seconds
        self.egress_port = free_port()  # tasks have an address each, and this machine one for all
        self.define()
        os.environ |= environment(self.ecs) | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        self.clock = Unhurried(ahead_seconds)
        self.platform = wiring.aws_platform(self.settings, clients=Clients(), clock=self.clock)
        self.access = wiring.access(self.platform)
        broker = Clients(credentials=self.identities.issue("TokensRole", "tokens").keys)
        self.desk = Desk(cloud, self.platform.store, self.clock, broker, wiring.minting(self.access))
        self.control = wiring.control(self.platform, self.access)

    def _stand_ins(self, folder: Path, stack: ExitStack) -> None:
        """ECS, IAM, the function's URL, GitHub."""
        self.ecs = Ecs(folder / "ecs")
        self.identities = Identities(time.time)
        self.identities.guard(self.aws)
        self.identities.guard_ecs(self.ecs)
        self.ecs.credentials = self._credentials
        self.broker = FunctionUrl(self.identities, self._ask)
        self.gateway = Gateway(self.aws)
        self.github = Simulator(folder / "github")
        for part in (self.github, self.gateway, self.broker, self.ecs):
            stack.callback(part.close)
        self._roles: dict[str, Principal] = {}
        self._stopped: list[dict[str, Any]] = []
        self.ecs.on_stopped = self._stopped.append

    def define(self, **more: str) -> None:
        """Register the worker's task definition; again is a deploy."""
        cloud = self.settings.cloud
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LAMPLIGHTER_PLATFORM": "aws",
            "LAMPLIGHTER_HOME": str(self.folder / "worker"),
            "LAMPLIGHTER_GITHUB_URL": self.settings.github_url,
            "LAMPLIGHTER_GITHUB_API_URL": self.settings.github_api_url,
            "LAMPLIGHTER_JOBS_QUEUE_URL": cloud.jobs_queue_url,
            "LAMPLIGHTER_PUBLISH_QUEUE_URL": cloud.publish_queue_url,
            "LAMPLIGHTER_TABLE": cloud.table,
            "LAMPLIGHTER_BUCKET": cloud.bucket,
            "LAMPLIGHTER_TOKENS_URL": self.broker.url,
            "LAMPLIGHTER_MODEL_PROVIDER": "scripted",
            "LAMPLIGHTER_MODEL_SCRIPT": str(self.script),
            "LAMPLIGHTER_SANDBOX": "bubblewrap",  # the walls of a machine; the remote sandbox has tests of its own
            **(self._sandboxes() if self.isolated else {}),
            **self.gateway.environment(),
            **more,
        }
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            variables.pop(name)  # ECS gives a task those of its role
        self.ecs.define(cloud.worker_task, Definition(command=WORK, environment=variables, grace_seconds=120.0))

    def _ask(self, event: dict[str, Any]) -> dict[str, Any]:
        """The `tokens` function."""
        return self.desk.answer(event)

    def _credentials(self, task: Task) -> dict[str, str]:
        """What a worker's task gets from ECS; a sandbox has no role."""
        if task.definition.container != "worker":
            return {}
        if task.id not in self._roles:
            self._roles[task.id] = self.identities.issue("WorkerRole", task.id)
        return self._roles[task.id].told()

    def _sandboxes(self) -> dict[str, str]:
        """Register the sandbox's task; the variables by which a worker finds it."""
        cloud = self.settings.cloud
        ((name, family),) = cloud.sandbox_tasks
        command = (sys.executable, "-P", "-m", "tests.aws.container", "{address}", str(PORT), str(self.egress_port))
        variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(container.ROOT)}
        self.ecs.define(
            family,
            Definition(
                command=command,
                environment=variables,
                container="sandbox",
                grace_seconds=2,
                pull_seconds=self.sandbox_pull_seconds,
            ),
        )
        return {
            "LAMPLIGHTER_SANDBOX": "remote",
            "LAMPLIGHTER_SANDBOX_TASKS": f"{name}={family}",
            "LAMPLIGHTER_SANDBOX_SUBNETS": ",".join(cloud.sandbox_subnets),
            "LAMPLIGHTER_SANDBOX_SECURITY_GROUP": cloud.sandbox_security_group,
            "LAMPLIGHTER_CLUSTER": cloud.cluster,
            "LAMPLIGHTER_EGRESS_PORT": str(self.egress_port),
            "AWS_ENDPOINT_URL_ECS": self.ecs.url,
        }

    # ------------------------------------------------------------ playing

    def label(self) -> Any:
        """An issue gets the trigger label."""
        issue = self.github.maintainer.open_issue(self.repo, "Divide by zero", body="It raises.")
        self.github.maintainer.label(issue, "agent-fix")
        return issue

    def turn(self) -> None:
        """One look of every function of the control side."""
        self.github.deliver_pending()
        self.control.drain_jobs()
        while self._stopped:
            found = stopped(self._stopped.pop(0), self.settings.cloud, self.platform.store)
            if found:
                self.control.scheduler.worker_ended(found.run_id, found.attempt, no_room=found.no_room)
        self.control.drain_publishing()
        self.control.scheduler.tick()
        wiring.keep_warm(self.platform)
        for run in self.platform.store.runs(active=True):
            if run.park_until and not run.unpublished:  # nobody waits for a pause
                self.clock.sleep((datetime.fromisoformat(run.park_until) - self.clock.now()).total_seconds())

    def until(self, is_so: Callable[[], object], seconds: float = 120.0) -> None:
        """Turn until something is so."""
        until(is_so, self.told, seconds=seconds, pause=0.4, meanwhile=self.turn)

    def until_the_middle(self) -> None:
        """A tool has run, and the model thinks, until `go_on`."""
        self.until(lambda: "tool.ran" in self.kinds())

    def launch(self) -> None:
        """Let the model say what it has thought of, now and from now on."""
        self._gate.touch()

    def ends_well(self, issue: Any, seconds: float = 120.0) -> None:
        """One pull request, one result, one end."""
        self.until_published(seconds)
        assert len(self.repo.pulls) == 1, self.told()
        parts = [comment.body.partition("part=")[2].partition(" ")[0] for comment in issue.comments]
        assert sorted(parts) == ["result", "status"]
        assert issue.labels == ["agent:done"]
        assert self.kinds().count("run.ended") == 1

    def until_published(self, seconds: float = 120.0) -> None:
        """Go on, and turn until the one run has ended and GitHub shows it."""
        self.launch()
        self.until(lambda: self.runs and self.run.phase == "ended" and not self.run.unpublished, seconds)
        events = self.platform.store.events(self.run.run_id)
        assert verify_chain(self.run.run_id, events, self.platform.store.witness(self.run.run_id)) == []

    # ------------------------------------------------------------ looking

    @property
    def runs(self) -> list[Any]:
        return self.platform.store.runs()

    @property
    def run(self) -> Any:
        (run,) = self.runs
        return run

    @property
    def tasks(self) -> list[Task]:
        return self.ecs.of(self.run.run_id)

    @property
    def sandboxes(self) -> list[Task]:
        return [task for task in self.ecs.tasks.values() if task.definition.container == "sandbox"]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.platform.store.events(self.run.run_id)] if self.runs else []

    def told(self) -> str:
        """The ledger and what the tasks wrote, for whoever has to find out why a test failed."""
        events = [
            f"{event.at} {event.kind} {str(event.data)[:200]}"
            for run in self.runs
            for event in self.platform.store.events(run.run_id)
        ]
        return "\n".join([*events, *(self.ecs.log(task)[-2000:] for task in self.ecs.tasks.values())])

    def close(self) -> None:
        self._stack.close()

    def _receive(self, sent: Sent) -> tuple[int, str]:
        answer = wiring.door(self.platform)(
            Delivery(headers={name.lower(): value for name, value in sent.headers.items()}, body=sent.body)
        )
        return answer.status, json.dumps(dict(answer.body))
