"""The way out: only with `network=True`, only through the proxy, only to listed names that are public. All offline."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.ports.sandbox import Egress

from .conftest import Enter, python

PUBLIC = "93.184.215.14"  # an address of the open internet; no packet ever goes there: `connect` is ours


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.command} {self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


class _Mirror(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # not five: of forty at once some would have to knock again, seconds later


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, int]]:
    """A mirror with HTTP and HTTPS: port outside → port here."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=mirror.test", "-addext", "subjectAltName=DNS:mirror.test", "-keyout", str(folder / "key"),
         "-out", str(folder / "cert")],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    servers = [_Mirror(("127.0.0.1", 0), _Answers) for _ in range(2)]
    # Hands are shaken in the connection's own thread: one slow guest must not keep the others outside.
    servers[1].socket = context.wrap_socket(servers[1].socket, server_side=True, do_handshake_on_connect=False)
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield {80: servers[0].server_port, 443: servers[1].server_port, 8443: servers[1].server_port}
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def outside(enter: Enter, upstream: dict[int, int]) -> Callable[..., object]:
    """Opens a sandbox whose proxy knows mirror.test and other names, and reaches only our own servers."""
    names = {
        "mirror.test": [PUBLIC], "files.mirror.test": [PUBLIC], "evil.test": [PUBLIC], "inside.test": ["10.0.0.5"],
        "meta.test": ["169.254.169.254"], "both.test": [PUBLIC, "127.0.0.1"], "six.test": ["::ffff:127.0.0.1"],
    }  # fmt: skip
    reached: list[tuple[str, int]] = []

    def resolve(name: str) -> list[str]:
        if name == "rebind.test":
            return [PUBLIC] if not reached else ["127.0.0.1"]
        return names.get(name, [])

    def connect(address: str, port: int) -> socket.socket:
        reached.append((address, port))
        return socket.create_connection(("127.0.0.1", upstream[port]), 5)

    def opened(hosts: tuple[str, ...] = ("mirror.test", "*.mirror.test"), **more: object) -> object:
        host = enter.with_proxy(resolve=resolve, connect=connect)
        sandbox = enter(host=host, egress=Egress(hosts=hosts, **more))  # type: ignore[arg-type]
        sandbox.reached = reached  # type: ignore[attr-defined]
        return sandbox

    return opened


CURL = "curl -sk -m 60 -o - -w ' %{http_code}\\n'"
pytestmark = pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("openssl"), reason="needs curl and openssl"
)


