"""The channel between a worker and its sandbox, and the gate through which the proxy is reached."""

from __future__ import annotations

import hashlib
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import TransientError
from app.ports.sandbox import Egress, Limits
from app.sandbox.egress import EgressProxy
from app.sandbox.remote import frames
from app.sandbox.remote.client import RemoteSandbox
from app.sandbox.remote.forward import PREFACE
from app.sandbox.remote.gate import Gate
from tests.aws import container
from tests.ports import free_port

pytestmark = pytest.mark.aws


@pytest.fixture
def listening(server: Path) -> Iterator[tuple[container.Containers, str, bytes]]:
    with container.Containers(free_port(), server=server) as containers:
        key, commitment = frames.new_key()
        yield containers, containers.start("r", "", commitment), key


def test_without_the_key_nothing_is_answered(listening: tuple[container.Containers, str, bytes]) -> None:
    containers, handle, key = listening
    address = containers.address(handle)
    for word in (secrets.token_bytes(64), b"", hashlib.sha256(key).digest() + bytes(32), b"x"):
        with socket.create_connection(address) as sock:
            sock.settimeout(15)
            assert frames.exactly(sock, len(frames.GREETING)) == frames.GREETING
            frames.exactly(sock, 32)
            sock.sendall(word)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b""
    with socket.create_connection(address) as sock:
        channel = frames.prove(sock, key)
        channel.send({"op": "ping", "id": 1})
        assert channel.receive()[0]["id"] == 1
        with pytest.raises(OSError):  # nobody else is listened to any more
            socket.create_connection(address, 2)


def pair() -> tuple[frames.Channel, frames.Channel, socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        two, _address = server.accept()
    a, b = secrets.token_bytes(32), secrets.token_bytes(32)
    return frames.Channel(one, sending=a, receiving=b), frames.Channel(two, sending=b, receiving=a), one, two


def test_frames_cannot_be_changed_repeated_or_turned_round() -> None:
    for spoil in ("change", "repeat", "turn", "size"):
        ours, theirs, sock, other = pair()
        ours.send({"op": "run", "id": 1}, b"body")
        raw = other.recv(4096)
        if spoil == "change":
            sent = raw[:-1] + bytes([raw[-1] ^ 1])
        elif spoil == "size":
            sent = struct.pack(">II", 1 << 30, 0) + raw[8:]
        else:
            sent = raw
        if spoil == "turn":
            other.sendall(sent)
            receiver = ours
        else:
            receiver = theirs
            sock.sendall(sent * (2 if spoil == "repeat" else 1))
        if spoil == "repeat":
            assert theirs.receive() == ({"op": "run", "id": 1}, b"body")
        with pytest.raises(frames.BrokenChannel):
            receiver.receive()
        ours.close()
        theirs.close()


LIES: dict[str, Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]] = {
    "a path outside": lambda head: ({"whole": True, "removed": [], "changed": {"../x": ["100644", "0" * 64, 1]}}, b""),
    "git's path": lambda head: ({"whole": True, "removed": [], "changed": {".git/x": ["100644", "0" * 64, 1]}}, b""),
    "a mode": lambda head: ({"whole": True, "removed": [], "changed": {"x": ["104755", "0" * 64, 1]}}, b""),
    "a digest": lambda head: ({"whole": True, "removed": [], "changed": {"x": ["100644", "0", 1]}}, b""),
    "a size": lambda head: ({"whole": True, "removed": [], "changed": {"x": ["100644", "0" * 64, -1]}}, b""),
    "no manifest": lambda head: ({"changed": 7}, b""),
    "an exit code": lambda head: ({"exit_code": True, "seconds": 1, "output_bytes": 0, "killed_by": ""}, b""),
    "an end": lambda head: ({"exit_code": 0, "seconds": 1, "output_bytes": 0, "killed_by": "time"}, b""),
    "an output": lambda head: ({"exit_code": 0, "seconds": 1, "output_bytes": 9, "killed_by": ""}, b"x" * 2**20),
    "a word": lambda head: ({"error": "other", "text": ["x"]}, b""),
}  # fmt: skip


@pytest.mark.parametrize("lie", list(LIES))
def test_a_server_that_lies_is_not_believed(lie: str) -> None:
    ours, theirs, _sock, _other = pair()

    def answer() -> None:
        try:
            while True:
                head, _body = theirs.receive()
                told, content = LIES[lie](head)
                theirs.send({"generation": 1, "left_out": {}, **told, "id": head["id"]}, content)
        except frames.BrokenChannel:
            pass

    threading.Thread(target=answer, daemon=True).start()
    gate = Gate("127.0.0.1", "127.0.0.1", 0)
    sandbox = RemoteSandbox(
        ours, root="/", limits=Limits(output_bytes=1000), gate=gate, make_proxy=lambda: None, on_close=lambda: None
    )
    with pytest.raises(TransientError):
        if LIES[lie]({})[0].keys() & {"changed", "error"}:
            sandbox.manifest()
        else:
            sandbox.run("true")
    sandbox.close()
    theirs.close()


def test_one_runs_gate_is_shut_to_others() -> None:
    """Without the command's credential, or from another address, nothing is even read as a request."""
    asked: list[Any] = []
    port = free_port()
    gate = Gate("127.0.0.1", "127.0.0.1", port)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)
    with gate.open(lambda: EgressProxy(Egress(hosts=("a.test",)), asked.append, resolve=lambda _name: [])) as told:
        good = PREFACE + str(told["credential"]).encode() + b"\n"
        request = b"GET http://evil.test/ HTTP/1.1\r\n\r\n"
        for start, answered in ((b"", False), (PREFACE + b"0" * 64 + b"\n", False), (good, True)):
            with socket.create_connection(("127.0.0.1", port), 5) as sock:
                sock.settimeout(10)
                sock.sendall(start + request + b" " * 100)
                try:
                    answer = sock.recv(1000)
                except ConnectionResetError:
                    answer = b""
                assert (b"403" in answer) == answered
    assert [request.host for request in asked] == ["evil.test"]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)
    stranger = Gate("127.0.0.1", "127.0.0.2", port)
    with (
        stranger.open(lambda: EgressProxy(Egress(), asked.append)),
        socket.create_connection(("127.0.0.1", port), 5) as sock,
    ):
        sock.settimeout(5)
        assert sock.recv(10) == b""
