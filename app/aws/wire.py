"""Calls to AWS's JSON services over connections that are kept open. Standard library, and little of it.

`http.client` costs a cold door as much as all of ours together (it brings the `email` package) and most of the CPU of
a warm call, so requests are written and answers read here: the three services the door talks to always say how long
an answer is. Every call made here may be made twice (see `app.aws.door`), so a call that got no answer is made again.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.aws.sigv4 import Credentials, signed
from app.errors import TransientError

CALL_SECONDS = 2.5  # of one try; AWS answers in milliseconds, and GitHub gives the whole delivery ten seconds
BUDGET_SECONDS = 8.0  # of all calls for one delivery
PAUSES_SECONDS = (0.0, 0.0, 0.1, 0.3)  # before each try; the second is for a connection that went stale in between
MAX_ANSWER_BYTES = 2**20  # the longest is one DynamoDB item (400 KB)

_PREFIXES = {
    "sqs": ("AmazonSQS", "1.0"),
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "secretsmanager": ("secretsmanager", "1.1"),
}
_ENDPOINTS = {"secretsmanager": "SECRETS_MANAGER"}  # in variable names, where it is not the name in capitals
_THROTTLED = ("Throttl", "TooManyRequests", "ProvisionedThroughput", "RequestLimit", "LimitExceeded", "OverLimit")


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
        self._sockets: dict[_Place, socket.socket] = {}
        self._tls: Any = None
        self.begin()

    def begin(self, seconds: float = BUDGET_SECONDS) -> None:
        self._until = time.monotonic() + seconds

    def open(self, *services: str) -> None:
        """Connect now, while a cold start has time for it. A failure is left to the first call."""
        for place in (self._places[service] for service in services):
            try:
                if place not in self._sockets:
                    self._sockets[place] = self._connected(place)
            except OSError:
                continue

    def close(self) -> None:
        """Give the connections up; the next call opens them again."""
        while self._sockets:
            self._sockets.popitem()[1].close()

    def call(self, service: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's JSON. Raises TransientError, as `Refused` when there was an answer."""
        body = json.dumps(parameters, separators=(",", ":")).encode("ascii")
        error: Exception = TimeoutError("no time is left for it")
        for pause in PAUSES_SECONDS:
            if pause:
                time.sleep(pause)
            if time.monotonic() >= self._until:
                break
            try:
                return self._once(service, action, body)
            except Refused as refused:
                if not refused.passes:
                    raise
                error = refused
            except (OSError, ValueError) as lost:
                error = lost
        raise TransientError(f"{service} does not answer: {type(error).__name__}: {error}", retry_after_seconds=30)

    def _once(self, service: str, action: str, body: bytes) -> dict[str, Any]:
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
        connection = self._sockets.pop(place, None) or self._connected(place)
        try:
            status, answer, keep = _exchanged(connection, request, min(self._until, time.monotonic() + CALL_SECONDS))
        except BaseException:
            connection.close()
            raise
        if keep:
            self._sockets[place] = connection
        else:
            connection.close()
        return _read(service, status, answer)

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


def _exchanged(connection: socket.socket, request: bytes, until: float) -> tuple[int, bytes, bool]:
    """(status, body, whether the connection may be used again). Raises OSError, ValueError."""
    connection.settimeout(max(0.05, until - time.monotonic()))
    connection.sendall(request)
    held = b""
    while (end := held.find(b"\r\n\r\n")) < 0:
        held += _more(connection, until)
        if len(held) > MAX_ANSWER_BYTES:
            raise ValueError("headers without an end")
    status, headers = _head(held[:end])
    if "content-length" not in headers:
        raise ValueError("an answer without its length")
    size = int(headers["content-length"])
    if not 0 <= size <= MAX_ANSWER_BYTES:
        raise ValueError("an answer longer than any of AWS's, or shorter than nothing")
    parts, missing = [held[end + 4 :]], size - (len(held) - end - 4)
    while missing > 0:
        parts.append(_more(connection, until))
        missing -= len(parts[-1])
    keep = missing == 0 and headers.get("connection", "").lower() != "close"
    return status, b"".join(parts)[:size], keep


def _more(connection: socket.socket, until: float) -> bytes:
    connection.settimeout(max(0.001, until - time.monotonic()))
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the connection was closed")
    if time.monotonic() > until:
        raise TimeoutError("the answer takes too long")
    return part


def _head(text: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = text.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ", 2)[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _read(service: str, status: int, answer: bytes) -> dict[str, Any]:
    try:
        data = json.loads(answer)
    except ValueError:
        data = None  # a gateway's page, say
    if status != 200:
        raise Refused(service, status, data if isinstance(data, dict) else {})
    if not isinstance(data, dict):
        raise ValueError("an answer that is no JSON object")
    return data
