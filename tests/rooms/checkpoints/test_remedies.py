"""A set-up that failed says what to change, by its cause, in the words that the proxy itself records."""

from __future__ import annotations

import socket
import threading

import pytest

from app.checkpoints import remedies
from app.ports.sandbox import Egress, EgressRequest
from app.sandbox.egress import EgressProxy
from app.sandbox.egress_policy import Uploads

EGRESS = Egress(hosts=("mirror.test", "forge.test", "unknown.test", "dead.test"), withheld=("forge.test",))
NAMES = {"mirror.test": ["10.0.0.5"], "forge.test": ["93.184.215.14"], "dead.test": ["93.184.215.14"]}


def _resolve(name: str) -> list[str]:
    if name not in NAMES:
        raise socket.gaierror(-2, "Name or service not known")
    return NAMES[name]


def _no_way(_address: str, _port: int) -> socket.socket:
    raise OSError(113, "No route to host")


def asked(line: bytes) -> list[EgressRequest]:
    """What the real proxy records of one request."""
    found: list[EgressRequest] = []
    done = threading.Event()

    def note(request: EgressRequest) -> None:
        found.append(request)
        done.set()

    proxy = EgressProxy(EGRESS, note, resolve=_resolve, connect=_no_way)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(line + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert done.wait(10)
    proxy.close()
    return found


def told(requests: list[EgressRequest] | None = None, *, killed_by: str = "", tail: str = "") -> str:
    return remedies.set_up(
        "pip install .", "exit code 1", killed_by=killed_by, tail=tail,
        requests=[vars(request) for request in requests or []], memory_mb=4096,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"CONNECT mirror.test:443", ("`mirror.test`", "private address", "LAMPLIGHTER_SANDBOX_NETWORKS")),
        (b"CONNECT else.test:443", ("`else.test`", "`sandbox.network`")),
        (b"POST http://mirror.test/", ("`mirror.test`", "`sandbox.methods`")),
        (b"CONNECT forge.test:443", ("`forge.test`", "`sandbox.network_with_change`")),
        (b"CONNECT 10.0.0.5:443", ("`10.0.0.5`", "give it a name")),
        (b"CONNECT unknown.test:443", ("`unknown.test`", "could not be reached", "DNS")),
        (b"CONNECT dead.test:443", ("`dead.test`", "could not be reached", "network")),
    ],
)
def test_a_refused_request_names_the_setting(line, words):
    said = told(asked(line))
    assert all(word in said for word in words), said
    assert "under `setup`" not in said, "the commands are right"


def test_too_much_sent_names_the_setting():
    uploads = Uploads(1 << 20)
    uploads.take("a.test", 2 << 20)
    request = EgressRequest(
        host="a.test", port=443, method="CONNECT", allowed=False, reason=uploads.refusal("a.test")
    )  # fmt: skip
    assert "`sandbox.upload`" in told([request])


@pytest.mark.parametrize(
    ("killed_by", "tail", "words"),
    [
        ("memory", "", ("`sandbox.memory`", "4096m")),
        ("time", "", ("half an hour",)),
        ("disk", "", ("filled the sandbox",)),
        ("", "curl: (6) Could not resolve host: pypi.org", ("HTTPS_PROXY",)),
        ("", "make: *** No rule to make target", ("under `setup`",)),
        ("signal", "", ("under `setup`",)),
    ],
)
def test_other_causes_name_theirs(killed_by, tail, words):
    said = told(killed_by=killed_by, tail=tail)
    assert all(word in said for word in words), said
    assert said.startswith("Setting up failed: `pip install .` ended with exit code 1.")


def test_several_causes_are_all_said_and_many_hosts_in_short():
    many = [asked(f"CONNECT h{number}.test:443".encode())[0] for number in range(7)]
    said = told([*many, *asked(b"CONNECT mirror.test:443")])
    assert "and 2 more" in said
    assert "LAMPLIGHTER_SANDBOX_NETWORKS" in said
