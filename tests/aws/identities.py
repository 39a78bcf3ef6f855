"""IAM and STS in small: who holds which credentials, for how long, and what the template lets that role do.

moto and ministack know no conditions on a session's tags or a table's leading keys. Here every request that is signed
with credentials of this account's roles is held against the translated template before the emulator answers it;
whoever has other credentials (the control side within the test's own process) is not looked at.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from moto.core.botocore_stubber import MockRawResponse

from tests.aws.ecs import ACCOUNT, Ecs, Refusal
from tests.aws.emulator import Emulator, _error
from tests.aws.template.allowance import Ask, asks, ecs_asks, form, is_allowed, session_tags, trusts
from tests.aws.template.deployed import Deployed

TASK_SECONDS = 6 * 3600.0  # as ECS asks for a task's role
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/")


def role_arn(role: str) -> str:
    """Of a role of the template, by its name there."""
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


@cache
def template() -> Deployed:
    return Deployed(AppId="7")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A session of one of the template's roles."""

    role: str
    session: str
    expires_at: float  # epoch seconds
    keys: Credentials
    tags: Mapping[str, str] = field(default_factory=dict)
    named: str = ""  # how the role is called in its account, where that is not its name in the template
    account: str = ACCOUNT

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.named or self.role}/{self.session}"

    def told(self) -> dict[str, str]:
        """As a task finds them at the address that ECS gives it."""
        return {
            "RoleArn": f"arn:aws:iam::{self.account}:role/{self.named or self.role}",
            "AccessKeyId": self.keys.access_key,
            "SecretAccessKey": self.keys.secret_key,
            "Token": self.keys.token,
            "Expiration": datetime.fromtimestamp(self.expires_at, UTC).isoformat(),
        }

    @property
    def context(self) -> dict[str, tuple[str, ...]]:
        """What conditions and policy variables can read of it."""
        return {f"aws:PrincipalTag/{name}": (value,) for name, value in self.tags.items()}

    def may(self, ask: Ask) -> bool:
        return is_allowed(template(), self.role, Ask(ask.action, ask.resource, {**ask.context, **self.context}))


