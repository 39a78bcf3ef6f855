"""An answer of the proxy arrives although the client has sent more than anybody reads."""

from __future__ import annotations

import socket
import threading

from app.sandbox import wire


def test_an_answer_is_not_overtaken_by_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _address = listener.accept()
    client.sendall(b"x" * 100_000)

    def serve() -> None:
        server.recv(10)
        wire.answer(server, 400, "Bad Request", "No.")
        wire.hang_up(server)
        server.close()

    serving = threading.Thread(target=serve)
    serving.start()
    client.settimeout(30)
    got = b""
    while chunk := client.recv(1):  # ConnectionResetError when the reset overtook the answer
        got += chunk
    client.close()
    serving.join(timeout=30)
    assert got.startswith(b"HTTP/1.1 400") and got.endswith(b"No.\n")
