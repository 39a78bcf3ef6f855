"""The harness's side of the keepers: start a command, hear of its end, kill it. Thread-safe."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.errors import TransientError

ROOT = Path(__file__).parents[2]
# No site-packages come along: of this package only files that import nothing else are used over there.
PROGRAM = """\
import sys
sys.path.append(sys.argv[1])
from app.sandbox.keeper import nursery, socket
nursery(socket.socket(fileno=int(sys.argv[2])), hidden=len(sys.argv) > 3)
"""
KilledBy = Literal["", "time", "memory", "disk", "output", "closed"]
STAGES = ("/mnt", "/media", "/srv", "/opt")  # covered in the nursery's own mount namespace, nowhere else
START_SECONDS = 30.0  # a fork and an exec; generous because the machine may be swapping


@dataclass(frozen=True, kw_only=True)
class Spec:
    """How to start one command. `fds` maps the number a descriptor has inside to the one it has here."""

    argv: Sequence[str]  # argv[0] is an absolute path
    env: Mapping[str, str]
    fds: Mapping[int, int]  # must hold 0, 1 and 2
    chdir: str = ""
    uid: int | None = None  # become this uid and gid
    rlimits: Mapping[str, int] = field(default_factory=dict)  # without the RLIMIT_ prefix
    cgroups: Sequence[str] = ()  # `cgroup.procs` files to join
    scope: bool = False  # kill by Landlock signal scope instead of by walking /proc
    confine: Mapping[str, int] | None = None  # {"landlock": fd inside, "filter": fd inside}
    notify: bool = False  # the filter asks us about some calls; the listener arrives with `started`


class Process:
    """One command with everything it started. Owned by the thread that waits for it; `kill` from any thread."""

    def __init__(self, talk: socket.socket) -> None:
        self._talk = talk
        self._lock = threading.Lock()
        self.pid = self.keeper = 0  # of the first process and of its keeper, as the harness sees them
        self.listener = -1  # of the seccomp filter, when asked for
        self.exited_at: float | None = None  # time.monotonic() when the end of the first process was heard
        self.exit_code: int | None = None
        self.signal = 0
        self.killed_by: KilledBy = ""
        self.gone = False  # the keeper has seen the last process die
        self.is_orphaned = False  # the keeper has ended without having said so

    def fileno(self) -> int:
        return self._talk.fileno()

    def hear(self, timeout_seconds: float | None = 0) -> bool:
        """Take one datagram in; False when none came in time. Raises TransientError when the start failed."""
        self._talk.settimeout(timeout_seconds)
        try:
            data, fds, _flags, _address = socket.recv_fds(self._talk, 4096, 1)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            data, fds = b"", []
        self.is_orphaned = self.is_orphaned or (not data and not self.gone)
        message: dict[str, Any] = json.loads(data) if data else {"gone": True}
        if "error" in message:
            raise TransientError(f"the sandbox could not start a command: {message['error']}", retry_after_seconds=10)
        if message.get("listener"):
            self.listener = fds[0]
        self.pid, self.keeper = message.get("pid", self.pid), message.get("keeper", self.keeper)
        if "exit" in message:
            self.exit_code, self.signal, self.exited_at = message["exit"], message["signal"], time.monotonic()
        self.gone = self.gone or bool(message.get("gone"))
        return True

    def take_listener(self) -> int:
        """The seccomp listener, now the caller's to close."""
        with self._lock:
            listener, self.listener = self.listener, -1
        return listener

    def kill(self, reason: KilledBy) -> None:
        """Kill the whole tree; the first reason given stays."""
        with self._lock:
            if not self.killed_by and not self.gone and self.exited_at is None:
                self.killed_by = reason
            try:
                self._talk.send(b"kill", socket.MSG_DONTWAIT)
            except OSError:
                pass  # already gone

    def wait_gone(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until nothing of it is alive."""
        deadline = time.monotonic() + timeout_seconds
        while not self.gone and (left := deadline - time.monotonic()) > 0:
            self.hear(left)
        return self.gone

    def close(self) -> None:
        """Release it; a tree still alive is killed by its keeper."""
        with self._lock:
            self._talk.close()
            if self.listener >= 0:
                os.close(self.listener)
                self.listener = -1


class Nursery:
    """The process that forks keepers, one per sandbox. `hidden` from commands that share its uid."""

    def __init__(self, *, hidden: bool = False) -> None:
        self._lock = threading.Lock()
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Nothing of the harness's environment goes along: not even the nursery holds what must not leak.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", PROGRAM, str(ROOT), str(theirs.fileno())] + ["hidden"] * hidden,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},
                cwd="/",
                start_new_session=True,  # Ctrl-C at the terminal is the harness's business
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def leave(self, *, cgroups: Sequence[str], passage: Sequence[str], uid: int | None, remove: Sequence[str]) -> None:
        """What the nursery undoes when the harness is gone without a word: cgroups, `uid`'s passage, file trees."""
        leftovers = {"cgroups": list(cgroups), "passage": list(passage), "uid": uid, "remove": list(remove)}
        self._order({"leftovers": leftovers}, [])

    def stage(self, paths: Sequence[Path]) -> dict[Path, str]:
        """Path → where commands started here find it, whoever they run as. Empty where root may not mount."""
        at = next((at for at in STAGES if _is_free(at, paths)), "")
        if not at:
            return {}
        self._order({"stage": [str(path) for path in paths], "at": at}, [])
        self._orders.settimeout(START_SECONDS)
        try:
            answer = json.loads(self._orders.recv(4096) or b"{}")
        except OSError as error:
            raise TransientError(f"the sandbox's nursery did not answer: {error}", retry_after_seconds=10) from error
        self._orders.settimeout(None)
        return {path: f"{at}/{index}" for index, path in enumerate(paths)} if answer.get("staged") else {}

    def start(self, spec: Spec) -> Process:
        """Raises TransientError when the command could not be started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {
            "argv": list(spec.argv),
            "env": dict(spec.env),
            "targets": list(spec.fds),
            "chdir": spec.chdir,
            "uid": spec.uid,
            "rlimits": dict(spec.rlimits),
            "cgroups": list(spec.cgroups),
            "scope": spec.scope,
            "confine": None if spec.confine is None else dict(spec.confine),
            "notify": spec.notify,
        }
        process = Process(ours)
        try:
            with theirs:
                self._order(order, [theirs.fileno(), *spec.fds.values()])
            while not process.pid:
                if not process.hear(START_SECONDS) or process.gone:
                    raise TransientError("the sandbox did not start a command in time", retry_after_seconds=10)
        except BaseException:
            process.close()
            raise
        return process

    def _order(self, order: Mapping[str, Any], fds: Sequence[int]) -> None:
        try:
            with self._lock:
                socket.send_fds(self._orders, [json.dumps(order).encode()], list(fds))
        except OSError as error:
            raise TransientError(f"the sandbox's nursery is gone: {error}", retry_after_seconds=10) from error

    def close(self) -> None:
        """The nursery ends once every keeper has; it removes what was left to it."""
        with self._lock:
            self._orders.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _is_free(at: str, paths: Sequence[Path]) -> bool:
    return Path(at).is_dir() and not Path(at).is_symlink() and not any(path.is_relative_to(at) for path in paths)
