"""`doctor --platform aws` finds what is missing or wrong in an account, and says how to mend it."""

from __future__ import annotations

import io
import json
import os
import zipfile

import pytest
from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse

from app.aws.inspection import examine
from app.aws.queue import SqsQueue
from app.cli import main
from app.settings import Settings
from tests.aws.account import parts_in_environment
from tests.aws.emulator import Fault

pytestmark = pytest.mark.aws

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def _definition(client, family: str, container: str, **changes) -> None:
    sandbox = container == "sandbox"
    shape = {
        "name": container,
        "image": f"{REGISTRY}/{family}:1",
        "memory": 512,
        "readonlyRootFilesystem": sandbox,
        "user": "1000" if sandbox else "0",
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        "stopTimeout": 120,
    }
    shape |= {key: value for key, value in changes.items() if key != "taskRoleArn"}
    role = {} if sandbox else {"taskRoleArn": "arn:aws:iam::123456789012:role/worker"}
    role |= {"taskRoleArn": changes["taskRoleArn"]} if "taskRoleArn" in changes else {}
    client.register_task_definition(
        family=family,
        containerDefinitions=[shape],
        cpu="1024",
        memory="2048",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        **role,
    )


def _expiry(client, bucket, **days):
    """The bucket's rules: days by prefix, else as template.yaml has them."""
    rules = {"blobs/day/": 30, "heads/": 400} | {prefix.replace("_", "/"): after for prefix, after in days.items()}
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {"ID": f"rule-{n}", "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": after}}
                for n, (prefix, after) in enumerate(rules.items())
                if after
            ]
        },
    )


@pytest.fixture
def account(aws):
    """An account as template.yaml leaves it, images pushed and secrets filled."""
    get = aws.clients.get
    get("dynamodb").update_continuous_backups(
        TableName=aws.cloud.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    shut = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    get("s3").put_public_access_block(Bucket=aws.cloud.bucket, PublicAccessBlockConfiguration=shut)
    _expiry(get("s3"), aws.cloud.bucket)
    for name in ("app-key", "webhook-secret", "model-key"):
        get("secretsmanager").create_secret(Name=name, SecretString="something")
    get("ecs").create_cluster(clusterName=aws.cloud.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"])
    for family, container in (("lamplighter-worker", "worker"), ("lamplighter-sandbox", "sandbox")):
        _definition(get("ecs"), family, container)
        get("ecr").create_repository(repositoryName=family)
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": family},
            "layers": [{"mediaType": "tar", "size": 90_000_000, "digest": f"sha256:{'a' * 64}"}],
        }
        get("ecr").put_image(repositoryName=family, imageManifest=json.dumps(manifest), imageTag="1")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = get("iam").create_role(RoleName="tokens", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handlers.py", "")
    get("lambda").create_function(
        FunctionName=aws.cloud.tokens_function,
        Runtime="python3.13",
        Role=role,
        Handler="handlers.tokens.handler",
        Code={"ZipFile": code.getvalue()},
    )
    _quota(aws, 64)
    return aws


def _quota(aws, vcpus: float) -> None:
    """What moto does not know: the account's quota for Fargate."""
    rows = [{"QuotaName": f"Fargate {kind} vCPU resource count", "Value": vcpus} for kind in ("Spot", "On-Demand")]
    body = json.dumps({"Quotas": rows}).encode()
    aws.faults[:] = [
        Fault(
            service="service-quotas",
            operation="ListServiceQuotas",
            times=99,
            how=lambda emulator, name, request: AWSResponse(request.url, 200, {}, MockRawResponse(body)),
        )
    ]


@pytest.fixture
def look(account, tmp_path):
    """Findings by name and level; with changes to the settings."""

    def look(**changes) -> dict[str, list[tuple[str, str, str]]]:
        settings = Settings(
            home=tmp_path,
            platform="aws",
            private_key="secretsmanager:app-key",
            webhook_secrets=("secretsmanager:webhook-secret",),
            anthropic_api_key="secretsmanager:model-key",
            sandbox="remote",
            cloud=account.cloud._replace(**changes.pop("cloud", {})),
        )
        found: dict[str, list[tuple[str, str, str]]] = {}
        for seen in examine(settings._replace(**changes), account.clients):
            found.setdefault(seen.name, []).append((seen.level, seen.text, seen.mend))
        return found

    return look


def _wrong(found) -> dict[str, list[str]]:
    return {
        name: [text for level, text, _ in rows if level != "ok"]
        for name, rows in found.items()
        if any(level != "ok" for level, _, _ in rows)
    }


def test_a_whole_account_has_nothing_to_mend(look):
    found = look()
    assert _wrong(found) == {}
    assert "account" in found and "clock" in found
    assert len(found) >= 12


def test_every_finding_says_how_to_mend_it(look):
    found = look(cloud={"worker_task": "nobody", "jobs_queue_url": "", "tokens_function": "nobody"})
    rows = [row for rows in found.values() for row in rows if row[0] != "ok"]
    assert len(rows) >= 4
    assert all(mend for _, _, mend in rows)


def test_dead_letters_are_pointed_at(look, account):
    queue = SqsQueue(account.clients, account.cloud.jobs_queue_url)
    queue.send("{}", group="g", dedup_id="d")
    for _ in range(13):
        for message in queue.receive():
            queue.retry(message, delay_seconds=0)
    ((level, text, mend),) = [row for row in look()["jobs queue"] if row[0] != "ok"]
    assert (level, text) == ("warn", "1 dead letters")
    assert "lamplighter redrive" in mend


def test_a_bucket_that_forgets_or_is_open(look, account):
    account.clients.get("s3").create_bucket(Bucket="plain")
    assert _wrong(look(cloud={"bucket": "plain"}))["bucket"] == [
        "plain has no object lock, so the audit's heads could be deleted",
        "plain could be made public",
        "plain keeps blobs/day/ indefinitely",
        "plain keeps heads/ indefinitely",
    ]


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ({"blobs_day_": 7}, ["deletes blobs/day/ after 7 days, the settings say 30"]),
        ({"heads_": 30}, ["deletes heads/ after 30 days, the settings say 400"]),
        ({"heads_": 0}, ["keeps heads/ indefinitely"]),
        ({"blobs_": 90}, ["deletes blobs/ by a rule of its own (rule-2): parts of ledgers"]),
        ({"": 90}, ["deletes everything by a rule of its own (rule-2): parts of ledgers"]),
        ({"logs_": 1}, []),
    ],
)
def test_a_bucket_that_deletes_at_another_time_than_the_settings_say(look, account, aws, days, says):
    _expiry(account.clients.get("s3"), aws.cloud.bucket, **days)
    assert _wrong(look()).get("bucket", []) == [f"{aws.cloud.bucket} {words}" for words in says]


