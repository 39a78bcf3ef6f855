"""The weaker way to have a server: a second container of the worker's own task, where a task of its own costs too much.

It has its own files, processes and read-only root, but shares the worker's network, so that no security group stands
between the two: what keeps commands from the worker's ports and from the task's credentials is the server's own walls
alone. Whoever pays for no registry endpoint chooses this by name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from app.errors import TransientError, UserError
from app.sandbox.egress import EgressProxy
from app.sandbox.egress_policy import Network
from app.sandbox.remote.frames import PORT
from app.sandbox.remote.host import RemoteHost

NOTE = Path("/channel/key_sha256")  # in a volume both containers mount, the sandbox's read-only (template.yaml)
HANDLE = "beside"


class Beside:
    """Implements `SandboxTasks`: the container is there already and waits for the digest of the channel's key."""

    def __init__(self, note: Path = NOTE, port: int = PORT) -> None:
        self._note, self._port = note, port

    def start(self, run_id: str, image: str, key_sha256: str) -> str:  # noqa: ARG002 - one run in a worker's life
        """As the protocol says. A second sandbox needs a second worker, which the run's next attempt has."""
        if image not in {"", "default"}:
            raise UserError(f"There is no sandbox image `{image}` here: the weaker sandbox has one image only.")
        if self._note.exists():
            raise TransientError("this worker's one sandbox was used already", retry_after_seconds=5)
        new = self._note.with_suffix(".new")
        new.write_text(key_sha256, "ascii")
        os.replace(new, self._note)
        return HANDLE

    def address(self, handle: str) -> tuple[str, int]:  # noqa: ARG002 - there is one
        return "127.0.0.1", self._port

    def stop(self, handle: str) -> None:
        """It ends with the connection, and the task with the worker."""


class BesideHost(RemoteHost):
    """`RemoteHost` under a name that says what it is. `egress_port` must not be the sandbox's own proxy port."""

    name = "beside (weaker)"

    def __init__(
        self,
        tasks: Beside | None = None,
        *,
        networks: tuple[Network, ...] = (),
        egress_port: int,
        make_proxy: Callable[..., EgressProxy] = EgressProxy,
    ) -> None:
        super().__init__(tasks or Beside(), networks=networks, egress_port=egress_port, make_proxy=make_proxy)
