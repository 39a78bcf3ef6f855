"""What only the adapter of one machine promises: the socket, the key beside it, the audit line."""

from __future__ import annotations

import hashlib
import json
import socket
import stat

import pytest

from app import log
from app.errors import TransientError, UserError
from app.local.tokens import SocketTokens, TokenBroker


@pytest.fixture
def control(socket_control):
    return socket_control


def _say(home, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(home / "tokens.sock"))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


def test_server_that_is_away_is_transient_until_it_is_back(control):
    control.run("run")
    control.broker.close()
    control.broker.close()
    with pytest.raises(TransientError, match="lamplighter serve"):
        control.tokens.read_token("run", 7)
    control.broker = TokenBroker(control.home, control.store, control.mint)
    control.broker.start()
    assert control.tokens.read_token("run", 7)


def test_socket_left_by_a_killed_server_is_replaced(control):
    control.run("run")
    control.broker.close()
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(str(control.home / "tokens.sock"))
    stale.close()
    with pytest.raises(TransientError):
        control.tokens.read_token("run", 7)
    control.broker = TokenBroker(control.home, control.store, control.mint)
    control.broker.start()
    assert control.tokens.read_token("run", 7)


def test_second_server_on_the_same_home_is_told_so(control):
    with pytest.raises(UserError, match="already serving"):
        TokenBroker(control.home, control.store, control.mint).start()


def test_socket_and_key_are_private(control):
    for name in ("tokens.sock", "tokens.key"):
        assert stat.S_IMODE((control.home / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"not json\n",
        b"[]\n",
        b'{"run_id": "run"}\n',
        b'{"run_id": "run", "key": "guess"}\n',
        b"x" * 300_000,
    ],
)
def test_who_cannot_read_the_key_gets_nothing(control, line):
    control.run("run")
    try:
        answer = _say(control.home, line)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""
    assert b"ghs_" not in answer
    assert control.asked == []
    assert control.tokens.read_token("run", 7)


def test_audit_line_has_the_digest_and_never_the_token(control):
    control.run("run")
    with log.captured() as lines:
        token = control.tokens.read_token("run", 7)
    (granted,) = [line for line in lines if line["action"] == "tokens.granted"]
    assert granted["run_id"] == "run"
    assert granted["token_sha256"] == hashlib.sha256(token.value.encode()).hexdigest()[:12]
    assert token.value not in json.dumps(lines)


def test_a_home_deeper_than_a_socket_address_works(control, tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    control.run("run")
    broker = TokenBroker(deep, control.store, control.mint)
    broker.start()
    assert SocketTokens(deep).read_token("run", 7)
    broker.close()
