"""What one kind of sandbox brings: its directories, its limits and the way it confines a command."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from app.ports.sandbox import Egress, EgressRequest, Limits
from app.sandbox import cgroup, identity
from app.sandbox.egress_policy import Uploads
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


class Proxy(Protocol):
    """The way out while one `network` command runs."""

    def serve(self, listener: socket.socket, is_ours: Callable[[tuple[str, int]], bool] = ...) -> None:
        """Accept on `listener` until closed; hang up on connections that are not ours."""

    def close(self) -> None: ...


MakeProxy = Callable[..., Proxy]  # (egress, on_request, uploads=…)
_AnyProxy = TypeVar("_AnyProxy", bound=Proxy)


def ways_out(
    make_proxy: Callable[..., _AnyProxy], egress: Egress, on_request: Callable[[EgressRequest], None]
) -> Callable[[tuple[str, ...]], _AnyProxy]:
    """How one sandbox's commands get out: each has a proxy of its own, without the hosts withheld from it."""
    uploads = Uploads(egress.upload_bytes)
    return lambda withheld: make_proxy(replace(egress, withheld=withheld), on_request, uploads=uploads)


class Seal(Protocol):
    """A remembered state of something, and the way back to it."""

    def take(self) -> None: ...

    def give_back(self) -> None: ...


class Walls(Protocol):
    """How one kind of sandbox confines a command."""

    root: str  # the tree as seen inside
    shell_script: str  # where inside the kept shell finds its script
    stages: bool  # whether `relocate` may be called
    shell_depth: int  # generations between the process we start and the program

    def plan(self, argv: list[str], fds: dict[int, int], *, network: bool) -> Plan:
        """The confined start of `argv` (whose program is an absolute path inside)."""

    def connect(self, process: Process, plan: Plan, proxy: Proxy | None) -> None:
        """What a started command needs of us; `proxy`, which a `network` command has, is to be in its reach."""

    @property
    def sources(self) -> Sequence[Path]:
        """Paths of the machine that must be reachable by the sandbox's uid."""

    def relocate(self, places: Mapping[Path, str]) -> None:
        """Use `sources` where they were staged."""

    def forget(self) -> None:
        """Remove what commands left in no folder of theirs. Nothing runs."""

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where and under which limits walls are built."""

    folders: Folders
    limits: Limits
    uid: int | None
    group: cgroup.Cgroup | None
    history: Path | None  # the bare repository, absolute

    def rlimits(self) -> dict[str, int]:
        """The kernel's oldest limits: for each process, where a uid or a control group does not say it for all."""
        values = {"NOFILE": MAX_FILES_OPEN, "CORE": 0, "FSIZE": self.limits.disk_bytes}
        if self.uid is not None:
            values["NPROC"] = self.limits.processes  # counts every process of the uid, which is this sandbox's alone
        if self.group is None:
            values["DATA"] = self.limits.memory_bytes  # private writable memory; address space would stop every JVM
        return values


def memory_file(content: bytes) -> int:
    fd = os.memfd_create("lamplighter", os.MFD_CLOEXEC)
    os.write(fd, content)
    return fd


def object_directories(objects: Path) -> list[Path]:
    """A git object directory and those it borrows from, in git's order."""
    found = [objects]
    for folder in found:
        try:
            lines = (folder / "info" / "alternates").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            path = Path(os.path.normpath(folder / line))
            if line and not line.startswith("#") and path.is_dir() and path not in found and len(found) < 10:
                found.append(path)
    return found
