"""What only a remote sandbox has: hostile commands of the server's own uid, a channel, a gate, two mortal ends."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import TransientError, UserError
from app.ports import Egress, Limits
from app.sandbox.egress import EgressProxy
from app.sandbox.remote import frames
from app.sandbox.remote.client import RemoteSandbox
from app.sandbox.remote.forward import PREFACE
from app.sandbox.remote.gate import Gate
from app.sandbox.remote.host import RemoteHost
from tests.aws import container
from tests.ports import free_port
from tests.waiting import until

from .conftest import Enter, alive, python

pytestmark = pytest.mark.aws


@pytest.fixture
def server_pid(enter: Enter, sandbox: RemoteSandbox) -> int:
    """The server, as the machine numbers it."""
    (held,) = enter.containers.running.values()
    return held.pid


# ---------------------------------------------------------------- hostile commands of the server's own uid


def test_the_server_is_first_shut_and_alone_with_the_key(sandbox: RemoteSandbox) -> None:
    done = sandbox.run(
        "id -u; cat /proc/1/environ /proc/1/mem /proc/1/maps; ls /proc/1/fd /proc/1/cwd;"
        "readlink /proc/1/fd/3; head -c 1 /proc/1/fd/3; echo 0 > /proc/1/oom_score_adj && echo wrote;"
        "grep -h CapEff /proc/1/status /proc/self/status | sort -u"
    )
    lines = [line for line in done.text.splitlines() if "ermission denied" not in line and "cannot" not in line]
    assert lines == ["1000", "CapEff:\t0000000000000000"], done.text


def test_signals_limits_and_traces_do_not_reach_the_server(enter: Enter) -> None:
    sandbox = enter({"README.md": "hello\n"})
    code = f"""
import ctypes, fcntl, os, resource, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
for pid in {enter.watchers(sandbox)}:
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT):
        for kill in (lambda: os.kill(pid, number), lambda: os.kill(-pid, number), lambda: os.killpg(pid, number)):
            try: kill()
            except OSError: pass
    for limit in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS):
        try: resource.prlimit(pid, limit, (0, 0)); print('limited', pid)
        except OSError: pass
    try: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL); print('by descriptor', pid)
    except OSError: pass
    if libc.ptrace(16, pid, 0, 0) == 0: print('traced', pid)
    one, two = socket.socketpair()
    for command in (fcntl.F_SETOWN, 10, 15):
        try: fcntl.fcntl(one, command, signal.SIGKILL if command == 10 else pid); print('owner', pid, command)
        except OSError: pass
for pid in (-1,):
    try: os.kill(pid, signal.SIGKILL); print('everybody')
    except OSError: pass
print('tried')
"""
    assert sandbox.run(python(code)).text.endswith("tried\n")
    assert sandbox.shell(python(code)).text.endswith("tried\n")
    assert sandbox.run("echo well").text == "well\n"


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_a_command_that_attacks_its_keeper_has_not_succeeded(sandbox: RemoteSandbox, number: str, canary: str) -> None:
    """Where Landlock does not keep signals inside, a keeper can be hit: nobody sees the end then, and nothing stays."""
    hidden = f"setsid -f bash -c 'exec -a {canary}-1 sleep 600'; (exec -a {canary}-2 sleep 600) &"
    done = sandbox.run(f"{hidden} sleep 0.2; kill -{number} $PPID; echo hit; exit 0", timeout_seconds=1)
    if done.ok:  # out of reach
        assert b"hit" in done.output
    else:
        assert done.exit_code is None and done.killed_by in ("closed", "time")
    until(lambda: not alive(canary))
    assert sandbox.run("exit 3").exit_code == 3
    assert sandbox.shell("echo shell").text.endswith("shell\n")


def test_a_reset_leaves_no_process_no_memory_and_no_file(sandbox: RemoteSandbox, canary: str) -> None:
    sandbox.seal()
    sandbox.shell(
        f"for i in 1 2 3; do setsid -f bash -c 'exec -a {canary} sleep 600'; done; kill -STOP $PPID 2>/dev/null;"
        "echo evil > /dev/shm/evil; echo evil > /tmp/evil; echo evil > ~/evil; echo evil > evil;"
        + python("import ctypes; print(ctypes.CDLL(None).shmget(77, 4096, 0o1666))"),
        timeout_seconds=3,
    )
    sandbox.reset()
    assert not alive(canary)
    done = sandbox.run("ls /dev/shm /tmp ~ ; tail -n +2 /proc/sysvipc/shm; ls; find / -xdev -writable -name 'evil*'")
    assert "evil" not in done.text and "77" not in done.text, done.text


def test_the_sealed_state_has_no_name(sandbox: RemoteSandbox) -> None:
    sandbox.write_file("big", b"sealed" * 100_000)
    sandbox.seal()
    done = sandbox.run(
        "find /work /tmp /dev/shm -size +100k ! -path '/work/tree/*'; ls -A /work/sealed;"
        "for fd in /proc/1/fd/*; do head -c 6 $fd; done; echo other > big; rm -rf /work/sealed/*; rmdir /work/sealed"
    )
    assert b"sealed\n" not in done.output and b"sealedsealed" not in done.output
    sandbox.reset()
    assert sandbox.read_file("big") == b"sealed" * 100_000


def test_history_that_was_tampered_with_is_noticed(enter: Enter, tmp_path: Path) -> None:
    objects = tmp_path / "bare" / "objects"
    (objects / "ab").mkdir(parents=True)
    (objects / "ab" / "cd").write_text("an object")
    sandbox = enter(history=tmp_path / "bare")
    sandbox.seal()
    sandbox.run("chmod -R u+w /work/history; echo more > /work/history/0/ab/new; touch /work/history/0/ab/cd")
    sandbox.reset()
    assert sandbox.run("ls /work/history/0/ab; cat /work/history/0/ab/cd").text == "cd\nan object"
    if sandbox.run("chmod -R u+w /work/history; echo evil > /work/history/0/ab/cd").ok:
        with pytest.raises(UserError, match="changed the project's history"):
            sandbox.reset()
    else:
        sandbox.reset()  # Landlock kept it


def test_folders_that_were_moved_away_are_noticed(enter: Enter) -> None:
    sandbox = enter({"a": "1"})
    sandbox.seal()
    if not sandbox.run("mv /work/tree /work/other && ln -s /usr /work/tree").ok:
        return  # Landlock kept it
    with pytest.raises(UserError, match="taken the tree itself away"):
        sandbox.manifest()
    with pytest.raises(UserError, match="have moved"):
        sandbox.reset()


def test_loopback_works_and_leads_nowhere_else(sandbox: RemoteSandbox) -> None:
    code = """
