"""The watch over one sandbox: disk always, memory and process count where no control group does it.

A thread of the harness that looks ten times a second while something runs. Looking is cheap: the file system's free
space tells when it is worth counting.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from app.sandbox.process import KilledBy, Process

TICK_SECONDS = 0.1
INODE_BYTES = 4096  # what an empty file counts as, so that a flood of them meets the disk limit, too
COUNT_SECONDS = 2.0  # between two counts at most, whatever the free space says: others free and fill, too
COUNT_SHARE = 20  # and a count that takes long comes so much more rarely: one part in this many of the time
GROWTH = 64  # a sandbox over its limit may grow by one part in this many before the next command is killed
FLOOR_BYTES = (
    2**30
)  # of the tree's file system: what the harness keeps free for itself, an eighth where there is little
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Disk:
    """How much some directories hold together, and files without a name that processes hold open. Counts at once when
    enough free space went away to matter, and now and then: what others free at the same moment hides what went away.

    Whatever is counted, a sandbox is over its limit while less than `floor_bytes` are free beside the tree: the ledger
    needs them, and there are places for data that nobody can count (a file in flight between two sockets).
    """

    def __init__(
        self,
        folders: Sequence[Path],
        limit_bytes: int,
        floor_bytes: int = FLOOR_BYTES,
        *,
        every_seconds: float = COUNT_SECONDS,
    ) -> None:
        self._folders = folders
        self._limit = self._allowed = limit_bytes
        self._floor = min(floor_bytes, self._free_at_tree() // 8)
        self._free_when_counted = self._free()
        self._used = 0
        self._counted = False
        self._every = every_seconds
        self._due = time.monotonic() + every_seconds

    def _free_at_tree(self) -> int:
        """Of the first folder's file system: the one that the harness shares."""
        status = os.statvfs(self._folders[0])
        return status.f_bavail * status.f_frsize

    def _free(self) -> int:
        """Summed over the file systems concerned; empty files take inodes, not blocks."""
        total = 0
        for device in {folder.stat().st_dev: folder for folder in self._folders}.values():
            status = os.statvfs(device)
            total += status.f_bfree * status.f_frsize + status.f_ffree * INODE_BYTES
        return total

    def is_over(self, keepers: Iterable[int] = ()) -> bool:
        """Whether the limit was passed just now. What is already over may be cleaned up, so only growth counts then.

        `keepers`: the processes below which everything of the sandbox runs.
        """
        if self._free_at_tree() < self._floor:
            return True
        free = self._free()
        room = self._allowed - self._used
        went_away = self._free_when_counted - free >= (room // 2 if self._counted else room // 8)
        began = time.monotonic()
        if not went_away and began < self._due:
            return False
        self._free_when_counted = free
        self._used = sum(used_bytes(folder, 2 * self._allowed) for folder in self._folders)
        devices = {folder.stat().st_dev for folder in self._folders}
        self._used += nameless_bytes(descendants(keepers), devices)
        self._counted = True
        now = time.monotonic()
        self._due = now + max(self._every, COUNT_SHARE * (now - began))
        if self._used > self._allowed:
            self._allowed = self._used + self._limit // GROWTH
            return True
        self._allowed = max(self._limit, min(self._allowed, self._used + self._limit // GROWTH))
        return False


def used_bytes(folder: Path, enough: int) -> int:
    """Blocks and inodes below `folder`; stops counting once it is `enough`."""
    used = 0
    todo = [str(folder)]
    while todo and used <= enough:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    used += status.st_blocks * 512 + INODE_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
        except OSError:
            continue  # it went away, or its owner shut it
    return used


def nameless_bytes(pids: Iterable[int], devices: Collection[int]) -> int:
    """Blocks of files on `devices` that have no name any more and that one of `pids` has open; each file once."""
    held: dict[tuple[int, int], int] = {}
    for pid in pids:
        try:
            numbers = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue  # gone, or it hides what it has open: the floor is for that
        for number in numbers:
            try:
                status = os.stat(f"/proc/{pid}/fd/{number}")
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0 and status.st_dev in devices:
                held[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(held.values())


def descendants(roots: Iterable[int]) -> list[int]:
    """The processes `roots` and everything below them, from /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                line = Path(f"/proc/{name}/stat").read_bytes()
            except OSError:
                continue
            children.setdefault(int(line.rpartition(b")")[2].split()[1]), []).append(int(name))
    found = list(roots)
    for pid in found:
        found += children.get(pid, [])
    return found


def tree_memory(root: int) -> tuple[int, int]:
    """(bytes of memory no file backs, processes) below process `root`, from /proc."""
    memory, count = 0, 0
    for pid in descendants([root]):
        try:
            _size, resident, shared, *_rest = Path(f"/proc/{pid}/statm").read_bytes().split()
        except (OSError, ValueError):
            continue
        memory += (int(resident) - int(shared)) * PAGE_BYTES
        count += 1
    return memory, count


class Watch:
    """Kills what goes over a limit. `memory_kills` reads the control group's counter; None where there is no group."""

    def __init__(
        self, disk: Disk, *, memory_bytes: int, processes: int, memory_kills: Callable[[], int] | None
    ) -> None:
        self._disk = disk
        self._memory_bytes = memory_bytes
        self._processes = processes
        self._memory_kills = memory_kills
        self._running: dict[Process, int] = {}  # with the counter as it was when the process started
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._look, name="sandbox-watch", daemon=True).start()

    def add(self, process: Process) -> None:
        kills = self._memory_kills() if self._memory_kills else 0
        with self._changed:
            self._running[process] = kills
            self._changed.notify()

    def remove(self, process: Process) -> None:
        with self._changed:
            self._running.pop(process, None)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _look(self) -> None:
        while True:
            with self._changed:
                if not self._running and not self._closed:
                    self._changed.wait()
                self._changed.wait(TICK_SECONDS)
                if self._closed:
                    return
                running = dict(self._running)
            try:
                self.check(running)
            except OSError:
                continue  # the directories are being removed

    def check(self, running: dict[Process, int]) -> None:
        """One look."""
        if self._disk.is_over(process.keeper for process in running):
            self._kill(list(running), "disk")
        elif self._memory_kills is not None:
            kills = self._memory_kills()
            self._kill([process for process, before in running.items() if kills > before], "memory")
        elif running:
            for process in running:
                memory, count = tree_memory(process.pid)
                if memory > self._memory_bytes or count > 2 * self._processes:
                    self._kill([process], "memory")

    def judge(self, process: Process) -> None:
        """A command that has ended badly between two looks may have met a limit: say so."""
        if process.killed_by:
            return
        with self._changed:
            before = self._running.get(process, 0)
        if self._memory_kills is not None and self._memory_kills() > before:
            process.killed_by = "memory"
        elif self._disk.is_over([process.keeper]):
            process.killed_by = "disk"

    def _kill(self, running: Sequence[Process], reason: KilledBy) -> None:
        for process in running:
            process.kill(reason)
