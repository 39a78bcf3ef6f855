"""A container like Fargate's for the sandbox server, made of bubblewrap: read-only root, uid 1000, no capabilities, the
server as the first process, a process and network namespace of its own, a runtime's default seccomp profile.

Nothing leads out of its network but one port, which is the worker's egress port, and nothing in but the server's: the
listening socket is made outside and handed in. `Containers` is the `SandboxTasks` of the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import TransientError
from app.sandbox import identity, seccomp
from app.sandbox.remote.forward import copy, shut
from app.sandbox.walls import memory_file
from infra import closure
from tests.waiting import until

ROOT = Path(__file__).parents[2]
BWRAP = shutil.which("bwrap")
SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = "app.sandbox.remote.server"
INSIDE = "/lamplighter"
STAGED = "/mnt"
START_SECONDS = 30.0
# What a container runtime's default profile denies without CAP_SYS_PTRACE, beyond our own filter: so that nothing of
# the server rests on it (x86_64, aarch64).
RUNTIME_DENIES = {"pidfd_getfd": (438, 438), "ptrace": (101, 117), "process_vm_readv": (310, 270), "kcmp": (312, 272)}
# The first program inside: opens the way to the worker, passes it out, becomes the server.
STAGE = """\
import os, socket, sys
port, channel = int(sys.argv[1]), socket.socket(fileno=4)
door = socket.create_server(("127.0.0.1", port), backlog=64)
socket.send_fds(channel, [b"door"], [door.fileno()])
door.close()
channel.close()
os.execv(sys.argv[2], sys.argv[2:])
"""
ETC = {
    "passwd": "root:x:0:0:root:/root:/sbin/nologin\nagent:x:1000:1000:agent:/work/home:/bin/bash\n",
    "group": "root:x:0:\nagent:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "resolv.conf": "nameserver 169.254.169.253\n",
}


def missing() -> str:
    """Why this machine cannot; "" when it can."""
    if BWRAP is None:
        return "bubblewrap is not installed: `sudo apt install bubblewrap`"
    if not Path(SYSTEM_PYTHON).exists():
        return f"the container's Python is the system's, and there is no {SYSTEM_PYTHON}"
    return ""


def shipped(target: Path) -> Path:
    """The server's files as `infra/sandbox.Dockerfile` puts them into an image, readable for every uid."""
    closure.copy(closure.closure(SERVER), target)
    (target / "__main__.py").write_text(f"from {SERVER} import main\n\nmain()\n")
    compiling = [SYSTEM_PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(target)]
    subprocess.run(compiling, check=True, env={})
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def runtime_profile() -> int:
    """A descriptor of the runtime's seccomp filter."""
    program = seccomp._start()
    program.deny(RUNTIME_DENIES.values())
    program.add(seccomp._RET, seccomp.ALLOW)
    profile = memory_file(program.bytes())
    os.lseek(profile, 0, os.SEEK_SET)  # bubblewrap reads on from where it is
    return profile