import socket, threading
for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
    server = socket.create_server((host, 0), family=family)
    client = socket.create_connection(server.getsockname()[:2])
    other, _ = server.accept()
    client.sendall(b'x'); print(other.recv(1))
    for option, value in ((socket.SO_BINDTODEVICE, b'eth0\\0'), (socket.SO_BINDTODEVICE, b''), (62, 2)):
        try: client.setsockopt(socket.SOL_SOCKET, option, value); print('rebound')
        except OSError: pass
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try: socket.socket(socket.AF_INET, kind); print('made', kind)
    except OSError: pass
for option in (30, 34):
    try: socket.socket().setsockopt(socket.IPPROTO_TCP, option, 1); print('fast open')
    except OSError: pass
s = socket.socket(); s.setblocking(False); print(s.getblocking(), s.get_inheritable())
"""
    assert sandbox.run(python(code)).text.split() == ["b'x'", "b'x'", "False", "False"]


def test_only_the_network_command_is_let_to_the_proxy(enter: Enter) -> None:
    """What runs beside it, of the same uid on the same loopback, is not."""
    reached: list[str] = []
    host = enter.with_proxy(resolve=lambda name: reached.append(name) or [])
    sandbox = enter(host=host, egress=Egress(hosts=("mirror.test",)))
    beside = "for i in $(seq 40); do curl -s -m 1 -x http://127.0.0.1:3128 http://mirror.test/beside; sleep 0.1; done"
    sandbox.shell(f"({beside}) > beside 2>&1 &")
    done = sandbox.run("sleep 1; curl -s -o /dev/null -w '%{http_code}' http://mirror.test/own; sleep 1", network=True)
    assert done.text == "403" and reached == ["mirror.test"]
    assert sandbox.read_file("beside") == b""


# ---------------------------------------------------------------- the ends


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_the_server_dies_with_its_worker(enter: Enter, server_pid: int, sandbox: RemoteSandbox, canary: str) -> None:
    sandbox.shell(f"setsid -f bash -c 'exec -a {canary} sleep 600'; sleep 0.2")
    assert alive(canary)
    sandbox._channel._sock.shutdown(socket.SHUT_RDWR)  # as the machine of a killed worker does
    until(lambda: not _is_there(server_pid))
    assert not alive(canary)
    with pytest.raises(TransientError, match="gone"):
        sandbox.run("true")


def test_a_silent_worker_is_taken_for_dead(server: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its machine may vanish without a word: nothing closes the connection then."""
    shipped = tmp_path / "server"
    with container.Containers(free_port(), server=_impatient(server, shipped)) as containers:
        key, commitment = frames.new_key()
        handle = containers.start("r", "", commitment)
        with socket.create_connection(containers.address(handle)) as sock:
            pid = containers.running[handle].pid
            frames.prove(sock, key)
            until(lambda: not _is_there(pid), seconds=60)


