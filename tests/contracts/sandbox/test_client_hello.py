"""The name in a TLS hello: read as OpenSSL writes it, whole, in pieces, in many records, and when it is rubbish."""

from __future__ import annotations

import random
import ssl

import pytest

from app.sandbox.client_hello import Incomplete, server_name


def hello(name: str | None) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(("asked", "read"), [("pypi.org", "pypi.org"), ("PyPI.org", "pypi.org"), (None, "")])
def test_the_name_is_read(asked: str | None, read: str) -> None:
    assert server_name(hello(asked) + b"and more") == read


def test_a_hello_comes_in_pieces() -> None:
    whole = hello("files.pythonhosted.org")
    for size in range(len(whole)):
        with pytest.raises(Incomplete):
            server_name(whole[:size])


def test_a_hello_in_many_records_is_put_together() -> None:
    """A name that is split over records hides from those who look at the first only."""
    message = hello("registry.npmjs.org")[5:]
    pieces = [message[at : at + 7] for at in range(0, len(message), 7)]
    assert (
        server_name(b"".join(b"\x16\x03\x01" + len(p).to_bytes(2, "big") + p for p in pieces)) == "registry.npmjs.org"
    )


def test_rubbish_is_a_value_error_or_a_name_and_nothing_else() -> None:
    whole, chance = hello("pypi.org"), random.Random(4)
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            assert isinstance(server_name(bytes(data)), str)
        except (ValueError, Incomplete):
            pass


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b"\x17" * 9]
)
def test_what_is_no_hello(data: bytes) -> None:
    with pytest.raises(ValueError, match="TLS"):
        server_name(data)
