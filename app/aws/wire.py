"""Calls to AWS's JSON services over connections that are kept open. Standard library, and little of it.

`http.client` costs a cold door as much as all of ours together (it brings the `email` package) and most of the CPU of
a warm call, so requests are written and answers read here: the three services the door talks to always say how long
an answer is. Every call made here may be made twice (see `app.aws.door`), so a call that got no answer is made again.

A call is a generator that stops once, when its request is on the way: so two calls can wait at the same time, which
halves what GitHub waits for and most of what waiting costs (a core that was idle begins again with cold caches).
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeVar

from app.aws.sigv4 import Credentials, signed
from app.errors import TransientError
from app.retry import Retry

CALL_SECONDS = 2.5  # of one try; AWS answers in milliseconds, and GitHub gives the whole delivery ten seconds
BUDGET_SECONDS = 8.0  # of all calls for one delivery
LOST = Retry((0.0, 0.1, 0.3))  # the try without a pause is for a connection that went stale in between
MAX_ANSWER_BYTES = 2**20  # the longest is one DynamoDB item (400 KB)

_PREFIXES = {
    "sqs": ("AmazonSQS", "1.0"),
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "secretsmanager": ("secretsmanager", "1.1"),
}
_ENDPOINTS = {"secretsmanager": "SECRETS_MANAGER"}  # in variable names, where it is not the name in capitals
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make an encoder for every call
_THROTTLED = ("Throttl", "TooManyRequests", "ProvisionedThroughput", "RequestLimit", "LimitExceeded", "OverLimit")


A = TypeVar("A")
B = TypeVar("B")
Call = Generator[None, None, A]  # yields whenever its request was sent and its answer is waited for


def together(one: Call[A], other: Call[B]) -> tuple[A, B]:
    """Make two calls at the same time, and end both. Raises what the first that failed raised."""
    calls: list[Call[Any]] = [one, other]
    answers: dict[Call[Any], Any] = {}
    errors: list[Exception] = []
    while calls:
        for call in tuple(calls):
            try:
                next(call)
                continue
            except StopIteration as done:
                answers[call] = done.value
            except Exception as error:  # the other's answer is on the way and must not stay in its connection
                errors.append(error)
            calls.remove(call)
    if errors:
        raise errors[0]
    return answers[one], answers[other]


class Refused(TransientError):
    """AWS said no; `code` is the error's name, `answer` what came with it."""

    def __init__(self, service: str, status: int, answer: Mapping[str, Any]) -> None:
        self.code = str(answer.get("__type", "")).rpartition("#")[2] or f"status {status}"
        super().__init__(f"{service} said {self.code}: {answer.get('message') or answer.get('Message') or ''}")
        self.answer = answer
        self.passes = status >= 500 or any(word in self.code for word in _THROTTLED)


class _Place(NamedTuple):
    """Where a service answers."""

    tls: bool
    name: str  # as in the Host header
    host: str
    port: int