def _impatient(server: Path, target: Path) -> Path:
    subprocess.run(["cp", "-r", str(server), str(target)], check=True)
    for compiled in target.rglob("frames.*.pyc"):
        compiled.unlink()
    module = target / "app/sandbox/remote/frames.py"
    module.write_text(module.read_text().replace("SILENCE_SECONDS = 60.0", "SILENCE_SECONDS = 1.5"))
    for folder in (target, *target.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    return target


def test_a_dead_server_is_a_transient_failure(server_pid: int, sandbox: RemoteSandbox) -> None:
    threading.Timer(0.5, os.kill, (server_pid, signal.SIGKILL)).start()
    with pytest.raises(TransientError, match="gone"):
        sandbox.run("sleep 60")
    with pytest.raises(TransientError, match="gone"):
        sandbox.manifest()
    sandbox.close()


def test_a_server_that_is_stopped_by_its_platform_does_not_hold_the_worker_up(
    server_pid: int, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is frozen or cut off answers nothing and closes nothing."""
    monkeypatch.setattr("app.sandbox.remote.client.CLOSE_SECONDS", 1.0)
    os.kill(server_pid, signal.SIGSTOP)
    sandbox.close()
    with pytest.raises(UserError, match="closed"):
        sandbox.run("true")


def test_the_task_is_stopped_whatever_goes_wrong(enter: Enter, tmp_path: Path) -> None:
    assert enter.containers is not None
    enter.host.prepare("vain", "")
    assert len(enter.containers.running) == 1
    enter.host.forget("vain")
    assert not enter.containers.running
    with pytest.raises(FileNotFoundError):
        enter.host.open("r", tmp_path / "nothing", limits=Limits(), egress=Egress(), on_request=print)
    assert not enter.containers.running


def test_the_task_starts_when_it_is_prepared_and_only_once(enter: Enter) -> None:
    assert enter.containers is not None
    enter.host.prepare("run-0", "rust")
    enter.host.prepare("run-0", "rust")
    assert enter({"a": "1"}).run("cat a").text == "1"
    assert enter.containers.images == ["rust"]


# ---------------------------------------------------------------- the channel and the gate


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


# ---------------------------------------------------------------- any image with Python


def pythons() -> list[str]:
    """Interpreters of this machine, by minor version."""
    found = {}
    for folder in [*Path("/usr/bin").glob("python3.*"), *Path.home().glob(".pyenv/versions/3.*/bin/python3.*")]:
        if folder.suffix[1:].isdigit():
            found.setdefault(int(folder.suffix[1:]), str(folder.resolve()))
    return [found[minor] for minor in sorted(found) if minor >= 9]


@pytest.mark.skipif(os.geteuid() != 0, reason="interpreters in a home are readable for their owner only")
@pytest.mark.parametrize("interpreter", pythons(), ids=lambda path: Path(path).name)
def test_the_server_runs_on_this_python(server: Path, tmp_path: Path, interpreter: str) -> None:
    """3.9 is the lowest that is promised."""
    port = free_port()
    prefix = "" if interpreter.startswith("/usr/bin") else str(Path(interpreter).parents[1])
    with container.Containers(port, server=server, python=interpreter, prefix=prefix) as containers:
        host = RemoteHost(containers, egress_port=port)
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "a").write_text("1")
        with host.open("r", tree, limits=Limits(), egress=Egress(), on_request=lambda _: None) as sandbox:
            assert sandbox.facts["python"].startswith(Path(interpreter).name.removeprefix("python"))
            assert sandbox.run("cat a; curl -s -m 5 http://x.test/ | head -c 7", network=True).text == "1Blocked"
            assert sandbox.shell("cd /; pwd").text == "/\n"
            sandbox.seal()
            sandbox.run("rm a")
            sandbox.reset()
            assert list(sandbox.manifest()) == ["a"] and sandbox.read_file("a") == b"1"


def test_only_the_standard_library_is_shipped(server: Path) -> None:
    sources = [path for path in server.rglob("*.py")]
    assert len(sources) < 40 and sum(path.stat().st_size for path in sources) < 300_000
    for path in sources:
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and len(words) > 1 and not line.startswith(" " * 8):
                top = words[1].partition(".")[0].rstrip(",")
                assert top in sys.stdlib_module_names or top == "app", (path, line)


def test_a_thousand_files_go_over(enter: Enter) -> None:
    sandbox = enter({f"d{number % 40}/f{number}": f"{number}" for number in range(1000)})
    assert len(sandbox.manifest()) == 1000