def test_an_image_that_was_never_pushed(look, account):
    _definition(account.clients.get("ecs"), "lamplighter-worker", "worker", image=f"{REGISTRY}/lamplighter-worker:2")
    assert _wrong(look())["worker task"] == [f"its image {REGISTRY}/lamplighter-worker:2 was never pushed"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"taskRoleArn": "arn:aws:iam::123456789012:role/worker"}, "has a role"),
        ({"readonlyRootFilesystem": False}, "may write to its root"),
        ({"user": "root"}, "runs as root"),
        ({"linuxParameters": {}}, "keeps capabilities"),
        ({"secrets": [{"name": "A", "valueFrom": "arn"}]}, "is given secrets"),
    ],
)
def test_a_sandbox_with_a_hole_in_its_wall(look, account, change, says):
    _definition(account.clients.get("ecs"), "lamplighter-sandbox", "sandbox", **change)
    assert _wrong(look())["sandbox default"] == [says]


def test_the_weaker_mode_is_called_weaker(look):
    found = _wrong(look(sandbox="jail"))
    assert found["sandbox"][0].startswith("WEAKER")


def test_an_account_too_small_for_what_is_wanted(look, account):
    _quota(account, 6)
    ((level, text, mend),) = look()["quotas"]
    assert (level, text) == ("warn", "Fargate Spot vCPU resource count: 6, and 8 runs at a time take 16")
    assert "Service Quotas" in mend
    assert look(concurrency=3)["quotas"][0][0] == "ok"


def test_a_cluster_without_spot(look, account):
    account.clients.get("ecs").create_cluster(clusterName="plain")
    assert "no Spot capacity" in _wrong(look(cloud={"cluster": "plain"}))["cluster"][0]
    assert "cluster" not in _wrong(look(cloud={"cluster": "plain", "spot": False}))


def test_secrets_that_are_missing_and_keys_that_cannot_sign(look, account):
    kms = account.clients.get("kms")
    wrong = kms.create_key()["KeyMetadata"]["KeyId"]
    right = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    assert "SYMMETRIC_DEFAULT" in _wrong(look(private_key=f"kms:{wrong}"))["app key"][0]
    assert look(private_key=f"kms:{right}")["app key"] == [("ok", "the KMS key signs (RSA_2048)", "")]
    kms.disable_key(KeyId=right)
    assert _wrong(look(private_key=f"kms:{right}"))["app key"] == ["the KMS key is Disabled"]
    assert "ANTHROPIC_API_KEY" in _wrong(look(anthropic_api_key="secretsmanager:nobody"))


def test_what_may_not_be_seen_is_a_warning_not_a_fault(look, account):
    account.fails("dynamodb", "DescribeTable", code="AccessDeniedException", status=400)
    ((level, text, _),) = [row for row in look()["table"] if row[0] != "ok"]
    assert level == "warn" and "cannot be seen" in text


def test_the_command_shows_the_clouds_settings_and_fails_when_something_is_broken(
    account, tmp_path, monkeypatch, capsys
):
    for name in [name for name in os.environ if name.startswith("LAMPLIGHTER_")]:
        monkeypatch.delenv(name)
    cloud = account.cloud
    variables = {
        "LAMPLIGHTER_HOME": tmp_path / "home",
        "LAMPLIGHTER_GITHUB_API_URL": "http://127.0.0.1:9",
        **parts_in_environment(cloud),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    assert main(["doctor", "--platform", "aws", "--json"]) == 1  # no App, and no GitHub either
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["table"] == cloud.table
    assert {row["name"]: row["level"] for row in told["findings"]}["table"] == "ok"
    monkeypatch.delenv("LAMPLIGHTER_BUCKET")
    assert main(["doctor", "--platform", "aws"]) == 1
    assert "LAMPLIGHTER_BUCKET is not set" in capsys.readouterr().out
