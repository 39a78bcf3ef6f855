"""A control group around one sandbox where the machine lets us have one: memory and process count held by the kernel.

Version 1 hierarchies need root; version 2 needs a delegated parent (systemd gives one to user sessions, containers
often have none). Without either, rlimits and the watch thread take over.
"""

from __future__ import annotations

import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Cgroup:
    """Directories of one group, one per hierarchy."""

    paths: tuple[Path, ...]
    memory: Path | None
    version: int

    @property
    def join(self) -> tuple[str, ...]:
        """Files a process writes "0" into to enter."""
        return tuple(str(path / "cgroup.procs") for path in self.paths)

    def memory_kills(self) -> int:
        """How often the kernel killed something in the group for memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        try:
            text = (self.memory / name).read_text() if self.memory else ""
        except OSError:
            return 0
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill "))

    def remove(self) -> None:
        """The last process may still be leaving: a directory is busy for some milliseconds after it died."""
        for path in self.paths:
            for _ in range(100):
                try:
                    path.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                    continue
                break


class MakeGroup(Protocol):
    """`make`, or one that finds a machine without control groups."""

    def __call__(self, *, memory_bytes: int, processes: int) -> Cgroup | None: ...


def make(*, memory_bytes: int, processes: int) -> Cgroup | None:
    """A new group with limits, or None where this process may not have one."""
    name = f"lamplighter-{secrets.token_hex(6)}"
    own = _own_groups()
    return _make_v1(own, name, memory_bytes, processes) or _make_v2(own, name, memory_bytes, processes)


def _own_groups() -> dict[str, str]:
    """Controller → path of the group this process is in; "" for version 2."""
    own = {}
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                own[controller] = path
    except OSError:
        pass
    return own


def _write(path: Path, value: int | str) -> bool:
    try:
        path.write_text(str(value))
    except OSError:
        return False
    return True


def _discard(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.rmdir()
        except OSError:
            pass


def _make_v1(own: dict[str, str], name: str, memory_bytes: int, processes: int) -> Cgroup | None:
    made: list[Path] = []
    memory: Path | None = None
    for controller, file, value in (
        ("memory", "memory.limit_in_bytes", memory_bytes),
        ("pids", "pids.max", processes),
    ):
        path = ROOT / controller / own.get(controller, "/").lstrip("/") / name
        try:
            path.mkdir()
        except OSError:
            continue
        made.append(path)
        if not _write(path / file, value):
            _discard(made)
            return None
        if controller == "memory":
            memory = path
            _write(path / "memory.memsw.limit_in_bytes", memory_bytes)  # absent without swap accounting
    if len(made) < 2:
        _discard(made)
        return None
    return Cgroup(paths=tuple(made), memory=memory, version=1)


def _make_v2(own: dict[str, str], name: str, memory_bytes: int, processes: int) -> Cgroup | None:
    """Beside our own group or above it: a group that holds processes may not hand controllers to children."""
    mount = ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "unified"
    if "" not in own or not (mount / "cgroup.controllers").exists():
        return None
    here = mount / own[""].lstrip("/")
    for parent in (here, *here.parents):
        if not parent.is_relative_to(mount):
            break
        path = parent / name
        try:
            path.mkdir()
        except OSError:
            continue
        limited = _write(path / "memory.max", memory_bytes) and _write(path / "pids.max", processes)
        if limited and _can_enter(path):
            _write(path / "memory.swap.max", 0)
            return Cgroup(paths=(path,), memory=path, version=2)
        _discard([path])
    return None


def _can_enter(path: Path) -> bool:
    """Moving needs write permission on the common ancestor too: the only honest test is a process that does it."""
    script = 'echo 0 > "$1"'
    done = subprocess.run(["sh", "-c", script, "sh", str(path / "cgroup.procs")], capture_output=True, check=False)
    return done.returncode == 0
