"""Sockets in a container without network namespaces: loopback only, by the kernel's own hand.

Commands share one network with the server, and on Fargate that network has doors no security group shuts: the task's
metadata address and the VPC's resolver. So a command makes no internet socket itself. The seccomp filter hands its
socket(2) over (only numbers are passed, so there is nothing to race); we make the socket, bind it to the loopback
device and put it in its place (SECCOMP_IOCTL_NOTIF_ADDFD, Linux 5.9). Since Linux 5.7 anybody may bind a socket to a
device once and only CAP_NET_RAW may bind it again: whatever it connects to, no packet of it leaves by another device.
UDP is not made at all, because a datagram may name a device of its own (IP_PKTINFO); hence no DNS.

Source: sock_bindtoindex in net/core/sock.c, ip_cmsg_send in net/ipv4/ip_sockglue.c, include/uapi/linux/seccomp.h.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Callable

_RECV, _SEND, _ADD_FD = 0xC0502100, 0xC0182101, 0x40182103
_NOTIFICATION, _ANSWER = struct.Struct("<QII64s"), struct.Struct("<QqiI")
_ARGUMENTS = struct.Struct("<16x3Q")  # of struct seccomp_data: number, architecture, instruction pointer, arguments
_PLACE = struct.Struct("<QIIII")
_TYPE_MASK = 0xF
LOOPBACK = b"lo\0"
TRIES = 1  # repeats of the first packet: a connection to elsewhere fails after three seconds, not two minutes


def loopback_socket(family: int, protocol: int = 0) -> socket.socket:
    """A TCP socket whose packets go over the loopback device and no other. Raises OSError."""
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, LOOPBACK)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, TRIES)
    except OSError:
        sock.close()
        raise
    return sock


def inode(sock: socket.socket) -> int:
    """What the kernel calls a socket in /proc/net/tcp."""
    return os.fstat(sock.fileno()).st_ino


def owner_of(port: int, to: int) -> int:
    """The inode of the socket that is connected from `port` to the port `to`; 0 when there is none."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            next(file)
            for line in file:
                fields = line.split()
                ends = [int(end.rpartition(":")[2], 16) for end in fields[1:3]]
                if ends == [port, to]:
                    return int(fields[9])
    return 0


class SocketMaker:
    """Answers one command's notifications until its last process is gone; `made` hears of every socket's inode."""

    def __init__(self, listener: int, made: Callable[[int], None]) -> None:
        self._listener, self._made = listener, made
        threading.Thread(target=self._serve, name="sandbox-sockets", daemon=True).start()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        try:
            while all(event & select.POLLIN for _fd, event in poll.poll()):  # else nobody is left who could ask
                self._answer()
        finally:
            os.close(self._listener)

    def _answer(self) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._listener, _RECV, buffer)
        except OSError:
            return  # the asker was killed meanwhile
        number, _thread, _flags, data = _NOTIFICATION.unpack(buffer)
        value, error = 0, 0
        try:
            value = self._make(number, *(argument & 0xFFFFFFFF for argument in _ARGUMENTS.unpack_from(data)))
        except OSError as failure:
            error = failure.errno or errno.EPERM
        try:
            fcntl.ioctl(self._listener, _SEND, bytearray(_ANSWER.pack(number, value, -error, 0)))
        except OSError:
            pass  # it is gone

    def _make(self, number: int, family: int, kind: int, protocol: int) -> int:
        """The descriptor's number over there."""
        if family not in (socket.AF_INET, socket.AF_INET6) or kind & _TYPE_MASK != socket.SOCK_STREAM:
            raise OSError(errno.EAFNOSUPPORT, "only TCP")  # the filter lets no others through
        with loopback_socket(family, protocol) as sock:
            sock.setblocking(not kind & socket.SOCK_NONBLOCK)
            self._made(inode(sock))
            flags = os.O_CLOEXEC if kind & socket.SOCK_CLOEXEC else 0
            return int(fcntl.ioctl(self._listener, _ADD_FD, bytearray(_PLACE.pack(number, 0, sock.fileno(), 0, flags))))
