"""What only the first process of a container can do, and what it must: end everybody, bury the dead, forget."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from app.errors import TransientError


def kill_everybody() -> None:
    """As the first process of a process namespace: one system call, which no fork outruns."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nobody is left


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, os.WNOHANG)
    except (ProcessLookupError, ChildProcessError):
        pass


def wait_gone(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.001)


def reap() -> bool:
    """Bury the dead; whether a child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def forget_shared_memory() -> None:
    """System V segments, semaphores and queues outlive their makers: remove them all."""
    libc = ctypes.CDLL(None)
    removals: dict[str, Callable[[int], object]] = {
        "shm": lambda number: libc.shmctl(number, 0, None),  # IPC_RMID
        "sem": lambda number: libc.semctl(number, 0, 0),
        "msg": lambda number: libc.msgctl(number, 0, None),
    }
    for kind, forget in removals.items():
        try:
            lines = Path("/proc/sysvipc", kind).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            forget(int(line.split()[1]))


def require_first_process() -> None:
    """Raises TransientError elsewhere: killing everybody is what a reset does."""
    if os.getpid() != 1:
        raise TransientError("the sandbox server must be the first process of a container of its own")