class Identities:
    """One account's. `now` tells epoch seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[str, Principal] = {}

    def issue(self, role: str, session: str, *, seconds: float = TASK_SECONDS, **tags: str) -> Principal:
        """New credentials of a role."""
        keys = Credentials(f"ASIA{uuid.uuid4().hex[:16].upper()}", uuid.uuid4().hex, f"token-{uuid.uuid4().hex}")
        return self.know(Principal(role=role, session=session, expires_at=self._now() + seconds, keys=keys, tags=tags))

    def know(self, principal: Principal) -> Principal:
        """Credentials that somebody else made."""
        self._held[principal.keys.access_key] = principal
        return principal

    def whose(self, headers: Mapping[str, str]) -> Principal | None:
        """Who signed a request; None for credentials that are none of these."""
        found = _CREDENTIAL.search(str(_header(headers, "authorization")))
        return self._held.get(found[1]) if found else None

    def has_expired(self, principal: Principal) -> bool:
        return self._now() >= principal.expires_at

    def signer(self, method: str, url: str, headers: Mapping[str, str], body: bytes, service: str) -> Principal | None:
        """Who signed a request, when the signature, computed again by botocore's signer, is right and still good."""
        principal = self.whose(headers)
        if principal is None or self.has_expired(principal):
            return None
        said = str(_header(headers, "authorization"))
        names = said.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        region = said.partition("Credential=")[2].split("/")[2]
        request = AWSRequest(method, url, headers={name: str(_header(headers, name)) for name in names}, data=body)
        request.context["timestamp"] = _header(headers, "x-amz-date")
        signer = SigV4Auth(principal.keys, service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        right = said.endswith(f"Signature={signer.signature(text, request)}")
        return principal if right and _header(headers, "x-amz-security-token") == principal.keys.token else None

    def guard(self, emulator: Emulator) -> None:
        """From now on the account answers a role's requests only as the template allows."""
        handle = emulator.handle
        emulator.elsewhere["sts"] = self.sts

        def guarded(event_name: str, request: Any) -> Any:
            principal = None if event_name.split(".")[1] == "sts" else self.whose(request.headers)
            if principal is None:
                return handle(event_name, request)
            if self.has_expired(principal):
                return _error(request, 400, "ExpiredTokenException")
            service, operation = event_name.split(".")[1:3]
            if not all(principal.may(ask) for ask in asks(service, operation, request)):
                return _denied(service, request)
            answer = handle(event_name, request)
            if (
                service == "s3"
                and answer.status_code == 404
                and not principal.may(Ask("s3:ListBucket", "Bucket.Arn", {}))
            ):
                return _denied(service, request)  # who may not list is not told that there is nothing
            return answer

        emulator.handle = guarded  # type: ignore[method-assign]

    def sts(self, operation: str, request: Any) -> AWSResponse:
        """AssumeRole with session tags, by a session of another role."""
        said, caller = form(request.body), self.whose(request.headers)
        role, tags = said["RoleArn"].rpartition("/")[2], session_tags(said)
        wanted = list(asks("sts", operation, request))
        if caller is None or not all(caller.may(ask) and trusts(template(), role, caller.role, ask) for ask in wanted):
            return _sts_error(request, "AccessDenied", 403)
        seconds, session = int(said.get("DurationSeconds", "3600")), said["RoleSessionName"]
        fits = all(re.fullmatch(r"[\w .:/=+@-]{0,256}", value) for value in tags.values())
        if operation != "AssumeRole" or seconds > 3600 or not re.fullmatch(r"[\w+=,.@-]{2,64}", session) or not fits:
            return _sts_error(request, "ValidationError", 400)  # an hour is the most where a role takes a role
        given = self.issue(role, session, seconds=seconds, **tags).told()
        names = {"AccessKeyId": "AccessKeyId", "SecretAccessKey": "SecretAccessKey", "SessionToken": "Token",
                 "Expiration": "Expiration"}  # fmt: skip
        keys = "".join(f"<{name}>{given[key]}</{name}>" for name, key in names.items())
        result = f"<AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult>"
        body = f"<AssumeRoleResponse>{result}</AssumeRoleResponse>"
        return AWSResponse(request.url, 200, {}, MockRawResponse(body.encode()))

    def guard_ecs(self, ecs: Ecs) -> None:
        """The same for the stand-in of ECS."""
        answer = ecs.answer

        def guarded(action: str, said: dict[str, Any]) -> dict[str, Any]:
            principal = self.whose(getattr(ecs.asking, "headers", {}))
            tags = {arn: {tag["key"]: tag["value"] for tag in task.tags} for arn, task in ecs.tasks.items()}
            if principal and not all(principal.may(ask) for ask in ecs_asks(action, said, tags)):
                raise Refusal("AccessDeniedException", "no policy of the role allows it")
            return answer(action, said)

        ecs.answer = guarded  # type: ignore[method-assign]


def _header(headers: Mapping[str, Any], name: str) -> Any:
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return value.decode() if isinstance(value, bytes) else value


def _sts_error(request: Any, code: str, status: int) -> AWSResponse:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>on purpose</Message></Error></ErrorResponse>"
    return AWSResponse(request.url, status, {}, MockRawResponse(body.encode()))


def _denied(service: str, request: Any) -> AWSResponse:
    if service == "s3":
        body = b"" if request.method == "HEAD" else b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        return AWSResponse(request.url, 403, {}, MockRawResponse(body))
    said = {"__type": "com.amazonaws#AccessDeniedException", "message": "no policy of the role allows it"}
    return AWSResponse(request.url, 400, {}, MockRawResponse(json.dumps(said).encode()))
