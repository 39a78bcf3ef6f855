"""What `doctor` looks at in the bucket: what may be deleted there, by whom and when, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from app.aws.blobs import DAYS, LEDGERS
from app.aws.clients import code_of
from app.aws.seen import DEPLOY, Ask, Seen, broken, ok, warn
from app.settings import Settings

HEADS = "heads/"
_OURS = (DAYS, LEDGERS, HEADS)


def bucket(settings: Settings, ask: Ask) -> Iterator[Seen]:
    """Raises what `ask` raises for the first part that cannot be seen."""
    name = settings.cloud.bucket
    lock = _asked(ask, name, "get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
    if lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled":
        yield ok("bucket", f"{name} keeps what is locked")
    else:
        mend = "Object lock can only be chosen when a bucket is made: deploy a stack of another name."
        yield broken("bucket", f"{name} has no object lock, so the audit's heads could be deleted", mend)
    access = _asked(ask, name, "get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
    shut = access.get("PublicAccessBlockConfiguration", {})
    if not all(shut.get(key) for key in ("BlockPublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")):
        yield broken("bucket", f"{name} could be made public", DEPLOY)
    rules = _asked(ask, name, "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration").get("Rules", [])
    yield from _expiry(name, rules, {DAYS: settings.retention_days, HEADS: settings.ledger_days})


def _asked(ask: Ask, name: str, operation: str, none: str) -> dict[str, Any]:
    """The answer, empty when S3 says with the code `none` that nothing is configured."""
    try:
        return ask("s3", operation, Bucket=name)
    except ClientError as error:
        if code_of(error) != none:
            raise
        return {}


def _expiry(name: str, rules: list[Mapping[str, Any]], wanted: Mapping[str, int]) -> Iterator[Seen]:
    """The bucket deletes by its rules, everything else by the setting: the two have to say the same."""
    deleting = [(_prefix(rule), days, rule.get("ID", "without a name")) for rule in rules if (days := _days(rule))]
    for prefix, days in wanted.items():
        found = min((after for where, after, _ in deleting if where == prefix), default=0)
        if not found:
            yield warn("bucket", f"{name} keeps {prefix} indefinitely", DEPLOY)
        elif found != days:
            mend = "Deploy with the RetentionDays and LedgerRetentionDays you mean; copy the stack's settings again."
            yield broken("bucket", f"{name} deletes {prefix} after {found} days, the settings say {days}", mend)
    for prefix, _, rule in deleting:
        if prefix not in wanted and any(ours.startswith(prefix) or prefix.startswith(ours) for ours in _OURS):
            text = f"{name} deletes {prefix or 'everything'} by a rule of its own ({rule}): parts of ledgers"
            yield broken("bucket", text, "Remove that rule.")


def _days(rule: Mapping[str, Any]) -> int:
    """After how many days a rule deletes what is current; 0 when it does not."""
    expires = rule.get("Expiration", {}) if rule["Status"] == "Enabled" else {}
    return int(expires.get("Days", 1 if "Date" in expires else 0))


def _prefix(rule: Mapping[str, Any]) -> str:
    only = rule.get("Filter", {})
    return str(only.get("Prefix") or only.get("And", {}).get("Prefix") or rule.get("Prefix", ""))
