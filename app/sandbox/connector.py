"""The jail's way to the proxy: every connect(2) inside is made by the harness, and always to the proxy.

The seccomp filter hands the call over (SECCOMP_RET_USER_NOTIF). What address was asked for is never read, so there is
nothing to race: the socket is fetched with pidfd_getfd and connected here. Landlock's port rule would not do: it
lets through every host on the proxy's port.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import threading

_RECV, _SEND, _ID_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTIFICATION, _ANSWER = struct.Struct("<QII64s"), struct.Struct("<QqiI")
_FIRST_ARGUMENT = struct.Struct("<16xQ")  # of struct seccomp_data: nr, arch, instruction pointer, then the arguments
PIDFD_GETFD = 438
ADMIT_SECONDS = 5.0  # the connection may be accepted a moment before it is entered here; long on a busy machine
_libc = ctypes.CDLL(None, use_errno=True)


class Connector:
    """Answers one command's notifications until its last process is gone."""

    def __init__(self, listener: int, proxy: tuple[str, int]) -> None:
        self._listener, self._proxy = listener, proxy
        self._ports: set[int] = set()
        self._changed = threading.Condition()
        self._stop, self._stopper = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._serve, name="sandbox-connect", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def is_ours(self, address: tuple[str, int]) -> bool:
        """Whether the connection that came from `address` was made here: other users of the machine get nothing."""
        with self._changed:
            return self._changed.wait_for(lambda: address[1] in self._ports, ADMIT_SECONDS)

    def close(self) -> None:
        if self.is_alive:
            os.write(self._stopper, b"x")
            self._thread.join()
        os.close(self._stopper)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        try:
            while True:
                events = dict(poll.poll())
                if self._stop in events or not events.get(self._listener, 0) & select.POLLIN:
                    return  # told to stop, or nobody is left who could ask
                self._answer()
        finally:
            os.close(self._listener)
            os.close(self._stop)

    def _answer(self) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._listener, _RECV, buffer)
        except OSError:
            return  # the caller was killed meanwhile
        number, thread, _flags, data = _NOTIFICATION.unpack(buffer)
        try:
            self._connect(number, thread, _FIRST_ARGUMENT.unpack_from(data)[0] & 0xFFFFFFFF)
            error = 0
        except OSError as failure:
            error = failure.errno or errno.EPERM
        try:
            fcntl.ioctl(self._listener, _SEND, _ANSWER.pack(number, 0, -error, 0))
        except OSError:
            pass  # it is gone

    def _connect(self, number: int, thread: int, fd: int) -> None:
        pidfd = os.pidfd_open(_process_of(thread))
        try:
            ours = int(_libc.syscall(PIDFD_GETFD, pidfd, fd, 0))
        finally:
            os.close(pidfd)
        if ours < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        with socket.socket(fileno=ours) as sock:
            fcntl.ioctl(self._listener, _ID_VALID, struct.pack("<Q", number))  # it was the asker's, not a successor's
            host, port = self._proxy
            try:
                sock.connect((f"::ffff:{host}" if sock.family == socket.AF_INET6 else host, port))
            finally:
                with self._changed:
                    self._ports.add(sock.getsockname()[1])
                    self._changed.notify_all()


def _process_of(thread: int) -> int:
    """The process a thread belongs to: pidfd_open takes no other threads."""
    with open(f"/proc/{thread}/status") as file:
        for line in file:
            if line.startswith("Tgid:"):
                return int(line.split()[1])
    raise OSError(errno.ESRCH, "no such thread")