def test_listed_hosts_answer_and_every_request_is_told(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    done = sandbox.run(f"{CURL} https://mirror.test/a; {CURL} 'http://files.mirror.test/b?c=d'", network=True)
    assert done.text == "GET mirror.test /a 200\nGET files.mirror.test /b?c=d 200\n", enter.requests
    told = {(r.method, r.host, r.port, r.allowed) for r in enter.requests}
    assert told == {("CONNECT", "mirror.test", 443, True), ("GET", "files.mirror.test", 80, True)}
    assert all(request.size_bytes > 20 for request in enter.requests)
    assert {address for address, _port in sandbox.reached} == {PUBLIC}


def test_other_hosts_are_refused_with_a_sentence(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    done = sandbox.run(f"{CURL} http://evil.test/; curl -svk https://evil.test/ 2>&1 | grep HTTP/1.1", network=True)
    assert "evil.test is not listed in `sandbox.network`" in done.text and " 403" in done.text
    assert "HTTP/1.1 403 Blocked by Lamplighter: evil.test is not listed" in done.text
    assert [(r.host, r.allowed) for r in enter.requests] == [("evil.test", False)] * 2
    assert "sandbox.network" in enter.requests[0].reason
    assert not sandbox.reached


def test_methods_ports_addresses_and_private_names_are_refused(enter: Enter, outside: Callable[..., object]) -> None:
    hosts = ("mirror.test", "inside.test", "meta.test", "both.test", "six.test", "rebind.test", "169.254.169.254")
    sandbox = outside(hosts)
    urls = [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:8080/", "http://2130706433/", "http://0x7f.1/",
        "http://[::1]/", "https://mirror.test:8443/", "http://mirror.test:22/", "http://inside.test/",
        "http://meta.test/latest", "http://both.test/", "http://six.test/", "http://unknown.test/",
    ]  # fmt: skip
    command = "; ".join(f"curl -sgk --noproxy '' -m 5 -o /dev/null -w '%{{http_code}}\\n' '{url}'" for url in urls)
    done = sandbox.run(command + f"; {CURL} -X POST -d x http://mirror.test/", network=True)
    assert "200" not in done.text
    assert not sandbox.reached
    assert len(enter.requests) == len(urls) + 1 and not any(request.allowed for request in enter.requests)
    reasons = " ".join(request.reason for request in enter.requests)
    assert "is an address" in reasons and "not public" in reasons and "POST" in reasons


def test_a_name_cannot_change_its_address_after_the_check(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside(("rebind.test",))
    done = sandbox.run(f"{CURL} http://rebind.test/1; {CURL} http://rebind.test/2", network=True)
    assert done.text.startswith("GET rebind.test /1 200\n"), enter.requests
    assert "not public" in done.text
    assert sandbox.reached == [(PUBLIC, 80)]


def test_host_and_port_of_the_configuration(outside: Callable[..., object]) -> None:
    sandbox = outside(("mirror.test:8443",))
    done = sandbox.run(f"{CURL} https://mirror.test:8443/x; {CURL} http://mirror.test/", network=True)
    assert done.text.startswith("GET mirror.test:8443 /x 200\n") and "403" in done.text


def test_methods_of_the_configuration(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside(methods=("GET", "POST"))
    done = sandbox.run(f"{CURL} -X POST -d x http://mirror.test/p; {CURL} https://mirror.test/", network=True)
    assert done.text.startswith("POST mirror.test /p 200\n"), enter.requests
    assert "200" not in done.text.splitlines()[1:]


def test_without_network_there_is_none(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    for run in (sandbox.run, sandbox.shell):
        done = run(
            f"env | grep -i proxy; {CURL} http://mirror.test/; {CURL} -x http://127.0.0.1:3128 http://mirror.test/"
        )
        assert "200" not in done.text and "PROXY" not in done.text.upper().replace("-X", "")
    assert not enter.requests


def test_nothing_but_the_proxy_is_reachable_with_network(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    with socket.create_server(("127.0.0.1", 0)) as service, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        service.settimeout(0.2)
        udp.settimeout(0.2)
        code = f"""
import socket
for family, address in ((2, '127.0.0.1'), (10, '::ffff:127.0.0.1'), (2, '1.1.1.1'), (2, '169.254.169.254')):
    s = socket.socket(family); s.settimeout(2)
    try:
        s.connect((address, {service.getsockname()[1]})); s.send(b'GET / HTTP/1.1\\r\\n\\r\\n'); print(s.recv(100)[:12])
    except OSError: pass
    try: socket.socket(family).sendto(b'x', 0x20000000, (address, {service.getsockname()[1]})); print('fast open')
    except OSError: pass
for kind, protocol in ((2, 0), (3, 1), (1, 262), (1, 132)):
    try:
        s = socket.socket(2, kind, protocol); s.settimeout(1)
        s.connect(('127.0.0.1', {udp.getsockname()[1]})); s.send(b'x')
    except OSError: pass
try:
    s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(); print('listening', s.getsockname())
except OSError: pass
print('tried')
"""
        lines = sandbox.run(python(code), network=True).text.splitlines()
        with pytest.raises(TimeoutError):
            service.accept()
        with pytest.raises(TimeoutError):
            udp.recv(1)
    assert lines[-1] == "tried"
    assert "fast open" not in lines
    if sandbox.name == "jail":  # every connect leads to the proxy, which wants to be spoken to as one
        assert all("400" in line for line in lines[:-1]), lines
    assert not any(request.allowed for request in enter.requests)


def test_the_proxy_serves_nobody_else(enter: Enter, outside: Callable[..., object]) -> None:
    """In the jail it listens on the machine's loopback: connections that were not made for the command get nothing."""
    sandbox = outside()
    knocked: list[str] = []
    answers: list[bytes] = []

    def knock() -> None:
        ours = {os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[1].startswith("0100007F") and f"socket:[{fields[9]}]" in ours:
                knocked.append(fields[1])
                try:
                    with socket.create_connection(("127.0.0.1", int(fields[1][9:], 16)), 1) as sock:
                        sock.settimeout(3)
                        sock.sendall(b"GET http://evil.test/knock HTTP/1.1\r\n\r\n")
                        answers.append(sock.recv(200))
                except OSError:
                    continue

    threading.Timer(0.3, knock).start()
    assert sandbox.run("sleep 3.2", network=True).ok
    assert knocked
    assert not any(b"Lamplighter" in answer for answer in answers)
    assert not [request for request in enter.requests if request.host == "evil.test"]


def test_many_connections_and_a_cut_at_the_end(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    command = f"for i in $(seq 40); do {CURL} https://mirror.test/$i & done; wait"
    done = sandbox.run(command, network=True)
    assert done.text.count(" 200") == 40
    assert len(enter.requests) == 40


def test_a_second_request_cannot_ride_along(enter: Enter, outside: Callable[..., object]) -> None:
    sandbox = outside()
    smuggled = "POST http://mirror.test/smuggled HTTP/1.1\\r\\nHost: evil.test\\r\\nContent-Length: 0\\r\\n\\r\\n"
    heads = [
        "GET http://mirror.test/1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n",
        "GET http://mirror.test/2 HTTP/1.1\\r\\nContent-Length: 0\\r\\nContent-Length: 9\\r\\n\\r\\n",
        "GET http://mirror.test/3 HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
        "GET http://mirror.test/4 HTTP/1.1\\r\\nA: b\\n\\nPOST /smuggled HTTP/1.1\\nHost: x\\n\\n\\r\\n\\r\\n",
    ]
    code = "import socket\n" + "".join(
        "s = socket.create_connection(('127.0.0.1', 3128)); s.settimeout(60)\n"
        f"s.sendall(b'{head}{smuggled}')\n"
        "try:\n while d := s.recv(9999): print(d)\nexcept OSError: pass\n"
        for head in heads
    )
    text = sandbox.run(python(code), network=True).text
    assert "smuggled" not in text and text.count("400 Bad Request") == 3
    assert "GET mirror.test /1" in text, enter.requests
    told = sorted((request.method, request.host, request.allowed) for request in enter.requests)
    assert told == [("GET", "mirror.test", False)] * 3 + [("GET", "mirror.test", True)]


def test_package_managers_see_the_refusal(outside: Callable[..., object]) -> None:
    sandbox = outside()
    done = sandbox.run(
        "python3 -m pip download --no-input --retries 1 -i https://evil.test/simple nothing 2>&1", network=True
    )
    if b"No module named pip" in done.output:
        pytest.skip("no pip inside")
    assert "Blocked by Lamplighter: evil.test is not listed" in done.text
