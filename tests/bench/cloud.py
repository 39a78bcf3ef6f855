"""AWS in small, in a process of its own: answers the calls of a door over HTTP or TLS, and counts them.

    python -m tests.bench.cloud [CERTIFICATE KEY]

prints its address, serves until its standard input closes, then prints the counts as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench import processes

SECRET = "a-webhook-secret"


def answer(target: str, body: bytes) -> dict[str, Any]:
    """What the service would say, as far as a client looks at it."""
    if target.endswith("GetSecretValue"):
        return {"Name": "webhook", "SecretString": SECRET}
    if target.endswith("SendMessage"):
        text = str(json.loads(body)["MessageBody"]).encode()
        return {"MessageId": "m", "MD5OfMessageBody": hashlib.md5(text).hexdigest(), "SequenceNumber": "1"}
    return {}


class Served:
    """The child's side."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.counts: dict[str, list[int]] = {}  # call → [number, bytes in, bytes out]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.lock = threading.Lock()

    def listen(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                held = b""
                while True:
                    held = self.one(connection, held)
        except (OSError, EOFError):
            pass

    def one(self, connection: socket.socket, held: bytes) -> bytes:
        while b"\r\n\r\n" not in held:
            held += self.more(connection)
        head, _, body = held.partition(b"\r\n\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head.decode().split("\r\n"))}
        size = int(headers["content-length"])
        while len(body) < size:
            body += self.more(connection)
        body, rest = body[:size], body[size:]
        said = json.dumps(answer(headers["x-amz-target"], body)).encode()
        out = (
            b"HTTP/1.1 200 OK\r\nx-amzn-requestid: 00000000-0000-0000-0000-000000000000\r\n"
            b"content-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n" % len(said)
        ) + said
        connection.sendall(out)
        with self.lock:
            count = self.counts.setdefault(headers["x-amz-target"], [0, 0, 0])
            count[0] += 1
            count[1] += len(head) + 4 + size
            count[2] += len(out)
        return rest

    def more(self, connection: socket.socket) -> bytes:
        if not (part := connection.recv(65536)):
            raise EOFError
        return part


class Cloud:
    """The bench's side. `close` answers the counts: call → (number, bytes sent, bytes got)."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        command = [sys.executable, "-m", "tests.bench.cloud", *map(str, certificate or ())]
        self._child = processes.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._child.stdout.readline().strip()

    def close(self) -> dict[str, tuple[int, int, int]]:
        try:
            out, _ = self._child.communicate(timeout=10)
        finally:
            processes.stop(self._child)
        return {name: (number, sent, got) for name, (number, sent, got) in json.loads(out).items()}


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """(certificate, key, bundle): for `localhost`, and with this machine's own authorities as a client loads them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem", folder / "bundle.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    own = ssl.get_default_verify_paths().cafile
    paths[2].write_bytes((Path(own).read_bytes() if own and Path(own).exists() else b"") + paths[0].read_bytes())
    return paths


def main() -> None:
    context = None
    if sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:])
    served = Served(context)
    threading.Thread(target=served.listen, daemon=True).start()
    scheme, host = ("https", "localhost") if context else ("http", "127.0.0.1")
    print(f"{scheme}://{host}:{served.listener.getsockname()[1]}", flush=True)
    sys.stdin.read()
    print(json.dumps(served.counts), flush=True)


if __name__ == "__main__":
    main()
