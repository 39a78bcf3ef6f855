"""What is deployed: each built artifact answers in AWS's own runtime loop, and the sizes are what the README says."""

from __future__ import annotations

import json
import zipfile

import pytest

from app.webhooks.signature import sign
from infra import build
from tests.aws.account import parts_in_environment
from tests.aws.artifacts import runtime
from tests.handlers.conftest import sample

pytestmark = [pytest.mark.aws, pytest.mark.skipif(bool(runtime.missing()), reason=runtime.missing() or "-")]

SECRET = "webhook-secret"


@pytest.fixture(scope="session")
def trees(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # with xdist each worker has a folder of its own
    return runtime.unpacked(shared / "artifacts")


@pytest.fixture
def aws():
    from tests.aws.emulator import emulated

    with emulated() as account:
        yield account


@pytest.fixture
def env(aws, tmp_path):
    from tests.aws.face import Face

    face = Face(aws)
    cloud = aws.cloud
    aws.clients.get("secretsmanager").create_secret(Name="webhook", SecretString=SECRET)
    yield face.environment() | {
        "LAMPLIGHTER_PLATFORM": "aws",
        "LAMPLIGHTER_HOME": str(tmp_path / "home"),
        "LAMPLIGHTER_GITHUB_API_URL": "http://127.0.0.1:1",
        "LAMPLIGHTER_APP_ID": "1",
        "LAMPLIGHTER_PRIVATE_KEY": "secretsmanager:app-key",
        "LAMPLIGHTER_WEBHOOK_SECRET": "secretsmanager:webhook",
        "LAMPLIGHTER_RUN_ROLE": "arn:aws:iam::123456789012:role/another-stacks-too",
        "LAMPLIGHTER_WORKER_ROLE": "arn:aws:iam::123456789012:role/another-stacks",
        **parts_in_environment(cloud),
        "POWERTOOLS_SERVICE_NAME": "lamplighter",
        "POWERTOOLS_METRICS_NAMESPACE": "Lamplighter",
    }
    face.close()


def test_webhook_takes_a_signed_delivery(trees, env, aws, tmp_path):
    event = sample("webhook.labeled")
    event["headers"]["x-hub-signature-256"] = sign(event["body"].encode(), SECRET)
    with runtime.running(trees["webhook"], "webhook", env, tmp_path) as function:
        answer = function.invoke(event)
        assert answer["statusCode"] == 202, function.log()
        assert json.loads(answer["body"])["decision"] == "start"
        assert json.loads(function.invoke(event)["body"])["decision"] == "duplicate"
        assert function.invoke(sample("web.healthz"))["statusCode"] == 200
    sqs = aws.clients.get("sqs")
    [message] = sqs.receive_message(QueueUrl=aws.cloud.jobs_queue_url)["Messages"]
    assert json.loads(message["Body"])["thread"]["number"] == 7


[MALFORMED] = [record["messageId"] for record in sample("dispatch.malformed")["Records"]]
ANSWERS = {
    "dispatch": ("dispatch.malformed", {"batchItemFailures": [{"itemIdentifier": MALFORMED}]}),  # comes again
    "publish": ("publish.news", {"batchItemFailures": []}),
    "schedule": (
        "schedule.minute",
        {"runs": 0, "warm": 0, "deliveries": 0, "labels": 0, "retention": 0, "outcomes": 0, "conflicts": 0},
    ),
    "task_stopped": ("task_stopped.spot", None),
    "tokens": (
        "tokens.read",
        {
            "statusCode": 403,
            "headers": {"content-type": "application/json"},
            "body": '{"refused": "Only a worker\'s task may ask."}',
            "isBase64Encoded": False,
        },
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_function_answers_its_event(trees, env, tmp_path, name):
    event, wanted = ANSWERS[name]
    with runtime.running(trees["functions"], name, env, tmp_path) as function:
        assert function.invoke(sample(event)) == wanted, function.log()
        assert "Traceback" not in function.log()


def test_web_answers(trees, env, tmp_path):
    with runtime.running(trees["functions"], "web", env, tmp_path) as function:
        assert json.loads(function.invoke(sample("web.healthz"))["body"]) == {"status": "ok"}


# ---------------------------------------------------------------- what is in them


def test_webhook_is_small_and_has_no_package(tmp_path):
    archive, unzipped = build.build("webhook", architecture=runtime.MACHINE, version=runtime.version(), into=tmp_path)
    assert archive.stat().st_size <= 250_000
    assert unzipped <= 0.002 * build.LIMIT_BYTES
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
    assert {name.partition("/")[0] for name in names} == {"app", "handlers"}
    sources = [name for name in names if name.endswith(".py")]
    assert len([name for name in names if name.endswith(".pyc")]) == len(sources)
    assert not [name for name in names if "boto" in name or "clients" in name]


def test_functions_fit_and_hold_no_simulator(trees):
    files = [path for path in trees["functions"].rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 0.3 * build.LIMIT_BYTES
    for absent in ("app/simulator", "app/cli", "anthropic", "uvicorn", "rich"):
        assert not (trees["functions"] / absent).exists()


def test_same_content_is_the_same_archive(tmp_path):
    def built(folder):
        archive, _ = build.build("webhook", architecture="arm64", version=runtime.version(), into=tmp_path / folder)
        return archive.read_bytes()

    assert built("a") == built("b")


def test_every_handler_is_in_an_artifact():
    handlers = {path.stem for path in (build.ROOT / "handlers").glob("*.py")} - {"__init__"}
    assert handlers == {name for names in build.PARTS.values() for name in names}


def test_handlers_are_short():
    for path in (build.ROOT / "handlers").glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 40
