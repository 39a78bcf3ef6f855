"""What only a remote sandbox has: hostile commands of the server's own uid, and two mortal ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from app.errors import TransientError, UserError
from app.ports.sandbox import Egress, Limits
from app.sandbox.remote import frames
from app.sandbox.remote.client import RemoteSandbox
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


def test_a_silent_worker_is_taken_for_dead(server: Path, tmp_path: Path) -> None:
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


def test_a_server_that_is_stopped_by_its_platform_does_not_hold_the_worker_up(enter: Enter) -> None:
    """A task that is frozen or cut off answers nothing and closes nothing."""
    assert enter.containers is not None
    sandbox = enter(host=enter.make_host(close_seconds=1.0))
    (server,) = enter.containers.running.values()
    os.kill(server.pid, signal.SIGSTOP)
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
