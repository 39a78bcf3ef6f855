"""What goes through CONNECT: TLS for the host that was allowed, or plain requests that the methods allow."""

from __future__ import annotations

import pytest

from app.sandbox.wire import UNRECOGNIZED_NAME

from .conftest import Enter, python
from .test_sandbox_egress import outside, upstream

__all__ = ["outside", "upstream"]

CONNECT = """
import socket, ssl
def tunnel(where):
    s = socket.create_connection(('127.0.0.1', 3128)); s.settimeout(20)
    s.sendall(f'CONNECT {where} HTTP/1.1\\r\\nHost: {where}\\r\\n\\r\\n'.encode())
    answer = s.recv(999)
    assert b' 200 ' in answer, answer
    return s
def rest(s):
    heard = b''
    try:
        while d := s.recv(9999): heard += d
    except OSError: pass
    return heard
"""


def told(enter: Enter) -> list[tuple[str, str, int, bool]]:
    return [(request.method, request.host, request.port, request.allowed) for request in enter.requests]


@pytest.mark.parametrize(("method", "passes"), [("GET", True), ("POST", False), ("PUT", False), ("DELETE", False)])
def test_methods_hold_inside_connect_too(enter: Enter, outside, method: str, passes: bool) -> None:
    code = CONNECT + (
        "s = tunnel('mirror.test:80')\n"
        f"s.sendall(b'{method} /p HTTP/1.1\\r\\nHost: evil.test\\r\\nContent-Length: 1\\r\\n\\r\\nx')\n"
        "print(rest(s))"
    )
    text = outside().run(python(code), network=True).text
    assert (f"{method} mirror.test /p" in text) is passes
    assert ("403 Blocked by Lamplighter" in text) is not passes
    assert told(enter) == [(method, "mirror.test", 80, passes)]


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize(
    "said", ["SSH-2.0-x\\r\\n\\r\\n", "\\x00\\x01\\r\\n\\r\\n", "GET http://evil.test/ HTTP/1.1\\r\\n\\r\\n"]
)
def test_other_protocols_do_not_pass(enter: Enter, outside, port: int, said: str) -> None:
    code = CONNECT + f"s = tunnel('mirror.test:{port}')\ns.sendall(b'{said}\\r\\n\\r\\n')\nprint(rest(s))"
    assert outside().run(python(code), network=True).text == "b''\n"
    assert told(enter) == [("CONNECT", "mirror.test", port, False)]
    assert "neither TLS nor" in enter.requests[0].reason


@pytest.mark.parametrize("name", ["'evil.test'", "'files.mirror.test'", "None"])
def test_the_hello_has_to_ask_for_the_host_that_was_allowed(enter: Enter, outside, name: str) -> None:
    code = CONNECT + (
        "c = ssl._create_unverified_context(); i, o = ssl.MemoryBIO(), ssl.MemoryBIO()\n"
        f"t = c.wrap_bio(i, o, server_hostname={name})\n"
        "try: t.do_handshake()\nexcept ssl.SSLWantReadError: pass\n"
        "s = tunnel('mirror.test:443'); s.sendall(o.read()); print(list(rest(s)))"
    )
    assert outside().run(python(code), network=True).text == f"{list(UNRECOGNIZED_NAME)}\n"
    assert told(enter) == [("CONNECT", "mirror.test", 443, False)]
    assert "TLS hello" in enter.requests[0].reason


def test_odd_hosts_are_answered_and_told(enter: Enter, outside) -> None:
    lines = [
        "CONNECT mirror.test\\0.x:443",
        "GET http://mirror.test\\0.x/",
        "CONNECT " + "a" * 70 + ".test:443",
        "GET /",
    ]
    code = "import socket\n" + "".join(
        "s = socket.create_connection(('127.0.0.1', 3128)); s.settimeout(20)\n"
        f"s.sendall(b'{line} HTTP/1.1\\r\\n\\r\\n'); print(s.recv(99)[:12])\n"
        for line in lines
    )
    assert outside().run(python(code), network=True).text == "b'HTTP/1.1 400'\n" * 4
    assert len(enter.requests) == 4 and not any(request.allowed for request in enter.requests)


def test_what_is_sent_is_counted_and_bounded_over_all_commands(enter: Enter, outside) -> None:
    sandbox = outside(methods=("GET", "POST", "CONNECT"), upload_bytes=2**20)
    send = "head -c {size} /dev/zero | curl -sk -m 60 -o /dev/null -w '%{{http_code}}' --data-binary @- {scheme}://mirror.test/"
    assert sandbox.run(send.format(size=600_000, scheme="http"), network=True).text == "200"
    assert 600_000 < enter.requests[0].sent_bytes < 601_000
    for scheme in ("http", "https"):
        assert sandbox.run(send.format(size=600_000, scheme=scheme), network=True).text != "200"
        assert not enter.requests[-1].allowed and "sandbox.upload" in enter.requests[-1].reason
    files = "curl -sk -m 60 -o /dev/null -w '%{http_code}' https://files.mirror.test/"
    assert sandbox.run(files, network=True).text == "200"
    assert enter.requests[-1].sent_bytes > 100


def test_a_command_may_be_kept_from_a_listed_host(enter: Enter, outside) -> None:
    sandbox = outside()
    get = "curl -sk -m 60 -o /dev/null -w '%{http_code}' http://mirror.test/"
    assert sandbox.run(get, network=True, withheld=("mirror.test",)).text == "403"
    assert sandbox.run(get, network=True).text == "200"
    assert [request.allowed for request in enter.requests] == [False, True]
