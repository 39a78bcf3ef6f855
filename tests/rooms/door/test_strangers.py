"""What anybody may do to the door without a signature, over real sockets: it stays open, and small."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading

import pytest

from app import log
from app.receive import Answer
from app.server import asgi, library_log
from app.server.bodies import BodyRoom, NoRoom
from app.server.connections import Crowd, most_connections
from app.webhooks.signature import sign
from tests.rooms.door.conftest import SECRET, serving
from tests.waiting import until

HEAD = b"POST /webhooks/github HTTP/1.1\r\nHost: door\r\n"
SHAPED = b"X-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n"


def said(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    connection.settimeout(20)
    heard = b""
    try:
        while part := connection.recv(65536):
            heard += part
    except ConnectionResetError:
        pass
    return heard


def is_open(address) -> bool:
    connection = http.client.HTTPConnection(*address, timeout=20)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status == 200


@pytest.mark.parametrize(
    "sent", [b"", b"POST ", HEAD, HEAD + b"X-A: " + b"a" * 1000], ids=["nothing", "word", "head", "long"]
)
def test_a_head_that_does_not_end_is_hung_up_on(door, sent):
    with serving(asgi.application(door), Crowd(head_seconds=0.1)) as address, socket.create_connection(address) as slow:
        slow.sendall(sent)
        assert said(slow) == b""
        assert is_open(address)


def test_a_second_head_that_does_not_end_is_hung_up_on(door):
    with serving(asgi.application(door), Crowd(head_seconds=0.5)) as address, socket.create_connection(address) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: door\r\n\r\nGET /heal")
        assert said(slow).count(b"200 OK") == 1


def test_a_stranger_who_waits_makes_room_for_the_next(door):
    with serving(asgi.application(door), Crowd(most=4)) as address:
        idle = [socket.create_connection(address) for _ in range(12)]
        assert is_open(address)
        assert all(said(connection) == b"" for connection in idle[:8])
        for connection in idle:
            connection.close()


def test_more_idle_connections_than_the_process_may_open_files(door):
    """As many as it may open files; a quarter of the usual 1,024, so that the test may hold the other ends."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        assert most_connections() == 128
        with serving(asgi.application(door)) as address:
            idle = []
            for _ in range(110):
                idle.append(socket.create_connection(address))
            assert is_open(address)
            for connection in idle:
                connection.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", 401),
        (b"X-Hub-Signature: sha1=" + b"0" * 40 + b"\r\n", 401),
        (b"X-Hub-Signature-256: sha256=\r\n", 401),
        (b"X-Hub-Signature-256: sha256=" + b"g" * 64 + b"\r\n", 401),
        (b"X-Hub-Signature-256: sha256=" + b"0" * 65 + b"\r\n", 401),
        (SHAPED + SHAPED, 400),
        (SHAPED + b"X-GitHub-Event: a\r\nx-github-event: b\r\n", 400),
        (SHAPED + b"X-GitHub-Delivery: a\r\nX-GITHUB-DELIVERY: a\r\n", 400),
        (SHAPED + b"Content-Type: a/b\r\nContent-Type: a/b\r\n", 400),
    ],
)
def test_what_the_headers_rule_out_is_refused_before_the_body_is_sent(door, headers, status):
    with serving(asgi.application(door)) as address, socket.create_connection(address) as stranger:
        stranger.sendall(HEAD + headers + b"Content-Length: 25000000\r\n\r\n")
        answer = said(stranger)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"error"}


def test_bodies_share_a_bounded_memory(door):
    """Three that announce 25 MB fill it; the fourth is asked to come again, and may when the others have gone."""
    with serving(asgi.application(door)) as address:
        big = HEAD + SHAPED + b"Content-Length: 26000000\r\n\r\n"
        held = [socket.create_connection(address) for _ in range(2)]
        for connection in held:
            connection.sendall(big + b"x")
        until(lambda: _asked(address, big).startswith(b"HTTP/1.1 503"))
        for connection in held:
            connection.close()
        until(lambda: not _asked(address, big).startswith(b"HTTP/1.1 503"))


def _asked(address, request: bytes) -> bytes:
    """The beginning of an answer that comes before the body; empty when the server waits for the body."""
    with socket.create_connection(address) as connection:
        connection.settimeout(0.5)
        connection.sendall(request)
        try:
            return connection.recv(1000)
        except TimeoutError:
            return b""


def test_memory_comes_back_however_a_request_ends():
    room = BodyRoom(100)
    with pytest.raises(NoRoom), room.reserve() as one, room.reserve() as two:
        one.grow_to(60)
        one.grow_to(40)  # never less
        two.grow_to(41)
    assert room.free_bytes == 100


def test_a_store_that_hangs_is_answered_in_time(door, monkeypatch):
    """A lock on a queue's file held for longer than GitHub waits: the answer does not wait for it."""
    monkeypatch.setattr(asgi, "ANSWER_SECONDS", 0.3)
    let_go = threading.Event()

    def hangs(_delivery) -> Answer:
        let_go.wait(30)
        return Answer(202, {"decision": "ignore", "reason": "", "job": None})

    body = b"{}"
    with serving(asgi.application(hangs)) as address, log.captured() as lines:
        connection = http.client.HTTPConnection(*address, timeout=20)
        connection.request("POST", "/webhooks/github", body, {"X-Hub-Signature-256": sign(body, SECRET)})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert [line["action"] for line in lines] == ["asgi.late"]
        let_go.set()
        connection.close()


def test_a_shutdown_asks_for_the_delivery_again(door):
    """Half a body and SIGTERM: a 503, never a page that says 500."""
    inner, at_work = asgi.application(door), threading.Event()

    async def noticed(scope, receive, send):
        at_work.set()
        await inner(scope, receive, send)

    with serving(noticed) as address:
        sender = socket.create_connection(address)
        sender.sendall(HEAD + SHAPED + b"Content-Length: 100\r\n\r\nhalf")
        assert at_work.wait(20)
    answer = said(sender)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 30" in answer
    sender.close()


def test_what_libraries_log_is_a_line_of_ours():
    root, hook = logging.getLogger(), threading.excepthook
    before = (root.handlers[:], root.level)
    try:
        library_log.take_over()
        with log.captured() as lines:
            logging.getLogger("uvicorn.error").warning("Invalid HTTP %s", "request")
            thread = threading.Thread(target=lambda: 1 / 0, name="loop")
            thread.start()
            thread.join()
    finally:
        logging.captureWarnings(False)
        root.handlers[:], threading.excepthook = before[0], hook
        root.setLevel(before[1])
    assert [(line["action"], line["level"]) for line in lines] == [
        ("library.logged", "warning"),
        ("thread.defect", "error"),
    ]
    assert lines[0]["message"] == "Invalid HTTP request"
    assert "ZeroDivisionError" in lines[1]["error"]
