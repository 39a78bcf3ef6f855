"""boto3 clients, and what their errors mean."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ResponseStreamingError,
)

from app.errors import TransientError, UserError

# Four tries with botocore's `standard` back-off are over within a few seconds; what lasts longer goes back to the
# queue, which waits better than a thread.
TRIES = 4
_CONNECT_SECONDS = 2.0
_READ_SECONDS = {"s3": 30.0, "lambda": 30.0, "ecs": 15.0, "secretsmanager": 5.0}
_CONNECTIONS = 32  # threads of one process that talk to one service at the same time

# The codes by which AWS says "too fast", gathered from the error pages of the services we call.
_THROTTLED = {
    "BandwidthLimitExceeded", "EC2ThrottledException", "KmsThrottled", "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "Throttling", "ThrottlingError",
    "ThrottledException", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
}  # fmt: skip
_DENIED = {
    "403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError", "InvalidAccessKeyId",
    "InvalidClientTokenId", "KMS.AccessDeniedException", "KmsAccessDenied", "SignatureDoesNotMatch",
    "UnauthorizedOperation", "UnrecognizedClientException",
}  # fmt: skip
_SKEWED = {"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue", "ClusterNotFoundException", "NoSuchBucket", "NotFoundException",
    "QueueDoesNotExist", "ResourceNotFoundException",
}  # fmt: skip


class Clients:
    """The clients of one process, made when first asked for. Thread-safe, as boto3's clients are.

    Endpoints (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`), region and, where none are given, credentials are read
    by boto3.
    """

    def __init__(self, *, tries: int = TRIES, credentials: Credentials | None = None) -> None:
        self._tries = tries
        bare = botocore.session.get_session()
        if credentials is not None:
            bare.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
        # boto3 itself reads AWS_DEFAULT_REGION only, other tools and people AWS_REGION; Lambda and Fargate set both.
        self._session = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None, botocore_session=bare)
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str) -> Any:
        """The client of `service` (`sqs`, `dynamodb`, `s3`, `ecs`…). Raises UserError without a region."""
        with self._lock:
            if service not in self._made:
                config = Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS.get(service, 8.0),
                    retries={"mode": "standard", "total_max_attempts": self._tries},
                    max_pool_connections=_CONNECTIONS,
                )
                with translated(f"make a client for {service}"):
                    self._made[service] = self._session.client(service, config=config)
            return self._made[service]

    def sign(self, request: AWSRequest, service: str) -> None:
        """Sign a request that no client makes, as this process. Raises botocore's errors: `translated` is around it."""
        credentials, region = self._session.get_credentials(), self._session.region_name
        if credentials is None:
            raise NoCredentialsError
        if not region:
            raise NoRegionError
        SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(request)


class _Given(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """Finds the credentials it was made with."""

    METHOD = "given"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn botocore's errors into TransientError or UserError; what is neither (a defect of ours) passes through.

    `doing` completes the sentence "could not …".
    """
    try:
        yield
    except ClientError as error:
        raise _translate(error, doing) from error
    except (HTTPClientError, EndpointConnectionError, IncompleteReadError, ResponseStreamingError) as error:
        raise TransientError(f"Could not {doing}: AWS does not answer ({error}).", retry_after_seconds=10) from error
    except (NoCredentialsError, PartialCredentialsError, NoRegionError) as error:
        raise UserError(
            f"Could not {doing}: {error}. Give this process a role, or AWS_PROFILE and AWS_REGION."
        ) from error
    except BotoCoreError as error:  # credential sources that are away, waiters
        raise TransientError(f"Could not {doing}: {error}.", retry_after_seconds=10) from error


def code_of(error: ClientError) -> str:
    """The error's code as the service names it."""
    return str(error.response.get("Error", {}).get("Code", ""))


def was_repeated(error: ClientError) -> bool:
    """Whether boto3 had asked before, so that the earlier request may have been carried out."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def is_throttling(code: str) -> bool:
    """Whether a code, of an error or of a cancelled transaction's reason, means "too fast"."""
    return code in _THROTTLED


def _translate(error: ClientError, doing: str) -> Exception:
    code, answer = code_of(error), error.response.get("ResponseMetadata", {})
    said = error.response.get("Error", {}).get("Message", "") or code
    if is_throttling(code) or answer.get("HTTPStatusCode") == 429:
        return TransientError(
            f"Could not {doing}: AWS asks us to slow down ({code}).", retry_after_seconds=_wait(answer, 5)
        )
    if code in _EXPIRED:
        return TransientError(f"Could not {doing}: this process's credentials have run out.", retry_after_seconds=5)
    if code in _SKEWED:
        return UserError(
            f"Could not {doing}: AWS refuses the request's time or signature. Is the clock right? ({said})"
        )
    if code in _DENIED:
        return UserError(
            f"Could not {doing}: AWS denies it ({said}). The role needs the policy that template.yaml gives it."
        )
    if code in _MISSING:
        return UserError(
            f"Could not {doing}: AWS does not know it ({said}). Are the settings those of this account and region?"
        )
    if int(answer.get("HTTPStatusCode", 0)) >= 500:
        return TransientError(f"Could not {doing}: AWS failed ({code}).", retry_after_seconds=_wait(answer, 10))
    defect: Exception = error
    return defect


def _wait(answer: dict[str, Any], otherwise_seconds: float) -> float:
    said = str(answer.get("HTTPHeaders", {}).get("retry-after", ""))
    return float(said) if said.isdigit() else otherwise_seconds
