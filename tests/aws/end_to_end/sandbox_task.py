"""A sandbox's task as a process: the server in its container, at an address of its own.

    python -m tests.aws.end_to_end.sandbox_task ADDRESS        (LAMPLIGHTER_SANDBOX_KEY_SHA256 as RunTask gives it)

Stands for the network as much as for Fargate: it passes connections to ADDRESS:7420 on to the container, and what the
container sends to its one way out to the worker's egress port, as coming from ADDRESS.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

from app.aws.sandbox_tasks import KEY_VARIABLE, PORT
from app.sandbox.remote.gate import PORT as EGRESS_PORT
from tests.aws.container import Containers, _copy, archive

WORKER = "127.0.0.1"  # whence a worker on this machine reaches a sandbox


class Task(Containers):
    """One container. Everything it sends comes from `address`."""

    def __init__(self, address: str, server: Path) -> None:
        super().__init__(EGRESS_PORT, server=server)
        self.own = address

    def _pass_on(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((WORKER, EGRESS_PORT), 5, source_address=(self.own, 0))
        except OSError:  # closed as long as no command has the network
            client.close()
            return
        _join(client, server)


def _join(one: socket.socket, other: socket.socket) -> None:
    with one, other:
        back = threading.Thread(target=_copy, args=(other, one), daemon=True)
        back.start()
        _copy(one, other)
        back.join()


def _let_in(door: socket.socket, inside: tuple[str, int]) -> None:
    while True:
        client, _ = door.accept()
        server = socket.create_connection(inside, 5)
        threading.Thread(target=_join, args=(client, server), daemon=True).start()


def main() -> None:
    address = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="sandbox-task-") as folder:
        os.chmod(folder, 0o755)  # the container's user reads the server from here
        task = Task(address, archive(Path(folder) / "server.pyz"))
        try:
            door = socket.create_server((address, PORT))
            handle = task.start("run", "", os.environ[KEY_VARIABLE])
            threading.Thread(target=_let_in, args=(door, task.address(handle)), daemon=True).start()
            container = task.running[handle]
            container.process.wait()
            print((container.folder / "log").read_text("utf-8", "replace"), flush=True)
        finally:
            task.close()


if __name__ == "__main__":
    main()