def arguments(server: Path, etc: Path, *, prefix: str = "", net: bool = True) -> list[str]:
    """Of bubblewrap, up to the program to start; descriptor 5 is the seccomp filter."""
    options = [
        "--unshare-user",
        "--unshare-pid",
        "--as-pid-1",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    options += ["--unshare-net"] if net else []
    options += ["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--die-with-parent", "--hostname", "sandbox"]
    options += ["--clearenv", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--seccomp", "5"]
    for path in map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")):
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    options += ["--ro-bind", str(etc), "/etc"]
    for name in ("/etc/ssl/certs", "/etc/alternatives"):
        if Path(name).exists():
            options += ["--ro-bind", name, name]
    if prefix:
        options += ["--ro-bind", STAGED, prefix]
    options += ["--ro-bind", str(server), INSIDE, "--proc", "/proc", "--dev", "/dev"]
    options += ["--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    return [*options, "--tmpfs", "/work", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/"]


@dataclass(kw_only=True)
class Container:
    process: subprocess.Popen[bytes]
    address: tuple[str, int]
    folder: Path
    relay: threading.Thread = field(default_factory=threading.Thread)
    doors: list[socket.socket] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Of the server, as the machine sees it; waits for its start."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(until(lambda: children.read_text().split())[0])


class Containers:
    """Starts and stops them; `close` ends all that are left. `egress_port`: where the worker's gate will listen."""

    def __init__(
        self,
        egress_port: int,
        *,
        server: Path,
        python: str = SYSTEM_PYTHON,
        prefix: str = "",
        listen: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        """`prefix`: where `python` is installed, which may lie in a home that is closed to others (needs root)."""
        self._listen, self._prefix = listen, prefix
        self.egress_port, self._server, self._python = egress_port, server, python
        self.running: dict[str, Container] = {}
        self.images: list[str] = []

    def start(self, run_id: str, image: str, key_sha256: str) -> str:
        self.images.append(image)
        folder = Path(tempfile.mkdtemp(prefix="container-"))
        folder.chmod(0o755)
        etc = folder / "etc"
        etc.mkdir()
        for name, text in ETC.items():
            (etc / name).write_text(text)
        for name in ("ssl/certs", "alternatives"):
            (etc / name).mkdir(parents=True, exist_ok=True)
        listener = socket.create_server(self._listen)
        ours, theirs = socket.socketpair()
        profile = runtime_profile()
        command = [str(BWRAP), *arguments(self._server, etc, prefix=self._prefix)]
        command += ["--setenv", "LAMPLIGHTER_SANDBOX_KEY_SHA256", key_sha256, "--setenv", "LISTEN_FDS", "1", "--"]
        command += [self._python, "-I", "-S", "-c", STAGE, str(self.egress_port)]
        command += [self._python, "-I", "-S", "-B", INSIDE]
        uid = identity.own_uid()
        who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        if self._prefix:
            become = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
            stage = 'mount --bind "$0" "$1"; shift; exec "$@"'
            command = ["unshare", "-m", "bash", "-c", stage, self._prefix, STAGED, *become, *command]
            who = {}
        process = spawn(command, {3: listener.fileno(), 4: theirs.fileno(), 5: profile}, folder / "log", who)
        os.close(profile)
        theirs.close()
        handle = f"{run_id}-{process.pid}"
        container = Container(process=process, address=listener.getsockname()[:2], folder=folder)
        listener.close()
        self.running[handle] = container
        container.relay = threading.Thread(target=self._relay, args=(container, ours), daemon=True)
        container.relay.start()
        return handle

    def address(self, handle: str) -> tuple[str, int]:
        container = self.running[handle]
        if container.process.poll() is not None:
            log = (container.folder / "log").read_text()[-500:]
            raise TransientError(f"the container stopped with {container.process.returncode}: {log}")
        return container.address

    def stop(self, handle: str) -> None:
        container = self.running.pop(handle, None)
        if container is None:
            return
        container.process.kill()
        container.process.wait()
        for door in container.doors:
            shut(door)
        container.relay.join(5)
        shutil.rmtree(container.folder, ignore_errors=True)

    def close(self) -> None:
        for handle in list(self.running):
            self.stop(handle)

    def __enter__(self) -> Containers:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _relay(self, container: Container, channel: socket.socket) -> None:
        """The one way out of the network namespace: its loopback port leads to the same port here."""
        with channel:
            channel.settimeout(START_SECONDS)
            try:
                _data, fds, _flags, _address = socket.recv_fds(channel, 16, 1)
            except OSError:
                return
        if not fds:
            return
        with socket.socket(fileno=fds[0]) as door:
            container.doors.append(door)
            while True:
                try:
                    client, _address = door.accept()
                except OSError:
                    return
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client:
            try:
                server = socket.create_connection(("127.0.0.1", self.egress_port), 5)
            except OSError:  # refused, as the port itself would
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            with server:
                back = threading.Thread(target=copy, args=(server, client), daemon=True)
                back.start()
                copy(client, server)
                back.join()


def spawn(command: list[str], fds: dict[int, int], log: Path, who: dict[str, object]) -> subprocess.Popen[bytes]:
    """With descriptors at fixed numbers; a shell moves them, because they may be in each other's way."""
    high = {number: os.dup(fd) for number, fd in fds.items()}
    moves = " ".join(f"{number}<&{fd} {fd}<&-" for number, fd in high.items())
    for fd in high.values():
        os.set_inheritable(fd, True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" {moves}', "bash", *command],
            pass_fds=list(high.values()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            **who,  # type: ignore[call-overload]
        )
    for fd in high.values():
        os.close(fd)
    return process


def main(arguments: Sequence[str]) -> int:
    """`python -m tests.aws.container ADDRESS PORT EGRESS_PORT`: one container, for a stand-in that starts processes.

    The key's digest comes in the environment, as on Fargate. Ends with the server, or on SIGTERM.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="lamplighter-server-") as folder:
        address, port, egress_port = arguments[0], int(arguments[1]), int(arguments[2])
        containers = Containers(egress_port, server=shipped(Path(folder)), listen=(address, port))
        try:
            handle = containers.start("task", "", os.environ["LAMPLIGHTER_SANDBOX_KEY_SHA256"])
            return containers.running[handle].process.wait()
        finally:
            containers.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
