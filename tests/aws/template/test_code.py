"""The template grants what the code calls and nothing it does not, and gives each process the settings it reads."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import settings
from app.aws import telemetry
from tests.aws.template.calls import made_in
from tests.aws.template.deployed import VARIANTS, Deployed

pytestmark = pytest.mark.aws

ROOT = Path(__file__).parents[3]
AWS = ROOT / "app/aws"

LEDGER = {"blobs.py", "heads.py", "ledgers.py", "lists.py", "slots.py", "store.py", "table.py"}
KEY = {"kms.py", "secrets.py"}
START = {"launcher.py"}

# What only the person at the command line uses, who brings a role of his own.
PERSON = {"queue.py", "app_secrets.py", "inspection.py", "inspection_bucket.py", "inspection_tasks.py"}

# Which files of `app/aws` a role's process uses. Of the queue each has one end: `queue.py` is what a person at the
# command line uses, who brings a role of his own.
PARTS: dict[str, set[str]] = {
    "WebhookRole": {"door.py"},
    "DispatchRole": LEDGER | KEY | START,
    "PublishRole": LEDGER | KEY,
    "ScheduleRole": LEDGER | KEY | START | {"retention.py"},
    "TaskStoppedRole": LEDGER | START,
    "TokensRole": LEDGER | KEY | START | {"callers.py", "desk.py"},
    "WorkerRole": {"secrets.py", "broker.py", "sandbox_tasks.py", "launcher.py"},
    "RunRole": LEDGER,
    "WebRole": set(),
}
SENDS = {"sqs:SendMessage"}
TAKES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
QUEUES: dict[str, dict[str, set[str]]] = {
    "WebhookRole": {"JobsQueue": SENDS},
    "DispatchRole": {"JobsQueue": TAKES, "PublishQueue": SENDS},
    "PublishRole": {"JobsQueue": SENDS, "PublishQueue": TAKES | SENDS},
    "ScheduleRole": {"JobsQueue": SENDS, "PublishQueue": SENDS, "EventsDeadQueue": SENDS},
    "TaskStoppedRole": {"PublishQueue": SENDS, "EventsDeadQueue": SENDS},
    "TokensRole": {},
    "WorkerRole": {"PublishQueue": SENDS},
    "RunRole": {},
    "WebRole": {},
}
# A process that uses less of its files than they can do: the broker looks a run and a task up and keeps places of the
# warm pool, a worker starts sandboxes only.
LESS = {
    "TokensRole": {"dynamodb:UpdateItem", "dynamodb:BatchGetItem", "s3:PutObject", "s3:PutObjectRetention",
                   "s3:ListBucketVersions", "ecs:RunTask", "ecs:StopTask", "ecs:ListTasks"},
    "WorkerRole": {"ecs:ListTasks"},
    "RunRole": {"dynamodb:UpdateItem", "dynamodb:BatchGetItem", "s3:ListBucketVersions"},
}  # fmt: skip
FUNCTIONS = [
    f"{name}Function" for name in ("Webhook", "Dispatch", "Publish", "Schedule", "TaskStopped", "Tokens", "Web")
]

# Asked for by no call of ours, but by AWS when it carries one out.
BY_AWS = {
    "logs:CreateLogStream", "logs:PutLogEvents",
    "ecs:TagResource", "iam:PassRole",  # part of RunTask
    "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream",  # the model's SDK
}  # fmt: skip


@pytest.fixture(params=VARIANTS, scope="module")
def deployed(request: pytest.FixtureRequest) -> Deployed:
    return Deployed(**VARIANTS[request.param])


def called(role: str, deployed: Deployed) -> set[str]:
    wanted: set[str] = set()
    for name in PARTS[role]:
        wanted |= made_in(AWS / name)
    wanted -= LESS.get(role, set())
    if deployed.parameters["AppKeyKmsArn"] and role not in {"WebhookRole", "ScheduleRole", "WorkerRole", "RunRole"}:
        wanted.discard("secretsmanager:GetSecretValue")
    if not deployed.parameters["AppKeyKmsArn"]:
        wanted.discard("kms:Sign")
    if role == "WorkerRole" and deployed.parameters["ModelProvider"] == "bedrock":
        wanted.discard("secretsmanager:GetSecretValue")
    if role == "WorkerRole" and deployed.parameters["Sandbox"] == "weaker":
        wanted -= {action for action in wanted if action.startswith("ecs:")}
    return {action for action in wanted if not action.startswith("sqs:")}


@pytest.mark.parametrize("role", PARTS)
def test_a_role_may_make_the_calls_its_code_makes_and_no_others(role: str, deployed: Deployed):
    allowed = {action for statement in deployed.allowed(role) for action in statement.actions} - BY_AWS
    assert {action for action in allowed if not action.startswith("sqs:")} == called(role, deployed)


@pytest.mark.parametrize("role", QUEUES)
def test_a_role_has_the_end_of_each_queue_that_is_its_own(role: str, deployed: Deployed):
    found: dict[str, set[str]] = {}
    for statement in deployed.allowed(role):
        for resource in statement.resources:
            if any(action.startswith("sqs:") for action in statement.actions):
                found.setdefault(resource.removesuffix(".Arn"), set()).update(statement.actions)
    assert found == QUEUES[role]


def test_every_call_is_somebodys():
    """A new file of `app/aws` that calls AWS belongs to a role, or to the person at the command line."""
    with_calls = {path.name for path in AWS.glob("*.py") if made_in(path)}
    assert with_calls - PERSON <= set().union(*PARTS.values())


def test_every_role_of_a_process_is_looked_at(deployed: Deployed):
    platform = {"ClockRole", "WorkerStartRole", "SandboxStartRole"}  # taken by AWS itself, not by code of ours
    assert set(deployed.of("IAM::Role")) - platform == set(PARTS)


# ---------------------------------------------------------------- settings


def known() -> set[str]:
    """The variables that `app/settings` reads."""
    text = (ROOT / "app/settings/__init__.py").read_text("utf-8")
    return set(re.findall(r'"((?:LAMPLIGHTER|ANTHROPIC)_[A-Z_]+)"', text)) | {
        f"LAMPLIGHTER_{name}" for name in re.findall(r'(?:value|words|number)\("([A-Z_]+)"[,)]', text)
    }


def required(files: set[str]) -> set[str]:
    """What these files ask for by `cloud.require(...)`."""
    found = set()
    for name in files:
        for node in ast.walk(ast.parse((AWS / name).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "require":
                found |= {f"LAMPLIGHTER_{arg.value.upper()}" for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def processes(deployed: Deployed) -> dict[str, tuple[str, dict[str, str]]]:
    """Function or task → its role and its environment."""
    found = {
        name: (function["Role"].removesuffix(".Arn"), deployed.environment(name))
        for name, function in deployed.of("Lambda::Function").items()
    }
    return found | {"WorkerTask": ("WorkerRole", deployed.environment("WorkerTask"))}


def test_no_setting_is_given_that_nobody_reads(deployed: Deployed):
    for name, (_, env) in processes(deployed).items():
        unknown = {key for key in env if key.startswith(("LAMPLIGHTER_", "ANTHROPIC_"))} - known()
        assert unknown == set(), name


LEDGERS_SETTINGS = {"LAMPLIGHTER_TABLE", "LAMPLIGHTER_BUCKET", "LAMPLIGHTER_PUBLISH_QUEUE_URL"}


def test_every_process_has_the_settings_its_code_requires(deployed: Deployed):
    for name, (role, env) in processes(deployed).items():
        files = PARTS[role]
        wanted = required(files) | (LEDGERS_SETTINGS if files & LEDGER else set())
        if name == "TokensFunction":  # it starts nothing
            wanted = (wanted - required({"launcher.py"})) | required({"callers.py", "desk.py"})
        if name == "WorkerTask":  # it starts sandboxes, no workers; and none at all with the weaker sandbox
            wanted -= required({"launcher.py"})
            wanted |= {"LAMPLIGHTER_TOKENS_URL"} | LEDGERS_SETTINGS
            if deployed.parameters["Sandbox"] == "weaker":
                wanted -= required({"sandbox_tasks.py"})
        assert {key for key in wanted if not env.get(key)} == set(), name


def test_every_environment_is_one_the_settings_accept(deployed: Deployed):
    for name, (_, env) in processes(deployed).items():
        loaded = settings.load(env)  # raises with every mistake
        assert loaded.platform == "aws", name


def test_a_person_can_take_the_settings_from_the_stack(deployed: Deployed):
    """`export $(…)` splits at spaces; what comes out is what the settings accept, and enough for `doctor`."""
    env = dict(word.split("=", 1) for word in deployed.outputs["Settings"].split())
    assert all("=" in word for word in deployed.outputs["Settings"].split())
    loaded = settings.load(env)
    loaded.cloud.require("jobs_queue_url", "publish_queue_url", "table", "bucket", "cluster", "worker_task")
    assert set(env) <= known()
    worker = settings.load(deployed.environment("WorkerTask"))
    assert (loaded.sandbox, loaded.cloud.sandbox_tasks) == (worker.sandbox, worker.cloud.sandbox_tasks)


def test_secrets_are_named_and_never_given(deployed: Deployed):
    for name, (_, env) in processes(deployed).items():
        for key in ("LAMPLIGHTER_PRIVATE_KEY", "LAMPLIGHTER_WEBHOOK_SECRET", "ANTHROPIC_API_KEY"):
            assert env.get(key, "").startswith(("secretsmanager:", "kms:")) or not env.get(key), name


def test_a_worker_is_told_nothing_of_the_app_key_and_the_door_nothing_of_either(deployed: Deployed):
    env = deployed.environment("WorkerTask")
    assert not {"LAMPLIGHTER_PRIVATE_KEY", "LAMPLIGHTER_WEBHOOK_SECRET"} & set(env)
    env = deployed.environment("WebhookFunction")
    assert not {"LAMPLIGHTER_PRIVATE_KEY", "ANTHROPIC_API_KEY", "LAMPLIGHTER_BUCKET"} & set(env)


def test_the_weaker_sandbox_is_chosen_by_name(deployed: Deployed):
    weaker = deployed.parameters["Sandbox"] == "weaker"
    assert deployed.environment("WorkerTask")["LAMPLIGHTER_SANDBOX"] == ("beside" if weaker else "remote")


def test_every_handler_is_a_function_and_the_other_way_round(deployed: Deployed):
    assert set(deployed.of("Lambda::Function")) == set(FUNCTIONS)
    functions = {function["Handler"] for function in deployed.of("Lambda::Function").values()}
    assert {f"handlers.{path.stem}.handler" for path in (ROOT / "handlers").glob("[!_]*.py")} == functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_with_the_variables_it_is_given(name: str):
    """And with what Lambda itself puts there; nothing of AWS is asked before the first event."""
    deployed = Deployed(AppId="7")
    module = deployed.of("Lambda::Function")[name]["Handler"].rpartition(".")[0]
    lambdas = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "testing",
               "AWS_SECRET_ACCESS_KEY": "testing", "AWS_LAMBDA_FUNCTION_NAME": name, "PATH": os.environ["PATH"],
               "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}  # fmt: skip
    program = f"import {module}; assert callable({module}.handler)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=deployed.environment(name) | lambdas, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_alarms_watch_the_numbers_that_are_sent(deployed: Deployed, capsys: pytest.CaptureFixture[str]):
    """Namespace, name and dimension as the functions and the worker emit them with their variables."""
    sent = set()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in deployed.environment("WorkerTask").items():
            if key.startswith("POWERTOOLS_"):
                patch.setenv(key, value)
                assert deployed.environment("PublishFunction")[key] == value
        for action in ("schedule.run_given_up", "publish.refused", "agent.charged"):
            telemetry.count({"action": action, "cost_usd": 0.5})
        for line in capsys.readouterr().out.splitlines():
            said = json.loads(line)
            (group,) = said["_aws"]["CloudWatchMetrics"]
            (names,) = group["Dimensions"]
            for metric in group["Metrics"]:
                sent.add((group["Namespace"], metric["Name"], tuple((name, said[name]) for name in names)))
    watched = {
        (alarm["Namespace"], alarm["MetricName"], tuple((dim["Name"], dim["Value"]) for dim in alarm["Dimensions"]))
        for alarm in deployed.of("CloudWatch::Alarm").values()
        if alarm["Namespace"] == "Lamplighter"
    }
    assert sent == watched
