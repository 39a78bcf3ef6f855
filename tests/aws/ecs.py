"""ECS in small: the JSON face of RunTask, DescribeTasks, ListTasks and StopTask on 127.0.0.1, with real processes.

moto and ministack know task records only. Here a task is a process of its own, in a session of its own, so that what
happens to a worker on Fargate (SIGTERM and grace, a kill, no capacity, a slow image pull) happens to a real one.
Requests are held against what the API documents; clients are told of a mistake in the service's own words.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.aws.tasks import Definition, Task, TaskHost
from tests.ports import own_network

ACCOUNT, REGION = "123456789012", "eu-west-1"


class Refusal(Exception):
    """An error answer: the code as botocore sees it, the message, further members."""

    def __init__(self, code: str, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.code, self.status, self.more = code, status, more


class Ecs(TaskHost):
    """The stand-in; `url` goes into AWS_ENDPOINT_URL_ECS."""

    def __init__(
        self,
        folder: Path,
        *,
        cluster: str = "lamplighter",
        account: str = ACCOUNT,
        region: str = REGION,
    ) -> None:
        super().__init__(folder, account=account, region=region)
        self._network = own_network()
        self.cluster = cluster
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.asking = threading.local()  # `headers` of the request that this thread answers
        self.hide_new_tasks = 0  # DescribeTasks is eventually consistent: so many answers say MISSING
        self.during: dict[str, Callable[[], None]] = {}  # called while a call of that name waits for its answer
        self._definitions: dict[str, Definition] = {}
        self._tokens: dict[str, tuple[str, dict[str, Any]]] = {}
        self._faults: list[tuple[str, Callable[[dict[str, Any]], bool], Any]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="ecs", daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        super().close()

    # ------------------------------------------------------------ what a test does

    def define(self, family: str, definition: Definition) -> None:
        """Register a task definition; a second one of a family is its next revision."""
        known = self._definitions.get(family)
        revision = known.revision + 1 if known else 1
        self._definitions[family] = Definition(**{**definition.__dict__, "revision": revision})

    def fail(self, action: str, code: str, *, times: int = 1, status: int = 400, lost: bool = False) -> None:
        """The next `times` calls of `action` are answered with `code`; `lost`: done all the same."""
        for _ in range(times):
            self._faults.append((action, lambda request: True, (code, status, lost)))

    def no_capacity(self, provider: str, *, times: int = 1, family: str = "") -> None:
        """The next `times` RunTask calls for FARGATE or FARGATE_SPOT find no room."""
        for _ in range(times):
            self._faults.append(
                (
                    "RunTask",
                    lambda request: _provider(request) == provider and family in str(request["taskDefinition"]),
                    None,
                )
            )

    def forget_tokens(self) -> None:
        """As after 24 hours, or an hour after the task's end."""
        self._tokens.clear()

    def of(self, run_id: str) -> list[Task]:
        """The tasks of a run, oldest first."""
        return [task for task in self.tasks.values() if task.started_by == run_id]

    # ------------------------------------------------------------ the API

    def answer(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        """One call. Raises Refusal."""
        self.during.pop(action, lambda: None)()
        with self._lock:
            self.requests.append((action, request))
            fault = self._fault(action, request)
            if action == "RunTask" and fault is _NO_ROOM:
                reason = (
                    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
                )
                return {"tasks": [], "failures": [{"reason": reason}]}
            if isinstance(fault, tuple) and not fault[2]:
                raise Refusal(fault[0], f"{fault[0]} on purpose", fault[1])
            do = getattr(self, f"_do_{action}", None)
            if do is None:
                raise Refusal("InvalidParameterException", f"the stand-in knows no {action}")
            done: dict[str, Any] = do(request)
            if isinstance(fault, tuple):
                raise Refusal(fault[0], f"{fault[0]} on purpose", fault[1])
            return done

    def _fault(self, action: str, request: dict[str, Any]) -> Any:
        for index, (name, fits, what) in enumerate(self._faults):
            if name == action and fits(request):
                del self._faults[index]
                return _NO_ROOM if what is None else what
        return None

    def _do_RunTask(self, request: dict[str, Any]) -> dict[str, Any]:
        definition, family = self._checked(request)
        token = str(request.get("clientToken") or uuid.uuid4())
        plain = {key: value for key, value in request.items() if key != "clientToken"}
        if token in self._tokens:
            arn, before = self._tokens[token]
            if before != plain:
                raise Refusal(
                    "ConflictException", "The clientToken is in use by a different request.", resourceIds=[arn]
                )
            return {"tasks": [self.tasks[arn].told()], "failures": []}
        number = len(self.tasks) + 2
        network = request["networkConfiguration"]["awsvpcConfiguration"]
        identity, prefix = uuid.uuid4().hex, f"arn:aws:ecs:{self.region}:{self.account}"
        task = Task(
            arn=f"{prefix}:task/{self.cluster}/{identity}",
            prefix=prefix,
            cluster=self.cluster,
            family=family,
            definition=definition,
            provider=_provider(request),
            started_by=str(request.get("startedBy", "")),
            overrides=request.get("overrides") or {},
            tags=request.get("tags") or [],
            address=f"{self._network}.{number // 250}.{number % 250 + 1}",
            public=network.get("assignPublicIp") == "ENABLED",
            log=self.folder / f"{identity}.log",
            hidden=self.hide_new_tasks,
        )
        self.tasks[task.arn] = task
        self._tokens[token] = (task.arn, plain)
        self._begin(task)
        return {"tasks": [task.told()], "failures": []}

    def _checked(self, request: dict[str, Any]) -> tuple[Definition, str]:
        self._cluster_is(request)
        family = str(request.get("taskDefinition", "")).rpartition("/")[2].partition(":")[0]
        definition = self._definitions.get(family)
        if definition is None:
            raise Refusal("ClientException", "TaskDefinition not found.")
        wrong = [
            text
            for text, bad in {
                "clientToken": not re.fullmatch(r"[!-~]{0,64}", str(request.get("clientToken", ""))),
                "startedBy": not re.fullmatch(r"[A-Za-z0-9/_-]{0,128}", str(request.get("startedBy", ""))),
                "overrides": len(json.dumps(request.get("overrides") or {})) > 8192,
                "launchType": bool(request.get("launchType")) and bool(request.get("capacityProviderStrategy")),
                "container": any(
                    item["name"] != definition.container
                    for item in (request.get("overrides") or {}).get("containerOverrides", [])
                ),
                "networkConfiguration": not (request.get("networkConfiguration") or {})
                .get("awsvpcConfiguration", {})
                .get("subnets"),
            }.items()
            if bad
        ]
        if wrong:
            raise Refusal("InvalidParameterException", f"wrong: {', '.join(wrong)}")
        return definition, family

    def _do_DescribeTasks(self, request: dict[str, Any]) -> dict[str, Any]:
        self._cluster_is(request)
        if not 0 < len(request["tasks"]) <= 100:
            raise Refusal("InvalidParameterException", "Tasks: at least one and at most 100 can be described")
        found, failures = [], []
        for arn in request["tasks"]:
            task = self._known(arn)
            if task is None or task.hidden > 0:
                failures.append({"arn": arn, "reason": "MISSING"})
                if task:
                    task.hidden -= 1
            else:
                found.append(task.told())
        return {"tasks": found, "failures": failures}

    def _do_ListTasks(self, request: dict[str, Any]) -> dict[str, Any]:
        self._cluster_is(request)
        if request.get("startedBy") and request.get("family"):
            raise Refusal("InvalidParameterException", "startedBy must be the only filter")
        chosen = [
            task.arn
            for task in self.tasks.values()
            if task.desired == request.get("desiredStatus", "RUNNING")
            and request.get("startedBy") in (None, task.started_by)
            and request.get("family") in (None, task.family)
        ]
        start = int(request.get("nextToken") or 0)
        size = int(request.get("maxResults") or 100)
        page: dict[str, Any] = {"taskArns": chosen[start : start + size]}
        if start + size < len(chosen):
            page["nextToken"] = str(start + size)
        return page

    def _do_StopTask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._cluster_is(request)
        task = self._known(request["task"])
        if task is None:
            raise Refusal("InvalidParameterException", "The referenced task was not found.")
        self._stop(task, "UserInitiated", str(request.get("reason", "")))
        return {"task": task.told()}

    def _cluster_is(self, request: dict[str, Any]) -> None:
        if str(request.get("cluster", "default")).rpartition("/")[2] != self.cluster:
            raise Refusal("ClusterNotFoundException", "Cluster not found.")

    def _known(self, arn: str) -> Task | None:
        return next((task for task in self.tasks.values() if arn in (task.arn, task.id)), None)


def environment(ecs: Ecs) -> dict[str, str]:
    """What a process needs to find the stand-in: the endpoint, a region, credentials that mean nothing."""
    return {
        "AWS_ENDPOINT_URL_ECS": ecs.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


_NO_ROOM = object()


def _provider(request: Mapping[str, Any]) -> str:
    strategy = request.get("capacityProviderStrategy")
    return str(strategy[0]["capacityProvider"]) if strategy else str(request.get("launchType", "FARGATE"))


def _handler(ecs: Ecs) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            ecs.asking.headers = dict(self.headers)
            try:
                self._say(200, ecs.answer(action, json.loads(body or b"{}")))
            except Refusal as refusal:
                self._say(refusal.status, {"__type": refusal.code, "message": str(refusal), **refusal.more})

        def do_GET(self) -> None:
            """The metadata endpoint of a task's containers."""
            parts = self.path.strip("/").split("/")
            task = next((task for task in list(ecs.tasks.values()) if len(parts) > 1 and task.id == parts[1]), None)
            if task is None:
                self._say(404, {})
            elif parts[2:] == ["task"]:
                self._say(200, {"Cluster": task.cluster, "TaskARN": task.arn, "Family": task.family})
            elif parts[2:] == ["credentials"]:
                self._say(200, dict(ecs.credentials(task)))
            else:
                self._say(200, {"Name": task.definition.container})

        def _say(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
