"""What `doctor` looks at in an AWS account: every part that the settings name, and what a new account may lack.

Only asks; nothing is started, sent or signed but one try-out of the App's key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from app.aws import items, kms
from app.aws.clients import Clients, code_of, translated
from app.aws.inspection_bucket import bucket
from app.aws.inspection_tasks import tasks
from app.aws.secrets import PREFIX as BY_NAME
from app.aws.seen import DEPLOY, Seen, broken, ok, warn
from app.errors import LamplighterError
from app.settings import Settings

SKEW_SECONDS = 60.0  # AWS refuses signatures that are five minutes off; GitHub is stricter


class Account(NamedTuple):
    """What the looks need."""

    settings: Settings
    clients: Clients

    def ask(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        """One call. Raises LamplighterError, ClientError."""
        with translated(f"ask {service} for {operation.replace('_', ' ')}"):
            answer: dict[str, Any] = getattr(self.clients.get(service), operation)(**request)
        return answer


def examine(settings: Settings, clients: Clients) -> Iterator[Seen]:
    """Look at everything; never raises. What cannot be seen is a warning, because the one who looks may lack a right
    that the functions have.
    """
    account = Account(settings, clients)
    looks: dict[str, Callable[[Account], Iterator[Seen]]] = {
        "account": _identity,
        "jobs queue": lambda account: _queue(account, "jobs queue", account.settings.cloud.jobs_queue_url),
        "publish queue": lambda account: _queue(account, "publish queue", account.settings.cloud.publish_queue_url),
        "table": _table,
        "bucket": lambda account: bucket(account.settings, account.ask),
        "secrets": _secrets,
        "tokens function": _function,
        "tasks": lambda account: tasks(account.settings.cloud, account.settings.sandbox, account.ask),
        "quotas": _quotas,
    }
    for name, look in looks.items():
        try:
            yield from look(account)
        except ClientError as error:
            said = error.response.get("Error", {}).get("Message", "")
            yield broken(name, f"{code_of(error)}: {said}", DEPLOY)
        except (LamplighterError, BotoCoreError, KeyError, IndexError) as error:
            yield warn(
                name, f"cannot be seen ({error})", "Look again with a role that may read it, in the right region."
            )


def _identity(account: Account) -> Iterator[Seen]:
    answer = account.ask("sts", "get_caller_identity")
    region = account.clients.get("sts").meta.region_name
    yield ok("account", f"{answer['Account']} in {region}, seen as {answer['Arn'].rpartition(':')[2]}")
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if said:
        skew = abs((datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds())
        if skew > SKEW_SECONDS:
            yield broken("clock", f"is {skew:.0f} s away from AWS's", "Set the time: sudo timedatectl set-ntp true")
        else:
            yield ok("clock", "agrees with AWS's")


def _queue(account: Account, name: str, url: str) -> Iterator[Seen]:
    if not url:
        yield broken(name, "is not set", "Take the settings from the stack's output `Settings`.")
        return
    found = account.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    wrong = [
        text
        for text, bad in {
            "is not FIFO": found.get("FifoQueue") != "true",
            "has no dead-letter queue": "RedrivePolicy" not in found,
            "is not encrypted": found.get("SqsManagedSseEnabled") == "false" and not found.get("KmsMasterKeyId"),
        }.items()
        if bad
    ]
    for text in wrong:
        yield broken(name, text, DEPLOY)
    if "RedrivePolicy" in found:
        yield from _dead(account, name, json.loads(found["RedrivePolicy"])["deadLetterTargetArn"])
    if not wrong:
        yield ok(name, f"about {found.get('ApproximateNumberOfMessages', '0')} messages wait")


def _dead(account: Account, name: str, arn: str) -> Iterator[Seen]:
    url = account.ask("sqs", "get_queue_url", QueueName=arn.rpartition(":")[2])["QueueUrl"]
    found = account.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
        "Attributes"
    ]
    dead = int(found["ApproximateNumberOfMessages"])
    if dead:
        mend = "Find out why in the functions' logs, then put them back: lamplighter redrive"
        yield warn(name, f"{dead} dead letters", mend)


def _table(account: Account) -> Iterator[Seen]:
    name = account.settings.cloud.table
    found = account.ask("dynamodb", "describe_table", TableName=name)["Table"]
    indexes = {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", [])}
    lacking = {items.BY_ACTIVITY, items.UNPUBLISHED} - indexes
    if [key["AttributeName"] for key in found["KeySchema"]] != ["pk", "sk"]:
        yield broken("table", f"{name} has other keys than pk and sk", DEPLOY)
    elif lacking:
        yield broken("table", f"{name} lacks the index {', '.join(sorted(lacking))}", DEPLOY)
    elif found["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        yield broken("table", f"{name} is {found['TableStatus']}", "Wait until it is ACTIVE.")
    else:
        yield ok("table", f"{name} is {found['TableStatus'].lower()}")
    expiry = account.ask("dynamodb", "describe_time_to_live", TableName=name)["TimeToLiveDescription"]
    if expiry.get("AttributeName") != items.TTL_ATTRIBUTE:
        yield warn("table", "expired claims are never removed", DEPLOY)
    backups = account.ask("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
    state = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if state != "ENABLED":
        yield warn("table", "cannot be restored to a point in time", DEPLOY)


def _secrets(account: Account) -> Iterator[Seen]:
    settings = account.settings
    named = {
        "LAMPLIGHTER_PRIVATE_KEY": settings.private_key,
        "LAMPLIGHTER_WEBHOOK_SECRET": " ".join(settings.webhook_secrets),
        "ANTHROPIC_API_KEY": settings.anthropic_api_key,
    }
    for name, value in named.items():
        if value.startswith(BY_NAME):
            yield _secret(account, name, value.removeprefix(BY_NAME))
        elif value.startswith(kms.PREFIX):
            yield from _key(account, value.removeprefix(kms.PREFIX))


def _secret(account: Account, setting: str, name: str) -> Seen:
    try:
        found = account.ask("secretsmanager", "describe_secret", SecretId=name)
    except LamplighterError as error:
        mend = "`lamplighter app create --secrets aws` makes the App's; README says how to make the others."
        return broken(setting, f"the secret `{name}`: {error}", mend)
    if not found.get("VersionIdsToStages"):
        return broken(
            setting, f"the secret `{name}` holds nothing", "Put a value into it: aws secretsmanager put-secret-value"
        )
    changed = found.get("LastChangedDate")
    return ok(setting, f"is in the secret `{name}`" + (f", changed {changed:%Y-%m-%d}" if changed else ""))


def _key(account: Account, key: str) -> Iterator[Seen]:
    found = account.ask("kms", "describe_key", KeyId=key)["KeyMetadata"]
    use, kind, state = found.get("KeyUsage"), str(found.get("KeySpec")), found.get("KeyState")
    if use != "SIGN_VERIFY" or not kind.startswith("RSA"):
        mend = "Import the App's private key into a key of kind RSA_2048 with usage SIGN_VERIFY."
        yield broken("app key", f"the KMS key is {kind} for {use}", mend)
    elif state != "Enabled":
        yield broken("app key", f"the KMS key is {state}", "Enable it, or cancel its deletion.")
    else:
        try:
            kms.KmsKey(key, account.clients).sign(b"lamplighter doctor")
            yield ok("app key", f"the KMS key signs ({kind})")
        except LamplighterError as error:
            yield warn("app key", f"you may not sign with it ({error})", "The functions' roles may; their log tells.")


def _function(account: Account) -> Iterator[Seen]:
    name = account.settings.cloud.tokens_function
    if not name:
        yield broken("tokens function", "is not set", "Take the settings from the stack's output `Settings`.")
        return
    found = account.ask("lambda", "get_function_configuration", FunctionName=name)
    state = str(found.get("State", "Active"))
    if state not in {"Active", "Inactive"}:  # inactive: it was idle for weeks, the next call wakes it
        yield broken("tokens function", f"is {state}: {found.get('StateReason', '')}", DEPLOY)
    else:
        yield ok("tokens function", f"{found['Runtime']}, changed {str(found.get('LastModified', ''))[:10]}")


def _quotas(account: Account) -> Iterator[Seen]:
    """New accounts start with a handful of vCPUs; every run takes those of a worker and of a sandbox."""
    cloud, wanted = account.settings.cloud, account.settings.concurrency
    name = "Fargate Spot vCPU resource count" if cloud.spot else "Fargate On-Demand vCPU resource count"
    try:
        rows = account.ask("service-quotas", "list_service_quotas", ServiceCode="fargate")["Quotas"]
        limit = next(float(row["Value"]) for row in rows if row["QuotaName"] == name)
    except (ClientError, StopIteration):
        yield warn("quotas", f"`{name}` cannot be seen", "Look at Service Quotas, AWS Fargate.")
        return
    each = _vcpus(account)
    text = f"{name}: {limit:g}, and {wanted} runs at a time take {each * wanted:g}"
    mend = (
        "Ask for more (Service Quotas, AWS Fargate), or lower LAMPLIGHTER_CONCURRENCY; until then runs wait for room."
    )
    yield ok("quotas", text) if each * wanted <= limit else warn("quotas", text, mend)


def _vcpus(account: Account) -> float:
    cloud = account.settings.cloud
    families = [cloud.worker_task, *(family for name, family in cloud.sandbox_tasks if name == "default")]
    found = [account.ask("ecs", "describe_task_definition", taskDefinition=family) for family in families if family]
    return sum(int(answer["taskDefinition"].get("cpu") or 0) for answer in found) / 1024
