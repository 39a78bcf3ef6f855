"""Escape attempts over what processes talk through: sockets, services, queues, shared memory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from app.sandbox.local import LocalSandbox

from .conftest import Enter, python


def test_unix_sockets_of_the_machine_are_out_of_reach(sandbox: LocalSandbox, planted: Path, canary: str) -> None:
    path, name = str(planted / "socket"), f"\0{canary}"
    servers = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for address in (f"{path}{int(kind)}", f"{name}{int(kind)}"):
            server = socket.socket(socket.AF_UNIX, kind)
            server.bind(address)
            if not address.startswith("\0"):
                os.chmod(address, 0o777)
            if kind == socket.SOCK_STREAM:
                server.listen()
            server.setblocking(False)
            servers.append(server)
    code = f"""
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for address in ({path!r} + str(int(kind)), {name!r} + str(int(kind))):
        for make in (lambda: socket.socket(socket.AF_UNIX, kind), lambda: socket.socketpair(socket.AF_UNIX, kind)[0]):
            try:
                s = make(); s.settimeout(2); s.connect(address); s.send(b'x'); print('reached', address)
            except OSError as error: pass
            try: make().sendto(b'x', address); print('sent', address)
            except OSError: pass
print('tried')
"""
    assert sandbox.run(python(code)).text == "tried\n"
    for server in servers:
        with pytest.raises(BlockingIOError):
            server.accept() if server.type == socket.SOCK_STREAM else server.recv(10)
        server.close()


def test_services_of_the_machine_are_out_of_reach(sandbox: LocalSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        tcp.settimeout(0.2)
        udp.settimeout(0.2)
        code = f"""
import socket
targets = [('127.0.0.1', {tcp.getsockname()[1]}), ('0.0.0.0', {tcp.getsockname()[1]}), ('169.254.169.254', 80),
           ('169.254.170.2', 80), ('10.0.0.1', 80), ('1.1.1.1', 443)]
for target in targets:
    try:
        s = socket.socket(); s.settimeout(1); s.connect(target); print('reached', target)
    except OSError: pass
    try:
        s = socket.socket(); s.settimeout(1); s.sendto(b'x', 0x20000000, target); print('fast open', target)
    except OSError: pass
for target in [('127.0.0.1', {udp.getsockname()[1]})]:
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', target)
    except OSError: pass
for name in ('localhost.localdomain', 'example.com', 'metadata.google.internal'):
    try: print('resolved', socket.getaddrinfo(name, 80))
    except OSError: pass
query = bytes.fromhex('123401000001000000000000076578616d706c6503636f6d0000010001')
for server in ('8.8.8.8', '127.0.0.53', '169.254.169.253'):
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5); s.sendto(query, (server, 53))
        print('answered', s.recv(100))
    except OSError: pass
print('tried')
"""
        assert sandbox.run(python(code)).text == "tried\n"
        assert sandbox.shell(python(code)).text == "tried\n"
        for server in (tcp.accept, lambda: udp.recv(1)):
            with pytest.raises(TimeoutError):
                server()


def test_other_kinds_of_socket_are_refused(sandbox: LocalSandbox) -> None:
    code = """
import socket
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 6, 17, 58, 132, 255, 256, 262):
            try: socket.socket(family, kind, protocol).close(); print(family, kind, protocol)
            except OSError: pass
"""
    made = {tuple(map(int, line.split())) for line in sandbox.run(python(code)).text.splitlines()}
    if sandbox.name == "jail":
        assert not made
    assert {family for family, _kind, _protocol in made} <= {1, 2, 10, 16}
    assert not [entry for entry in made if entry[1] == 3 and entry[0] in (2, 10)]  # raw


def test_queues_and_shared_memory_of_the_machine_are_out_of_reach(sandbox: LocalSandbox, canary: str) -> None:
    shared = Path("/dev/shm") / canary
    shared.write_text(canary)
    shared.chmod(0o600)
    try:
        code = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print('shm', libc.shmget(0x4c414d50, 4096, 0o666))
try: print(open('/dev/shm/{canary}').read())
except OSError: print('shut')
"""
        libc = __import__("ctypes").CDLL(None)
        number = libc.shmget(0x4C414D50, 4096, 0o1666)
        text = sandbox.run(python(code)).text
        libc.shmctl(number, 0, None)
        assert text == "shm -1\nshut\n"
    finally:
        shared.unlink()


def test_two_sandboxes_do_not_see_each_others_shared_memory(enter: Enter, canary: str) -> None:
    """The jail has the machine's, where private files are told apart by uid and nothing can be listed."""
    one, two = enter(), enter()
    if not one.run(f"umask 077; echo {canary} > /dev/shm/{canary}").ok:
        pytest.skip("this sandbox has no shared memory")
    assert canary not in two.run(f"cat /dev/shm/{canary} 2>/dev/null; ls /dev/shm").text
    one.close()
    assert not (Path("/dev/shm") / canary).exists()
