"""What is wrong with the model's settings is one line before anything starts, whichever command needs the model."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import DEMO

ISSUE = str(DEMO / "issue.md")
SERVED = {"LAMPLIGHTER_WEBHOOK_SECRET": "s" * 32, "LAMPLIGHTER_APP_ID": "1", "LAMPLIGHTER_PRIVATE_KEY": "PRIVATE KEY"}
PLACE = {"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
CREDENTIALS = PLACE | {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
BEDROCK = {"LAMPLIGHTER_MODEL_PROVIDER": "bedrock"}
CLAUDE = {"LAMPLIGHTER_MODEL_PROVIDER": "anthropic"}
KEY = CLAUDE | {"ANTHROPIC_API_KEY": "sk-ant-example"}

# The environment, and words of the line: the setting, the value, what is expected.
WRONG = [
    pytest.param(CLAUDE, ("ANTHROPIC_API_KEY is not set",), id="no key"),
    pytest.param(CLAUDE | {"ANTHROPIC_API_KEY": "  "}, ("ANTHROPIC_API_KEY is not set",), id="a blank key"),
    pytest.param(
        KEY | {"ANTHROPIC_BASE_URL": "gateway.example"},
        ("ANTHROPIC_BASE_URL='gateway.example'", "http(s) address"),
        id="an address that is none",
    ),
    pytest.param(
        {"LAMPLIGHTER_MODEL_PROVIDER": "openai"},
        ("LAMPLIGHTER_MODEL_PROVIDER='openai'", "anthropic, bedrock, scripted"),
        id="an unknown provider",
    ),
    pytest.param(
        KEY | {"LAMPLIGHTER_MODEL_DEEP": "global.anthropic.claude-opus-5-5"},
        ("LAMPLIGHTER_MODEL_DEEP='global.anthropic.claude-opus-5-5'", "claude-sonnet-5-5", "=bedrock"),
        id="a name of Bedrock's at the API",
    ),
    pytest.param(
        CREDENTIALS | BEDROCK | {"LAMPLIGHTER_MODEL_DEFAULT": "claude-opus-5-5"},
        ("LAMPLIGHTER_MODEL_DEFAULT='claude-opus-5-5'", "global.anthropic.claude-opus-5-5", "ARN"),
        id="a name of the API's at Bedrock",
    ),
    pytest.param(
        CREDENTIALS | BEDROCK | {"LAMPLIGHTER_MODEL_FAST": "us.amazon.nova-lite-v1:0"},
        ("LAMPLIGHTER_MODEL_FAST='us.amazon.nova-lite-v1:0'", "global.anthropic.claude-sonnet-5-5"),
        id="somebody else's model",
    ),
    pytest.param(BEDROCK | {"AWS_EC2_METADATA_DISABLED": "true"}, ("Set AWS_REGION",), id="no region"),
    pytest.param(BEDROCK | PLACE, ("AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"), id="no credentials"),
    pytest.param(BEDROCK | PLACE | {"AWS_PROFILE": "nobody"}, ("nobody", "AWS_PROFILE"), id="no such profile"),
]
# The demo has a script of its own, and without a key it plays that.
SCRIPTS = [
    pytest.param(None, ("LAMPLIGHTER_MODEL_SCRIPT, a file",), id="no script"),
    pytest.param("nowhere.json", ("LAMPLIGHTER_MODEL_SCRIPT, a file",), id="a script that is not there"),
    pytest.param(b"{nonsense", ("script.json", "cannot be read"), id="a script that is no JSON"),
    pytest.param(b"\xff\xfe", ("script.json", "cannot be read"), id="a script that is no text"),
    pytest.param(b"7", ("JSON list of replies",), id="a script that is no list"),
    pytest.param(b"[7]", ("script",), id="a script whose replies are none"),
]


@pytest.fixture(params=["serve", "run", "demo"])
def start(request, project):
    """The arguments of a command that would ask the model."""
    run = ("run", "--repo", str(project), "--issue", ISSUE)
    return {"serve": ("serve", "--port", "0"), "run": run, "demo": ("demo", "--fast")}[request.param]


def said(done, words, home):
    assert done.returncode in {1, 2}, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("lamplighter: ")
    for word in words:
        assert word in line
    assert done.stdout == ""
    assert not list(home.glob("**/ledger.db")), "something was started"


@pytest.mark.parametrize(("env", "words"), WRONG)
def test_it_is_said_before_anything_starts(lamplighter, start, env, words):
    if start[0] == "demo" and words == ("ANTHROPIC_API_KEY is not set",):
        pytest.skip("the demo then plays its script")
    said(lamplighter(*start, **SERVED | env), words, lamplighter.home)


@pytest.mark.parametrize(("script", "words"), SCRIPTS)
def test_a_script_is_read_before_anything_starts(lamplighter, start, tmp_path, script, words):
    if start[0] == "demo":
        pytest.skip("the demo has a script of its own")
    if isinstance(script, bytes):
        (tmp_path / "script.json").write_bytes(script)
        script = "script.json"
    said(lamplighter(*start, **SERVED | {"LAMPLIGHTER_MODEL_SCRIPT": script or ""}), words, lamplighter.home)


INSTALL = "pip install -e '.[aws]'"


def test_a_missing_extra_is_said_before_anything_starts(lean, start):
    said(lean(*start, **SERVED | CREDENTIALS | BEDROCK), ("=bedrock needs boto3", INSTALL), lean.home)


@pytest.mark.parametrize(
    ("arguments", "env", "reason"),
    [
        (("runs",), {"LAMPLIGHTER_PLATFORM": "aws"}, "LAMPLIGHTER_PLATFORM=aws needs boto3"),
        (("work", "a", "--attempt", "1"), {"LAMPLIGHTER_PLATFORM": "aws"}, "LAMPLIGHTER_PLATFORM=aws needs boto3"),
        (("work", "a", "--attempt", "1"), BEDROCK | CREDENTIALS, "=bedrock needs boto3"),
        (("app", "create", "--secrets", "aws", "--no-browser"), {}, "needs boto3"),
        (("serve",), SERVED | {"LAMPLIGHTER_PRIVATE_KEY": "secretsmanager:key"}, "A secret that is kept on AWS"),
    ],
)
def test_so_it_is_wherever_else_the_extra_is_needed(lean, arguments, env, reason):
    done = lean(*arguments, **env)
    assert done.returncode == 1
    assert reason in done.stderr and INSTALL in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("env", "words"), [row for row in WRONG if row.id != "a blank key"])
def test_doctor_says_the_same(lamplighter, env, words):
    done = lamplighter("doctor", "--json", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9", **env)
    assert done.returncode == 1
    broken = [row["text"] for row in json.loads(done.stdout)["findings"] if row["level"] == "broken"]
    assert any(all(word in text for word in words) for text in broken), broken


def test_doctor_does_not_pass_over_a_missing_extra(lean):
    done = lean("doctor", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9", **BEDROCK | CREDENTIALS)
    assert done.returncode == 1
    assert "✗ model: LAMPLIGHTER_MODEL_PROVIDER=bedrock needs boto3" in done.stdout and INSTALL in done.stdout
    assert "✓ model" not in done.stdout
    done = lean("doctor", "--platform", "aws", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9", **STACK)
    assert "✗ aws: LAMPLIGHTER_PLATFORM=aws needs boto3" in done.stdout and INSTALL in done.stdout


STACK = {
    f"LAMPLIGHTER_{name}": "x"
    for name in ("JOBS_QUEUE_URL", "PUBLISH_QUEUE_URL", "TABLE", "BUCKET", "CLUSTER", "WORKER_TASK")
}


def test_doctor_shows_every_name_and_what_is_odd_about_one(lamplighter):
    names = {"LAMPLIGHTER_MODEL_FAST": "eu.anthropic.claude-haiku-4-5-20251001-v1:0"}
    names |= {"LAMPLIGHTER_MODEL_DEEP": "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/ab12"}
    done = lamplighter("doctor", LAMPLIGHTER_GITHUB_API_URL="http://127.0.0.1:9", **BEDROCK | CREDENTIALS | names)
    assert (
        "✓ model: bedrock: fast eu.anthropic.claude-haiku-4-5-20251001-v1:0, default global.anthropic." in done.stdout
    )
    assert "! model fast: eu.anthropic.claude-haiku-4-5-20251001-v1:0 is one of Bedrock's older models" in done.stdout
    assert "! model deep: the price of arn:aws:bedrock" in done.stdout
