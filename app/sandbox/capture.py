"""One command and its output: the head and the tail kept, the middle counted and thrown away. Constant memory."""

from __future__ import annotations

import os
import select
import time
from collections import deque

from app.errors import UserError
from app.ports.sandbox import Execution
from app.sandbox.process import Process

MAX_COMMAND_BYTES = 120_000  # the kernel takes 131,072 bytes in one argument
CHUNK = 1 << 16  # a pipe's default capacity
KILL_SECONDS = 5.0  # from the deadline to the end of the last process
FLOOD_BYTES = 64 * 2**20  # a command that writes more than this is not telling anything; it is killed


class Capture:
    """Bytes in, head and tail out."""

    def __init__(self, keep_bytes: int) -> None:
        self._head_size = keep_bytes // 2
        self._tail_size = keep_bytes - self._head_size
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_held = 0
        self.total = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self._head_size - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_held += len(data)
            while self._tail_held - len(self._tail[0]) >= self._tail_size:
                self._tail_held -= len(self._tail.popleft())

    def content(self) -> bytes:
        """All of it, or head, one line saying how much is missing, tail."""
        tail = b"".join(self._tail)
        missing = self.total - len(self._head) - min(len(tail), self._tail_size)
        if not missing:
            return bytes(self._head) + tail
        note = f"\n[... {missing} bytes left out ...]\n".encode()
        return bytes(self._head) + note + tail[len(tail) - self._tail_size :]


def drain(fd: int, capture: Capture) -> bool:
    """Read what is there without waiting; False at the end of the stream. Reads at most one flood at a time."""
    for _ in range(FLOOD_BYTES // CHUNK):
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return True
        if not data:
            return False
        capture.add(data)
    return True


def follow(process: Process, output: int, capture: Capture, deadline: float) -> None:
    """Read `output` (non-blocking) until nothing of `process` is alive; kill it at `deadline` or in a flood.

    Returns with it alive when the kill has no effect: then something has stopped its keeper.
    """
    poll = select.poll()
    poll.register(output, select.POLLIN)
    poll.register(process.fileno(), select.POLLIN)
    while not process.gone:
        left = deadline - time.monotonic()
        if left <= 0 and not process.killed_by:
            process.kill("time")
        if left <= -KILL_SECONDS:
            break
        for fd, _event in poll.poll(max(left, 0) * 1000 if left > 0 else 1000):
            if fd == output:
                if not drain(output, capture):
                    poll.unregister(output)
            else:
                process.hear()
        if capture.total > FLOOD_BYTES:
            process.kill("output")
    drain(output, capture)


def check_command(command: str) -> None:
    if "\0" in command:
        raise UserError("a command cannot hold a NUL character")
    if len(command.encode("utf-8", "surrogateescape")) > MAX_COMMAND_BYTES:
        raise UserError(f"the command is longer than {MAX_COMMAND_BYTES} bytes; put it into a file and run that")


def execution(command: str, process: Process, capture: Capture, started: float) -> Execution:
    """What is reported of a command whose processes are all gone. Died of a signal: 128 + its number, as shells say."""
    code = process.exit_code
    if code is None and process.signal and not process.killed_by:
        code = 128 + process.signal
    return Execution(
        command=command,
        exit_code=None if process.killed_by else code,
        seconds=(process.exited_at or time.monotonic()) - started,
        output=capture.content(),
        output_bytes=capture.total,
        killed_by=process.killed_by,
    )
