"""What one kind of sandbox brings: its directories, its limits and the way it confines a command."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.ports import Limits
from app.sandbox import cgroup, identity
from app.sandbox.egress import EgressProxy
from app.sandbox.process import Process, Spec

MAX_FILES_OPEN = 65_536


class Folders:
    """The directories of one sandbox. Only `base` itself and `sealed` are closed to what runs inside."""

    def __init__(self, home: Path, run_id: str, tree: Path) -> None:
        self.tree = tree.absolute()
        self.base = home.absolute() / "sandboxes" / f"{run_id[:60].replace('/', '_')}-{secrets.token_hex(4)}"
        self.home, self.tmp, self.shm = self.base / "home", self.base / "tmp", self.base / "shm"
        self.etc, self.sealed = self.base / "etc", self.base / "sealed"

    def make(self, uid: int | None) -> None:
        self.base.parent.mkdir(parents=True, exist_ok=True)
        self.base.mkdir(mode=0o711 if uid is not None else 0o700)
        for folder, mode in ((self.home, 0o700), (self.tmp, 0o700), (self.shm, 0o700), (self.etc, 0o755)):
            folder.mkdir(mode=mode)
        self.sealed.mkdir(mode=0o700)
        for folder in (self.home, self.tmp, self.shm):
            identity.give(folder, uid)
        identity.give(self.tree, uid)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A confined start, with what the harness must close once it has happened and what it keeps for the proxy."""

    spec: Spec
    close: Sequence[int] = ()
    channel: socket.socket | None = None


class Walls(Protocol):
    """How one kind of sandbox confines a command."""

    root: str  # the tree as seen inside
    shell_script: str  # where inside the kept shell finds its script
    shell_depth: int  # generations between the process we start and the program

    def plan(self, argv: list[str], fds: dict[int, int], *, network: bool) -> Plan:
        """The confined start of `argv` (whose program is an absolute path inside)."""

    def connect(self, process: Process, plan: Plan, proxy: EgressProxy) -> None:
        """Let the started `network` command reach the proxy."""

    def close(self) -> None: ...


def rlimits(limits: Limits, *, uid: int | None, group: cgroup.Cgroup | None) -> dict[str, int]:
    """Limits by the kernel's oldest means: what each process may do, where a uid or a control group does not say it."""
    values = {"NOFILE": MAX_FILES_OPEN, "CORE": 0, "FSIZE": limits.disk_bytes}
    if uid is not None:
        values["NPROC"] = limits.processes  # counts every process of the uid, and the uid is this sandbox's alone
    if group is None:
        values["DATA"] = limits.memory_bytes  # private writable memory; address space would stop every JVM
    return values
