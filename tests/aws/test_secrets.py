"""Secrets by name and the App's key in KMS: read when needed, kept, rotated without a deploy, never shown."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from app import log, wiring
from app.agent.models.scripted import fault, say
from app.aws.kms import KmsKey
from app.aws.secrets import Secrets
from app.errors import TransientError, UserError
from app.github import app as apps
from app.github.app_key import web_token
from app.log import Redactor
from app.settings import Settings
from app.simulator import Simulator
from app.simulator.auth import new_key_pair
from tests.contracts.model.messages_api import MessagesApi
from tests.contracts.model.voice import Voice

pytestmark = pytest.mark.aws


@pytest.fixture
def redactor():
    return Redactor()


@pytest.fixture
def secrets(aws, redactor):
    return Secrets(aws.clients, redactor)


def _keep(aws, name: str, value: str) -> None:
    client = aws.clients.get("secretsmanager")
    try:
        client.create_secret(Name=name, SecretString=value)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=name, SecretString=value)


def _asked(aws) -> int:
    return aws.calls["secrets-manager", "GetSecretValue"]


def test_a_secret_is_read_once_and_masked_from_then_on(aws, secrets, redactor):
    _keep(aws, "lamplighter/model-key", "sk-very-secret-value")
    for _ in range(3):
        assert secrets.value("secretsmanager:lamplighter/model-key") == "sk-very-secret-value"
    assert _asked(aws) == 1
    assert redactor.text("it is sk-very-secret-value") == "it is [redacted]"


def test_a_setting_that_is_the_secret_itself_stays_what_it_is(aws, secrets):
    assert secrets.value("plain") == "plain"
    assert _asked(aws) == 0


def test_two_webhook_secrets_are_both_masked(aws, secrets, redactor):
    _keep(aws, "hook", "old-webhook-secret new-webhook-secret")
    assert secrets.value("secretsmanager:hook").split() == ["old-webhook-secret", "new-webhook-secret"]
    assert redactor.text("new-webhook-secret") == "[redacted]"


def test_a_rotated_secret_is_found_when_the_old_one_no_longer_works(aws, secrets):
    _keep(aws, "name", "first-value")
    assert secrets.value("secretsmanager:name") == "first-value"
    _keep(aws, "name", "second-value")
    assert secrets.value("secretsmanager:name") == "first-value"
    assert secrets.value("secretsmanager:name", fresh=True) == "second-value"
    assert secrets.value("secretsmanager:name") == "second-value"


def test_an_old_value_is_better_than_none_while_secrets_manager_is_away(aws, secrets):
    _keep(aws, "name", "first-value")
    secrets.value("secretsmanager:name")
    aws.is_away("secrets-manager", times=4)
    with log.captured() as lines:
        assert secrets.value("secretsmanager:name", fresh=True) == "first-value"
    assert [line["action"] for line in lines] == ["secrets.kept"]
    aws.is_away("secrets-manager", times=4)
    with pytest.raises(TransientError):
        secrets.value("secretsmanager:other")


@pytest.mark.parametrize(("value", "says"), [(None, "does not know it"), (" ", "is empty")])
def test_a_secret_that_is_not_there_is_named(aws, secrets, value, says):
    if value is not None:
        _keep(aws, "lamplighter/app-key", value)
    with pytest.raises(UserError, match=f"lamplighter/app-key.*{says}"):
        secrets.value("secretsmanager:lamplighter/app-key")


# ------------------------------------------------------------ the App's key


@pytest.fixture
def github(tmp_path, clock):
    simulator = Simulator(tmp_path / "github", clock=clock.now)
    simulator.repository("acme/calc", files={"a": "b"})
    yield simulator
    simulator.close()


def _platform(aws, github, clock, private_key: str) -> wiring.Platform:
    settings = Settings(
        home=github.world.directory, app_id=str(github.app.id), private_key=private_key, cloud=aws.cloud, platform="aws"
    )
    return wiring.aws_platform(settings, clock=clock, transport=github.transport(), clients=aws.clients)


def _kms_key(aws) -> tuple[str, str]:
    """A key in KMS, and its public half as PEM."""
    kms = aws.clients.get("kms")
    key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, pem.decode()


def test_a_key_that_never_leaves_kms_speaks_for_the_app(aws, github, clock):
    key, public = _kms_key(aws)
    github.app.public_key, github.app.private_key = public, ""
    access = wiring.access(_platform(aws, github, clock, f"kms:{key}"))
    assert apps.this_app(access.app.client).slug == "lamplighter"
    assert aws.calls["kms", "Sign"] == 1
    assert aws.calls["kms", "GetPublicKey"] == 1  # this test's own


def test_what_kms_signs_is_a_token_as_any_other(aws):
    key, public = _kms_key(aws)
    claims = {"iss": "1", "iat": 1, "exp": 4_000_000_000}
    assert jwt.decode(web_token(KmsKey(key, aws.clients), claims), public, algorithms=["RS256"]) == claims


def test_a_key_of_the_wrong_kind_is_said_in_a_sentence(aws):
    key = aws.clients.get("kms").create_key()["KeyMetadata"]["KeyId"]  # for encryption
    with pytest.raises(UserError, match="RSA key"):
        KmsKey(key, aws.clients).sign(b"message")


def test_a_key_that_is_away_or_denied(aws):
    key, _ = _kms_key(aws)
    aws.throttles("kms", times=4)
    with pytest.raises(TransientError):
        KmsKey(key, aws.clients).sign(b"message")
    aws.faults.clear()
    aws.fails("kms", code="AccessDeniedException", status=400)
    with pytest.raises(UserError, match="denies it"):
        KmsKey(key, aws.clients).sign(b"message")
    aws.fails("kms", code="KMSInvalidStateException", status=400)
    with pytest.raises(TransientError, match="cannot be used now"):
        KmsKey(key, aws.clients).sign(b"message")


def test_an_app_key_that_was_replaced_is_read_again_without_a_deploy(aws, github, clock):
    _keep(aws, "lamplighter/app-key", github.app.private_key)
    access = wiring.access(_platform(aws, github, clock, "secretsmanager:lamplighter/app-key"))
    assert apps.this_app(access.app.client).slug == "lamplighter"
    private, public = new_key_pair()
    github.app.public_key, github.app.private_key = public, private
    _keep(aws, "lamplighter/app-key", private)
    assert apps.this_app(access.app.client).slug == "lamplighter"
    assert _asked(aws) == 2


def test_no_setting_is_shown_as_a_secret_and_no_secret_as_a_setting(aws, github, clock):
    platform = _platform(aws, github, clock, "secretsmanager:lamplighter/app-key")
    with log.captured() as lines:
        log.event("it", secret="lamplighter/app-key")
    assert platform.redactor.text(json.dumps(lines)) == json.dumps(lines)


def test_one_machine_may_keep_its_secrets_there_too(aws, github, clock, tmp_path):
    _keep(aws, "lamplighter/app-key", github.app.private_key)
    _keep(aws, "lamplighter/webhook-secret", "old-webhook-secret new-webhook-secret")
    settings = Settings(
        home=tmp_path / "home",
        app_id=str(github.app.id),
        private_key="secretsmanager:lamplighter/app-key",
        webhook_secrets=("secretsmanager:lamplighter/webhook-secret",),
    )
    platform = wiring.local_platform(settings, clock=clock, transport=github.transport())
    assert apps.this_app(wiring.access(platform).app.client).slug == "lamplighter"
    assert wiring.revealed(platform).webhook_secrets == ("old-webhook-secret", "new-webhook-secret")


def test_a_model_key_that_ran_out_in_the_middle_of_a_run_is_replaced_by_the_new_one(aws, tmp_path):
    api = MessagesApi()
    _keep(aws, "model-key", "sk-the-first-key")
    settings = Settings(
        home=tmp_path,
        platform="aws",
        anthropic_api_key="secretsmanager:model-key",
        anthropic_base_url=api.url,
        cloud=aws.cloud,
    )
    platform = wiring.aws_platform(settings, clients=aws.clients)
    voice = Voice(platform.model(), api.script)
    voice.will(say("Hello."), fault(401), say("Hello again."))
    try:
        first = voice.say()
        _keep(aws, "model-key", "sk-the-second-key")
        assert voice.say(first.content).complete
    finally:
        api.close()
    sent = [headers.get("x-api-key") or headers["authorization"].split()[1] for headers in api.headers]
    assert sent == ["sk-the-first-key", "sk-the-first-key", "sk-the-second-key"]
    assert platform.redactor.text("sk-the-second-key") == "[redacted]"
