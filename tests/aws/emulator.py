"""An AWS account in this process: moto, with what moto leaves out, a held clock, and bad days on request.

    with emulated(clock) as aws:          # or the fixture `aws` of tests/aws/conftest.py
        queue = SqsQueue(aws.clients, aws.cloud.jobs_queue_url)
        aws.fails("sqs", "SendMessage", times=2)

Every boto3 client made after this module was imported is served, and nothing leaves the process. Fault methods name
operations as AWS does; with `times=TRIES` a call of ours fails, with one time less boto3 rides it out.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import moto.core.models  # puts moto's own handler among botocore's, ours goes before it
import moto.s3.models
import moto.sqs.models
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.core.utils import unix_time as wall_time

from app.aws.clients import Clients
from app.jobs.job import MOST_ATTEMPTS
from app.ports.platform import Clock
from app.settings import Cloud
from tests.aws import account
from tests.aws.quick_moto import cheap_backup, quick
from tests.aws.quick_requests import Account, process_request, quick_requests

DEDUPLICATED_SECONDS = 300
TRIES = 2
REGION = "us-east-1"  # the one place moto keeps its account in


@cache
def _clients() -> Clients:
    """One set for all tests of a process: making a client costs more than most tests do. They ask twice, because
    boto3 really waits between its tries.
    """
    return Clients(tries=TRIES)


@dataclass(kw_only=True)
class Fault:
    """What happens to the next `times` calls of one operation (`*`: any)."""

    service: str
    operation: str
    how: Callable[[Any, str, Any], Any]  # (emulator, event's name, request) -> an answer
    times: int
    skip: int = 0  # calls that go well first


@dataclass
class Emulator:
    """The account. `calls` counts requests by (service, operation), `sent_bytes` and `got_bytes` their bodies."""

    clock: Clock | None
    cloud: Cloud = field(default_factory=Cloud)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    got_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    clients: Clients = field(default_factory=_clients)
    elsewhere: dict[str, Callable[[str, Any], Any]] = field(default_factory=dict)  # services that others answer for
    around: Callable[[str, Callable[[], Any]], Any] = lambda operation, answer: answer()  # sees every request
    _tokens: dict[str, Any] = field(default_factory=dict)
    _sent: dict[Any, tuple[float, Any]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ticks: Iterator[int] = field(default_factory=itertools.count)

    # ------------------------------------------------------------ bad days

    def fails(
        self,
        service: str,
        operation: str = "*",
        *,
        times: int = 1,
        code: str = "InternalError",
        status: int = 500,
        skip: int = 0,
    ) -> None:
        """Answer with an error and do nothing."""
        self.faults.append(Fault(service=service, operation=operation, times=times, skip=skip,
                                 how=lambda emulator, name, request: _error(request, status, code)))  # fmt: skip

    def throttles(self, service: str, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        self.fails(service, operation, times=times, skip=skip, code="ThrottlingException", status=400)

    def cancels(self, *codes: str, times: int = 1) -> None:
        """Cancel transactions of DynamoDB for these reasons, one for each write (`None`, `TransactionConflict`…)."""
        reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
        self.faults.append(
            Fault(
                service="dynamodb",
                operation="TransactWriteItems",
                times=times,
                how=lambda emulator, name, request: _error(request, 400, "TransactionCanceledException", **reasons),
            )
        )

    def is_slow(self, service: str, operation: str = "*", *, times: int = 1) -> None:
        """No answer within the client's patience."""

        def wait(emulator: Any, name: str, request: Any) -> Any:
            raise ReadTimeoutError(endpoint_url=request.url)

        self.faults.append(Fault(service=service, operation=operation, times=times, how=wait))

    def is_away(self, service: str, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """No connection."""

        def refuse(emulator: Any, name: str, request: Any) -> Any:
            raise EndpointConnectionError(endpoint_url=request.url)

        self.faults.append(Fault(service=service, operation=operation, times=times, skip=skip, how=refuse))

    def loses_the_answer(self, service: str, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """The request is carried out, and the connection breaks before the answer comes."""

        def lose(emulator: Emulator, name: str, request: Any) -> Any:
            emulator.answer(name, request)
            raise ConnectionClosedError(endpoint_url=request.url)

        self.faults.append(Fault(service=service, operation=operation, times=times, skip=skip, how=lose))

    def dies_at(self, service: str, operation: str, error: BaseException, *, after: bool, skip: int = 0) -> None:
        """The calling process dies (`error` is raised through it) before or after the call is carried out."""

        def die(emulator: Emulator, name: str, request: Any) -> Any:
            if after:
                emulator.answer(name, request)
            raise error

        self.faults.append(Fault(service=service, operation=operation, times=1, skip=skip, how=die))

    # ------------------------------------------------------------ answering

    def handle(self, event_name: str, request: Any) -> Any:
        """One request of any client. One at a time: moto's own tables know no locks."""
        key = tuple(event_name.split(".")[1:3])
        with self._lock:
            self.calls[key] += 1
            self.sent_bytes[key] += int(request.headers.get("Content-Length") or 0)
            for fault in self.faults:
                if fault.service == key[0] and fault.operation in {"*", key[1]} and fault.times > 0:
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault.how(self, event_name, request)
            answer = self.around(".".join(key), lambda: self.answer(event_name, request))
            self.got_bytes[key] += len(answer.raw.getvalue())
            return answer

    def answer(self, event_name: str, request: Any) -> Any:
        """moto's answer, and what moto leaves out: a transaction's token and a message's deduplication id are known
        after the fact too, an older receipt is refused, and messages of a group that are shown again keep their order.
        """
        _, service, operation = event_name.split(".")
        if service in self.elsewhere:
            return self.elsewhere[service](operation, request)
        token = _json(request).get("ClientRequestToken") if event_name.endswith(".TransactWriteItems") else None
        if token and token in self._tokens:
            return _copied(request, self._tokens[token])
        said = _json(request)
        sent = (
            (said.get("QueueUrl"), said.get("MessageDeduplicationId")) if event_name.endswith(".SendMessage") else None
        )
        if sent in self._sent and self.unix_time() - self._sent[sent][0] < DEDUPLICATED_SECONDS:
            return _copied(request, self._sent[sent][1])
        if event_name.endswith(".ReceiveMessage"):
            _show_again(said)
        if event_name.endswith((".DeleteMessage", ".ChangeMessageVisibility")) and _is_stale(said):
            return _error(request, 400, "ReceiptHandleIsInvalid")
        with cheap_backup(said) if event_name.endswith(".TransactWriteItems") else nullcontext():
            status, headers, body = process_request(request)
        answer = AWSResponse(request.url, status, headers, MockRawResponse(body))
        if token and status == 200:
            self._tokens[token] = answer
        if sent and status == 200:
            self._sent[sent] = (self.unix_time(), answer)
        return answer

    def unix_time(self, *_: Any) -> float:
        """The held time for SQS, a little later at each look: moto takes what is visible from now on for hidden."""
        if self.clock is None:
            return wall_time()
        return self.clock.now().timestamp() + next(self._ticks) * 1e-6

    def utcnow(self) -> datetime:
        """The held time for S3, without a zone as moto has it: when an object was written, whether its lock holds."""
        return datetime.fromtimestamp(self.unix_time(), UTC).replace(tzinfo=None)


class _Front:
    """Stands before moto in every client; lets everything pass while no emulator is on."""

    emulator: Emulator | None = None

    def __call__(self, event_name: str, request: Any, **_: Any) -> Any:
        if self.emulator is None or request.url.startswith("http://127.0.0.1"):  # a stand-in of ours, over real HTTP
            return None
        return self.emulator.handle(event_name, request)


_FRONT = _Front()
BUILTIN_HANDLERS.insert(0, ("before-send", _FRONT))


@contextmanager
def emulated(clock: Clock | None = None, *, max_attempts: int = MOST_ATTEMPTS) -> Iterator[Emulator]:
    """An account with everything that template.yaml makes. Without a `clock` SQS runs on the machine's time."""
    if _FRONT.emulator is not None:
        raise RuntimeError("one emulator at a time")
    with Account(), _environment(), quick(), quick_requests():
        emulator = Emulator(clock)
        before = moto.sqs.models.unix_time, moto.sqs.models.unix_time_millis
        moto.sqs.models.unix_time = emulator.unix_time
        moto.sqs.models.unix_time_millis = lambda *_: emulator.unix_time() * 1000
        utcnow = moto.s3.models.utcnow
        moto.s3.models.utcnow = emulator.utcnow
        _FRONT.emulator = emulator
        botocore_stubber.enabled = False  # botocore asks every handler, so moto's own would do everything twice
        try:
            emulator.cloud = account.furnish(emulator.clients, max_attempts=max_attempts)
            for counter in (emulator.calls, emulator.sent_bytes, emulator.got_bytes):
                counter.clear()
            yield emulator
        finally:
            _FRONT.emulator = None
            moto.sqs.models.unix_time, moto.sqs.models.unix_time_millis = before
            moto.s3.models.utcnow = utcnow


@contextmanager
def _environment() -> Iterator[None]:
    """The region, and no endpoint or profile of the machine's own."""
    import os

    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL") or name == "AWS_PROFILE"]:
        del os.environ[name]
    os.environ |= {"AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _json(request: Any) -> dict[str, Any]:
    try:
        return dict(json.loads(request.body or b"{}"))
    except (ValueError, TypeError):
        return {}


def _queue(request: dict[str, Any]) -> Any:
    queues = moto.sqs.models.sqs_backends[moto.core.DEFAULT_ACCOUNT_ID][REGION].queues
    return queues[request["QueueUrl"].rpartition("/")[2]]


def _is_stale(request: dict[str, Any]) -> bool:
    """Whether a receipt is of an older receive than the message's last one."""
    receipt = request["ReceiptHandle"]
    return any(m.had_receipt_handle(receipt) and m.receipt_handle != receipt for m in _queue(request)._messages)


def _show_again(request: dict[str, Any]) -> None:
    """Messages whose time of hiding is over hold their group no longer; moto finds out one by one, out of order."""
    queue = _queue(request)
    queue._pending_messages = {message for message in queue._pending_messages if not message.visible}


def _error(request: Any, status: int, code: str, **more: Any) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": f"emulated {code}"} | more).encode()
    if ".s3." in request.url or "//s3." in request.url:
        body = f"<Error><Code>{code}</Code><Message>emulated</Message></Error>".encode()
    return AWSResponse(request.url, status, {"x-amzn-errortype": code}, MockRawResponse(body))


def _copied(request: Any, answer: AWSResponse) -> AWSResponse:
    return AWSResponse(request.url, answer.status_code, answer.headers, MockRawResponse(answer.raw.getvalue()))
