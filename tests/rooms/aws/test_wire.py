"""The wire against a server that answers what it is told to: nothing it says breaks the door or holds it for long."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest

from app.aws.wire import Refused, Wire, together
from app.errors import TransientError

KEYS = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


def answer(data, status=200, more="") -> bytes:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


class Server:
    """Listens on 127.0.0.1; for each request it takes the next of `script`: bytes to say, a callable, or None to hang
    up. `requests` holds what came in, `latest` the last of each connection, `connections` how many were opened.
    """

    def __init__(self) -> None:
        self.script: list = []
        self.requests: list[bytes] = []
        self.latest: dict[socket.socket, bytes] = {}
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://{}:{}".format(*self._listener.getsockname())
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closing alone would leave a thread in `accept`, which takes connections of whoever listens there next."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with connection, contextlib.suppress(OSError):
            while request := self._request(connection):
                self.requests.append(request)
                self.latest[connection] = request
                if not self.script:  # a repetition of a client that is slow to see its answer
                    return
                said = self.script.pop(0)
                if callable(said):
                    said = said(connection)
                if said is None:
                    return
                connection.sendall(said)

    def _request(self, connection: socket.socket) -> bytes:
        held = b""
        try:
            while b"\r\n\r\n" not in held:
                if not (part := connection.recv(65536)):
                    return b""
                held += part
            head, _, body = held.partition(b"\r\n\r\n")
            size = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if not size:
                return b""  # no call of ours: somebody whose own server had this port before
            while len(body) < int(size):
                body += connection.recv(65536)
        except OSError:
            return b""
        return head + b"\r\n\r\n" + body


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def wire(server):
    wire = Wire(KEYS | {"AWS_ENDPOINT_URL": server.address})
    yield wire
    wire.close()


def test_one_connection_serves_many_calls(server, wire):
    server.script = [answer({"n": number}) for number in range(5)]
    assert [wire.call("dynamodb", "GetItem", {})["n"] for _ in range(5)] == list(range(5))
    assert server.connections == 1
    assert b"x-amz-target: DynamoDB_20120810.GetItem\r\n" in server.requests[0]
    assert b"\r\ncontent-type: application/x-amz-json-1.0\r\n" in server.requests[0]


def test_each_service_has_its_own_endpoint(server):
    wire = Wire(KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.address})
    server.script = [answer({"SecretString": "s"})]
    assert wire.call("secretsmanager", "GetSecretValue", {"SecretId": "x"}) == {"SecretString": "s"}
    with pytest.raises(TransientError, match=r"sqs does not answer: ConnectionRefusedError"):
        wire.call("sqs", "SendMessage", {})
    wire.close()


def test_connection_that_went_stale_is_replaced(server, wire):
    server.script = [answer({"n": 1}), None, answer({"n": 2})]
    assert wire.call("sqs", "SendMessage", {"a": 1}) == {"n": 1}
    assert wire.call("sqs", "SendMessage", {"a": 2}) == {"n": 2}
    assert server.connections == 2
    assert server.requests[1].partition(b"\r\n\r\n")[2] == server.requests[2].partition(b"\r\n\r\n")[2]


def test_connection_that_aws_closes_is_not_used_again(server, wire):
    server.script = [answer({}, more="Connection: close\r\n"), answer({})]
    wire.call("sqs", "SendMessage", {})
    wire.call("sqs", "SendMessage", {})
    assert server.connections == 2


def test_open_connects_before_the_first_call(server, wire):
    wire.open("dynamodb", "sqs")
    server.script = [answer({})]
    wire.call("sqs", "SendMessage", {})
    assert server.connections == 2


def test_two_calls_wait_at_the_same_time(server, wire):
    both = threading.Barrier(2, timeout=20)

    def say(connection):
        both.wait()  # neither is answered before both were asked
        return answer({"n": 1})

    server.script = [say, say]
    calls = wire.calling("dynamodb", "GetItem", {}), wire.calling("sqs", "SendMessage", {})
    assert together(*calls) == ({"n": 1}, {"n": 1})


def test_of_two_calls_one_that_fails_takes_the_other_to_its_end(server, wire):
    def say(connection):
        return answer({"__type": "Nope"}, 400) if b"GetItem" in server.latest[connection] else answer({"n": 1})

    for failing_first in (True, False):
        server.script = [say, say]
        calls = [wire.calling("dynamodb", "GetItem", {}), wire.calling("sqs", "SendMessage", {})]
        with pytest.raises(Refused, match="Nope"):
            together(*(calls if failing_first else reversed(calls)))
    server.script = [answer({"n": 2}), answer({"n": 3})]
    assert [wire.call("dynamodb", "GetItem", {}), wire.call("sqs", "SendMessage", {})] == [{"n": 2}, {"n": 3}]
    assert server.connections == 2  # no answer was left in one


def test_open_leaves_failures_to_the_first_call():
    Wire(KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}).open("sqs")


PASSES = [
    (500, "InternalServerError"),
    (503, ""),
    (400, "ThrottlingException"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "RequestLimitExceeded"),
]


@pytest.mark.parametrize("status, code", PASSES)
def test_what_passes_is_tried_again(server, wire, status, code):
    server.script = [answer({"__type": f"x#{code}"}, status), answer({"n": 1})]
    assert wire.call("dynamodb", "GetItem", {}) == {"n": 1}


def test_what_does_not_pass_is_said_at_once(server, wire):
    server.script = [answer({"__type": "com.amazonaws.x#AccessDeniedException", "message": "no"}, 400)]
    with pytest.raises(Refused, match="dynamodb said AccessDeniedException: no"):
        wire.call("dynamodb", "GetItem", {})
    assert len(server.requests) == 1


def test_throttle_that_lasts_is_transient(server, wire):
    server.script = [answer({"__type": "ThrottlingException"}, 400) for _ in range(9)]
    with pytest.raises(TransientError, match="ThrottlingException"):
        wire.call("dynamodb", "GetItem", {})
    assert len(server.requests) == 4


ODD = {
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n",
    "length is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "far too long": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300_000,
    "no JSON": answer(b"<html>"),
    "no object": answer(b"[]"),
    "nothing": b"",
    "a cut answer": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
}


@pytest.mark.parametrize("said", ODD.values(), ids=ODD.keys())
def test_odd_answers_are_transient(server, wire, said):
    def say(connection):
        connection.sendall(said)

    server.script = [say] * 9
    with pytest.raises(TransientError):
        print(wire.call("dynamodb", "GetItem", {}))


def test_answer_in_many_pieces_is_whole(server, wire):
    def drip(connection):
        for byte in answer({"n": "x" * 40}):
            connection.sendall(bytes([byte]))
        return b""

    server.script = [drip]
    assert wire.call("sqs", "SendMessage", {}) == {"n": "x" * 40}


@pytest.mark.parametrize("drips", [False, True])
def test_slow_answers_end_with_the_budget(server, wire, drips):
    over = threading.Event()

    def slowly(connection):  # says nothing, or never gets to the end, for as long as it is listened to
        while not over.wait(0.1):
            if drips:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")

    server.script = [slowly] * 9
    wire.begin(0.5)
    with pytest.raises(TransientError, match=r"does not answer"):
        wire.call("sqs", "SendMessage", {})
    over.set()


def test_nothing_is_asked_when_no_time_is_left(server, wire):
    wire.begin(0)
    with pytest.raises(TransientError, match="no time is left"):
        wire.call("sqs", "SendMessage", {})
    assert server.connections == 0


def test_regions_of_china_have_another_domain():
    place = Wire(KEYS | {"AWS_REGION": "cn-north-1"})._places["sqs"]
    assert (place.tls, place.name, place.port) == (True, "sqs.cn-north-1.amazonaws.com.cn", 443)