class Wire:
    """One per process; not thread-safe. `begin` starts the time that the calls after it have in all."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = env = dict(os.environ if env is None else env)  # Lambda's does not change while a process lives
        self._region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
        self._credentials = Credentials(
            access_key=env.get("AWS_ACCESS_KEY_ID", ""),
            secret_key=env.get("AWS_SECRET_ACCESS_KEY", ""),
            token=env.get("AWS_SESSION_TOKEN", ""),
        )
        self._places = {service: self._place(service) for service in _PREFIXES}
        self._sockets: dict[str, socket.socket] = {}  # by service: each may have a call under way
        self._tls: Any = None
        self.begin()

    def begin(self, seconds: float = BUDGET_SECONDS) -> None:
        self._until = time.monotonic() + seconds

    def open(self, *services: str) -> None:
        """Connect now, while a cold start has time for it. A failure is left to the first call."""
        for service in services:
            try:
                if service not in self._sockets:
                    self._sockets[service] = self._connected(self._places[service])
            except OSError:
                continue

    def close(self) -> None:
        """Give the connections up; the next call opens them again."""
        while self._sockets:
            self._sockets.popitem()[1].close()

    def call(self, service: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's JSON. Raises TransientError, as `Refused` when there was an answer."""
        calling = self.calling(service, action, parameters)
        while True:
            try:
                next(calling)
            except StopIteration as done:
                answer: dict[str, Any] = done.value
                return answer

    def calling(self, service: str, action: str, parameters: Mapping[str, Any]) -> Call[dict[str, Any]]:
        """The same, for `together`."""
        body = _ENCODE(parameters).encode("ascii")
        error: Exception = TimeoutError("no time is left for it")
        for _pause in LOST.tries(time.sleep):
            if time.monotonic() >= self._until:
                break
            try:
                return (yield from self._once(service, action, body))
            except Refused as refused:
                if not refused.passes:
                    raise
                error = refused
            except (OSError, ValueError) as lost:
                error = lost
        raise TransientError(f"{service} does not answer: {type(error).__name__}: {error}", retry_after_seconds=30)

    def _once(self, service: str, action: str, body: bytes) -> Call[dict[str, Any]]:
        place = self._places[service]
        prefix, version = _PREFIXES[service]
        headers = {
            "content-type": f"application/x-amz-json-{version}",
            "host": place.name,
            "x-amz-target": f"{prefix}.{action}",
        }
        headers = signed(
            headers,
            body,
            service=service,
            region=self._region,
            credentials=self._credentials,
            at=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        )
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST / HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode("ascii") + body
        connection = self._sockets.pop(service, None) or self._connected(place)
        try:
            until = min(self._until, time.monotonic() + CALL_SECONDS)
            connection.settimeout(max(0.05, until - time.monotonic()))
            connection.sendall(request)
            yield
            status, said, keep = _answered(connection, until)
        except BaseException:
            connection.close()
            raise
        if keep:
            self._sockets[service] = connection
        else:
            connection.close()
        return _read(service, status, said)

    def _place(self, service: str) -> _Place:
        variable = f"AWS_ENDPOINT_URL_{_ENDPOINTS.get(service, service.upper())}"
        given = self._env.get(variable) or self._env.get("AWS_ENDPOINT_URL")
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        scheme, _, rest = (given or f"https://{service}.{self._region}.{suffix}").partition("://")
        name = rest.partition("/")[0]
        host, _, port = name.partition(":")
        return _Place(tls=scheme == "https", name=name, host=host, port=int(port or (443 if scheme == "https" else 80)))

    def _connected(self, place: _Place) -> socket.socket:
        seconds = max(0.05, min(CALL_SECONDS, self._until - time.monotonic()))
        connection = socket.create_connection((place.host, place.port), timeout=seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not place.tls:
                return connection
            if self._tls is None:
                import ssl  # noqa: PLC0415 - half a cold start, and an emulator on this machine needs none of it

                self._tls = ssl.create_default_context()
            return self._tls.wrap_socket(connection, server_hostname=place.host)  # type: ignore[no-any-return]
        except BaseException:
            connection.close()
            raise


def _answered(connection: socket.socket, until: float) -> tuple[int, bytes, bool]:
    """(status, body, whether the connection may be used again). Raises OSError, ValueError."""
    held = b""
    while (end := held.find(b"\r\n\r\n")) < 0:
        held += _more(connection, until)
        if len(held) > MAX_ANSWER_BYTES:
            raise ValueError("headers without an end")
    head = held[: end + 2].lower()
    status, size = int(head[9:12]), int(_header(head, b"content-length") or b"none was given")
    if not 0 <= size <= MAX_ANSWER_BYTES:
        raise ValueError("an answer longer than any of AWS's, or shorter than nothing")
    parts, missing = [held[end + 4 :]], size - (len(held) - end - 4)
    while missing > 0:
        parts.append(_more(connection, until))
        missing -= len(parts[-1])
    keep = missing == 0 and _header(head, b"connection") != b"close"
    return status, b"".join(parts)[:size], keep


def _more(connection: socket.socket, until: float) -> bytes:
    connection.settimeout(max(0.001, until - time.monotonic()))
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the connection was closed")
    if time.monotonic() > until:
        raise TimeoutError("the answer takes too long")
    return part


def _header(head: bytes, name: bytes) -> bytes:
    """Its value in the lower-case `head` of an answer, empty when it is not there."""
    return head.partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip()


def _read(service: str, status: int, said: bytes) -> dict[str, Any]:
    try:
        data = json.loads(said.decode())
    except ValueError:
        data = None  # a gateway's page, say
    if status != 200:
        raise Refused(service, status, data if isinstance(data, dict) else {})
    if not isinstance(data, dict):
        raise ValueError("an answer that is no JSON object")
    return data
