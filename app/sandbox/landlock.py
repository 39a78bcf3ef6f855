"""Landlock rulesets by raw system calls: which paths a command may use, decided here and enforced by the kernel.

Source: Documentation/userspace-api/landlock.rst of Linux 6.18 and include/uapi/linux/landlock.h. What Landlock does not
govern (stat, chmod, chown, connecting to a UNIX socket by path) is closed by the uid and by seccomp.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD_RULE = 444, 445
_VERSION_FLAG = 1
_RULE_PATH = 1
_libc = ctypes.CDLL(None, use_errno=True)

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # since ABI 2, 3, 5
BIND_TCP, CONNECT_TCP = 1, 2  # since ABI 4
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1, 2  # since ABI 6

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = (READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM) | (
    REFER | TRUNCATE
)
DEVICE = READ_FILE | WRITE_FILE | TRUNCATE
_FILE_ONLY = EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV  # what a rule on a file may name


def abi() -> int:
    """The kernel's Landlock version; 0 when it has none or it is switched off."""
    return max(int(_libc.syscall(_CREATE, None, 0, _VERSION_FLAG)), 0)


def handled(version: int) -> int:
    """Every file right this version knows: all are forbidden unless a rule allows them."""
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return (1 << bits) - 1


class Ruleset:
    """Forbids everything; `allow` opens paths. `fd` is handed to the process that confines itself.

    Without `network` TCP is left to others.
    """

    def __init__(self, version: int, *, network: bool = True) -> None:
        self._handled = handled(version)
        attributes = struct.pack(
            "<QQQ",
            self._handled,
            BIND_TCP | CONNECT_TCP if network and version >= 4 else 0,
            SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL if version >= 6 else 0,
        )
        size = 8 if version < 4 else 16 if version < 6 else 24
        self.fd = int(_libc.syscall(_CREATE, attributes[:size], size, 0))
        if self.fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"landlock_create_ruleset: {os.strerror(number)}")
        os.set_inheritable(self.fd, False)

    def allow(self, paths: Iterable[Path | str], rights: int) -> None:
        """Open each path, and what is below it. Paths that do not exist are passed over."""
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                is_folder = os.path.isdir(f"/proc/self/fd/{fd}")
                allowed = rights & self._handled & (-1 if is_folder else _FILE_ONLY)
                rule = struct.pack("<Qi", allowed, fd)
                if _libc.syscall(_ADD_RULE, self.fd, _RULE_PATH, rule, 0) < 0:
                    number = ctypes.get_errno()
                    raise OSError(number, f"landlock_add_rule {path}: {os.strerror(number)}")
            finally:
                os.close(fd)

    def close(self) -> None:
        os.close(self.fd)
