"""The kept shell: one bash for many commands, so that directory, variables and background processes stay.

Commands arrive on descriptor 8 by length and are evaluated with that descriptor closed; the exit code leaves on
descriptor 9 with a nonce, so that nothing a command prints can be taken for its end. Whoever runs inside could still
find the descriptor, which is why this exit code is hearsay.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import select
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.ports.sandbox import Execution
from app.sandbox.capture import FLOOD_BYTES, Capture, drain
from app.sandbox.process import KilledBy, Process

# The script is sourced once per command: `return` in the trap then leaves the command, not the shell. `read -N` takes
# the whole command in one system call; LC_ALL=C makes it count bytes.
SCRIPT = """\
IFS=' ' read -r -u 8 __lamplighter_length __lamplighter_nonce || exit 0
__lamplighter_command=
if [ "$__lamplighter_length" -gt 0 ]; then
  LC_ALL=C IFS= read -r -N "$__lamplighter_length" -u 8 __lamplighter_command || exit 0
fi
eval "$__lamplighter_command" </dev/null 8<&- 9>&-
"""
LOOP = """\
trap 'return 124 2>/dev/null' USR1
while :; do . "$1"; printf '%s %s\\n' "$__lamplighter_nonce" "$?" >&9; done
"""
F_SETPIPE_SZ = 1031  # named in Python since 3.10 only, and a container's may be older
INTERRUPT_SECONDS = 1.0  # how long an interrupted shell may take to come back before it is replaced
SOON_SECONDS = 0.02

Start = Callable[[list[str], dict[int, int]], Process]


class Shell:
    """Starts bash when the first command comes and again after its death. `depth`: generations from start to bash."""

    def __init__(self, start: Start, end: Callable[[Process], None], script: str, depth: int) -> None:
        self._start, self._end = start, end
        self._script, self._depth = script, depth
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._fds: list[int] = []
        self._commands = self._marks = self._output = -1

    def run(self, command: str, timeout_seconds: float, keep_bytes: int) -> Execution:
        """One command at a time; a second caller waits. The note on a restart is part of the output."""
        with self._lock:
            started = time.monotonic()
            capture = Capture(keep_bytes)
            process = self._ensure()
            attempt = _Attempt(process, self._bash(process), self._marks, self._output, capture)
            code, killed_by = attempt.run(command, self._commands, started + timeout_seconds)
            if code is None and not attempt.is_back:
                exited = "" if process.exit_code is None else f" with exit code {process.exit_code}"
                code = None if killed_by else process.exit_code
                self._discard()
                _note(capture, f"the shell ended{exited}; the next command gets a fresh one, variables are lost")
            elif killed_by:
                _note(capture, f"stopped after {time.monotonic() - started:.0f} s ({killed_by}); the shell lives on")
        return Execution(
            command=command,
            exit_code=code,
            seconds=time.monotonic() - started,
            output=capture.content(),
            output_bytes=capture.total,
            killed_by=killed_by,
        )

    def stop(self) -> None:
        """End the shell and everything started from it; a command under way ends as "closed"."""
        process = self._process
        if process is not None:
            process.kill("closed")
        with self._lock:
            self._discard()

    def _ensure(self) -> Process:
        if self._process is not None:
            while not self._process.gone and self._process.hear():
                pass
            if not self._process.gone and self._process.exited_at is None:
                return self._process
            self._discard()
        commands, self._commands = os.pipe2(os.O_CLOEXEC)
        self._marks, marks = os.pipe2(os.O_CLOEXEC)
        self._output, output = os.pipe2(os.O_CLOEXEC)
        self._fds = [self._commands, self._marks, self._output]
        os.set_blocking(self._output, False)
        os.set_blocking(self._marks, False)
        fcntl.fcntl(self._commands, F_SETPIPE_SZ, 1 << 18)  # a whole command fits: writing never waits
        os.set_blocking(self._commands, False)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        argv = ["/bin/bash", "--norc", "--noprofile", "-c", LOOP, "bash", self._script]
        try:
            self._process = self._start(argv, {0: nothing, 1: output, 2: output, 8: commands, 9: marks})
        finally:
            for fd in (nothing, output, commands, marks):
                os.close(fd)
        return self._process

    def _discard(self) -> None:
        if self._process is not None:
            self._end(self._process)
            self._process = None
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def _bash(self, process: Process) -> int:
        """The pid of bash as the harness sees it."""
        pid = process.pid
        for _ in range(self._depth):
            below = children(pid)
            pid = below[0] if below else 0
        return pid


class _Attempt:
    """One command in the shell, to its mark, its limit or the shell's death."""

    def __init__(self, process: Process, bash: int, marks: int, output: int, capture: Capture) -> None:
        self._process, self._bash = process, bash
        self._marks, self._output, self._capture = marks, output, capture
        self._nonce = secrets.token_hex(8)
        self._read = b""
        self._before = set(children(bash)) if bash else set()
        self.is_back = False  # the shell is ready for another command

    def run(self, command: str, commands: int, deadline: float) -> tuple[int | None, KilledBy]:
        code = command.encode("utf-8", "surrogateescape")
        try:
            os.write(commands, f"{len(code)} {self._nonce}\n".encode() + code)
        except OSError:
            self._process.kill("closed")
        status = self._wait(deadline)
        if self.is_back:
            return status, ""
        if self._process.killed_by or self._process.exited_at is not None or self._process.gone:
            self._process.wait_gone()
            drain(self._output, self._capture)
            return None, self._process.killed_by
        reason: KilledBy = "output" if self._capture.total > FLOOD_BYTES else "time"
        give_up = time.monotonic() + INTERRUPT_SECONDS
        while not self.is_back and time.monotonic() < give_up and not self._process.gone:
            self._interrupt()
            self._wait(min(time.monotonic() + SOON_SECONDS, give_up), flood=False)
        if not self.is_back:
            self._process.kill(reason)
            self._process.wait_gone()
            drain(self._output, self._capture)
        return None, reason

    def _wait(self, deadline: float, *, flood: bool = True) -> int | None:
        """Until the mark (its exit code), the deadline, a flood or the end of the shell (None)."""
        poll = select.poll()
        for fd in (self._output, self._marks, self._process.fileno()):
            poll.register(fd, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            ready = [fd for fd, _event in poll.poll(left * 1000)]
            if self._output in ready and not drain(self._output, self._capture):
                poll.unregister(self._output)
            if self._marks in ready:
                status = self._mark()
                if status is not None:
                    drain(self._output, self._capture)  # what it wrote before the mark is in the pipe by now
                    self.is_back = True
                    return status
            if self._process.fileno() in ready:
                self._process.hear()
                if self._process.gone or self._process.exited_at is not None:
                    return None
            if flood and self._capture.total > FLOOD_BYTES:
                return None
        return None

    def _mark(self) -> int | None:
        try:
            data = os.read(self._marks, 4096)
        except BlockingIOError:
            return None
        self._read = (self._read + data)[-65536:]
        for line in self._read.decode("ascii", "replace").splitlines():
            nonce, _space, status = line.partition(" ")
            if nonce == self._nonce and status.isdigit():
                return int(status)
        return None

    def _interrupt(self) -> None:
        """Tell bash to leave the command, and kill what this command started in the foreground or behind it."""
        if not self._bash:
            return
        started = [pid for pid in children(self._bash) if pid not in self._before]
        doomed = list(started)
        while started:
            below = children(started.pop())
            doomed += below
            started += below
        for pid, number in ((self._bash, signal.SIGUSR1), *((pid, signal.SIGKILL) for pid in doomed)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_bytes().split()]
    except OSError:
        return []


def _note(capture: Capture, text: str) -> None:
    capture.add(f"\n[{text}]\n".encode())
