"""A seccomp filter as classic BPF: which system calls hostile code may make. Both sandboxes carry it.

Deny-list by number with argument checks, allow-list for socket families. Sources: include/uapi/linux/seccomp.h,
filter.h, audit.h and the system call tables of Linux 6.18; the choice follows what container runtimes deny by default.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from app.errors import UserError

_LD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NR, _ARCH, _ARGS = 0, 4, 16
ALLOW, KILL, NOTIFY = 0x7FFF0000, 0x80000000, 0x7FC00000
EPERM, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT = 1, 38, 95, 97


def _errno(number: int) -> int:
    return 0x00050000 | number


# name: (x86_64, aarch64); -1 where the architecture has no such call
_CALLS = {
    "socket": (41, 198), "connect": (42, 203), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "socketpair": (53, 199), "clone": (56, 220), "clone3": (435, 435), "ioctl": (16, 29), "personality": (135, 92),
    "bind": (49, 200), "listen": (50, 201), "setsockopt": (54, 208), "fcntl": (72, 25), "prlimit64": (302, 261),
    "kill": (62, 129), "pidfd_send_signal": (424, 424),
}  # fmt: skip
_DENIED = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "move_pages": (279, 239), "migrate_pages": (256, 238),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    # large or seldom-audited kernel surface
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "modify_ldt": (154, -1), "uselib": (134, -1), "vmsplice": (278, 75),
    # the machine
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162),
    "iopl": (172, -1), "ioperm": (173, -1), "vhangup": (153, 58), "nfsservctl": (180, 42),
}  # fmt: skip
# Shared by the whole machine where there is no namespace: System V and POSIX queues; and what Landlock leaves open.
_UNWALLED = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "inotify_add_watch": (254, 27),  # by path, without Landlock
}  # fmt: skip

# A directory's attributes and flags stay when everything in it goes back to what it was: they would outlive a reset,
# and count. So no file system inside has them, as many have not.
_ATTRIBUTES = {
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
_NEW_ATTRIBUTES = {"setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469)}
# FS_IOC_SETFLAGS and its 32-bit form, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION, its 32-bit and ext4's own forms,
# FS_IOC_SET_ENCRYPTION_POLICY: include/uapi/linux/fs.h, fscrypt.h, ext4.h.
_IOCTL_FLAGS = (
    0x40086602, 0x40046602, 0x401C5820, 0x40087602, 0x40047602, 0x40086604, 0x40046604, 0x800C6613,
)  # fmt: skip

# Where hostile commands share their uid with those who watch them: signals by process, the first argument.
_SIGNALS = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
_QUEUES = {"mq_open": (240, 180), "mq_unlink": (241, 181)}  # they would outlive a reset
_FCNTL_SIGNALS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals by way of a file
_IOCTL_SIGNALS = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
_TCP_FAST_OPEN = (30, 34)  # TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE: data in the first packet
IPPROTO_TCP = 6

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
SOCK_STREAM, SOCK_SEQPACKET = 1, 5
_TYPE_MASK = 0xF  # the rest are SOCK_CLOEXEC and SOCK_NONBLOCK
MSG_FASTOPEN = 0x20000000  # connects without connect(2): landlock-lsm/linux issue 41
CLONE_NAMESPACES = 0x7E020000  # every CLONE_NEW*; the low byte is the exit signal
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # put characters into a terminal's input
_PERSONALITIES = (0, 0x0040000, 0xFFFFFFFF)  # default, no address randomisation (debuggers, ASAN), query

_ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


class _Program:
    """Collects instructions; every test is a block that falls through to the next one when it does not match."""

    def __init__(self, index: int) -> None:
        self._index = index
        self.code: list[bytes] = []

    def add(self, code: int, value: int, yes: int = 0, no: int = 0) -> None:
        self.code.append(struct.pack("<HBBI", code, yes, no, value & 0xFFFFFFFF))

    def call(self, numbers: tuple[int, int], body: list[tuple[int, int, int, int]]) -> None:
        """`body` runs for this call only; afterwards the number is loaded again for the next block."""
        if numbers[self._index] < 0:
            return
        self.add(_JEQ, numbers[self._index], 0, len(body) + 1)
        for instruction in body:
            self.add(*instruction)
        self.add(_LD, _NR)

    def deny(self, calls: Iterable[tuple[int, int]], error: int = EPERM) -> None:
        for numbers in calls:
            self.call(numbers, [(_RET, _errno(error), 0, 0)])

    def bytes(self) -> bytes:
        return b"".join(self.code)


def _argument(number: int) -> tuple[int, int, int, int]:
    return (_LD, _ARGS + 8 * number, 0, 0)  # the low half: the kernel reads these arguments as 32 bits


def _allow_only(argument: int, values: Iterable[int], error: int) -> list[tuple[int, int, int, int]]:
    body = [_argument(argument)]
    for value in values:
        body += [(_JEQ, value, 0, 1), (_RET, ALLOW, 0, 0)]
    return [*body, (_RET, _errno(error), 0, 0)]


def _refuse_bits(argument: int, bits: int) -> list[tuple[int, int, int, int]]:
    return [_argument(argument), (_JSET, bits, 0, 1), (_RET, _errno(EPERM), 0, 0)]


def _refuse(argument: int, values: Iterable[int], error: int = EPERM) -> list[tuple[int, int, int, int]]:
    body = [_argument(argument)]
    for value in values:
        body += [(_JEQ, value & 0xFFFFFFFF, 0, 1), (_RET, _errno(error), 0, 0)]
    return body


def _start() -> _Program:
    machine = os.uname().machine
    if machine not in _ARCHES:
        raise UserError(f"sandboxes know x86_64 and aarch64, not {machine}")
    audit, index = _ARCHES[machine]
    program = _Program(index)
    program.add(_LD, _ARCH)
    program.add(_JEQ, audit, 1, 0)
    program.add(_RET, KILL)  # 32-bit calls have other numbers
    program.add(_LD, _NR)
    if index == 0:
        program.add(_JGE, 0x40000000, 0, 1)  # the x32 interface, too
        program.add(_RET, _errno(ENOSYS))
    return program


def _both(program: _Program) -> None:
    program.deny(_DENIED.values())
    program.deny([_CALLS["clone3"]], ENOSYS)  # its flags are behind a pointer; C libraries fall back to clone
    program.call(_CALLS["clone"], _refuse_bits(0, CLONE_NAMESPACES))
    program.call(
        _CALLS["ioctl"],
        [_argument(1), (_JEQ, TIOCSTI, 1, 0), (_JEQ, TIOCLINUX, 0, 1), (_RET, _errno(EPERM), 0, 0)],
    )
    program.deny(_ATTRIBUTES.values(), EOPNOTSUPP)
    program.deny(_NEW_ATTRIBUTES.values(), ENOSYS)
    program.call(_CALLS["ioctl"], _refuse(1, _IOCTL_FLAGS, EOPNOTSUPP))
    program.call(_CALLS["personality"], _allow_only(0, _PERSONALITIES, EPERM))


def namespaced() -> bytes:
    """For bubblewrap: loopback and UNIX sockets are the namespace's own, other families (vsock!) are not."""
    program = _start()
    _both(program)
    program.call(_CALLS["socket"], _allow_only(0, (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), EAFNOSUPPORT))
    program.add(_RET, ALLOW)
    return program.bytes()


def bare(*, network: bool) -> bytes:
    """For the jail: no sockets that could reach the host. With `network`, TCP sockets whose connect we make ourselves.

    Landlock does not govern connecting to a UNIX socket by path, and abstract sockets only since ABI 6: so connected
    pairs only, of types that cannot be connected again.
    """
    program = _start()
    _both(program)
    program.deny(_UNWALLED.values())
    pair = [
        _argument(0), (_JEQ, AF_UNIX, 1, 0), (_RET, _errno(EAFNOSUPPORT), 0, 0),
        _argument(1), (_AND, _TYPE_MASK, 0, 0),
        (_JEQ, SOCK_STREAM, 2, 0), (_JEQ, SOCK_SEQPACKET, 1, 0), (_RET, _errno(EAFNOSUPPORT), 0, 0),
    ]  # fmt: skip
    program.call(_CALLS["socketpair"], pair)
    if network:
        tcp = [
            _argument(0), (_JEQ, AF_INET, 2, 0), (_JEQ, AF_INET6, 1, 0), (_RET, _errno(EAFNOSUPPORT), 0, 0),
            _argument(1), (_AND, _TYPE_MASK, 0, 0), (_JEQ, SOCK_STREAM, 1, 0), (_RET, _errno(EPERM), 0, 0),
            _argument(2), (_JEQ, 0, 2, 0), (_JEQ, 6, 1, 0), (_RET, _errno(EPERM), 0, 0),  # not MPTCP, SCTP, SMC
        ]  # fmt: skip
        program.call(_CALLS["socket"], tcp)
        program.call(_CALLS["connect"], [(_RET, NOTIFY, 0, 0)])
        program.deny([_CALLS["bind"], _CALLS["listen"]])
        program.call(_CALLS["sendto"], _refuse_bits(3, MSG_FASTOPEN))
        program.call(_CALLS["sendmsg"], _refuse_bits(2, MSG_FASTOPEN))
        program.call(_CALLS["sendmmsg"], _refuse_bits(3, MSG_FASTOPEN))
    else:
        program.deny([_CALLS["socket"]], EAFNOSUPPORT)
    program.add(_RET, ALLOW)
    return program.bytes()


def container(nursery: int) -> bytes:
    """For a container whose one uid is the server's too: the server (process 1) and `nursery` cannot be signalled,
    limited or traced, nor everybody at once; internet sockets are TCP and made by us (`app.sandbox.remote.sockets`).
    """
    program = _start()
    _both(program)
    program.deny(_QUEUES.values())
    program.call(_CALLS["kill"], _refuse(0, (1, -1, nursery, -nursery)))  # the keepers are of the nursery's group
    for name, numbers in _SIGNALS.items():
        if name != "kill":
            program.call(numbers, _refuse(0, (1, nursery)))
    program.deny([_CALLS["pidfd_send_signal"]], ENOSYS)  # a descriptor does not tell whose it is
    program.call(_CALLS["fcntl"], _refuse(1, _FCNTL_SIGNALS))
    program.call(_CALLS["ioctl"], _refuse(1, _IOCTL_SIGNALS))
    program.call(_CALLS["prlimit64"], _allow_only(0, (0,), EPERM))  # a CPU limit of zero would kill even process 1
    fast = [
        _argument(1), (_JEQ, IPPROTO_TCP, 0, 4),
        _argument(2), (_JEQ, _TCP_FAST_OPEN[0], 1, 0), (_JEQ, _TCP_FAST_OPEN[1], 0, 1), (_RET, _errno(EPERM), 0, 0),
    ]  # fmt: skip
    program.call(_CALLS["setsockopt"], fast)
    program.call(_CALLS["sendto"], _refuse_bits(3, MSG_FASTOPEN))
    program.call(_CALLS["sendmsg"], _refuse_bits(2, MSG_FASTOPEN))
    program.call(_CALLS["sendmmsg"], _refuse_bits(3, MSG_FASTOPEN))
    inet = [
        _argument(0), (_JEQ, AF_UNIX, 0, 1), (_RET, ALLOW, 0, 0), (_JEQ, AF_NETLINK, 0, 1), (_RET, ALLOW, 0, 0),
        (_JEQ, AF_INET, 2, 0), (_JEQ, AF_INET6, 1, 0), (_RET, _errno(EAFNOSUPPORT), 0, 0),
        _argument(1), (_AND, _TYPE_MASK, 0, 0), (_JEQ, SOCK_STREAM, 1, 0), (_RET, _errno(EPERM), 0, 0),
        _argument(2), (_JEQ, 0, 2, 0), (_JEQ, IPPROTO_TCP, 1, 0), (_RET, _errno(EPERM), 0, 0),
        (_RET, NOTIFY, 0, 0),
    ]  # fmt: skip
    program.call(_CALLS["socket"], inet)
    program.add(_RET, ALLOW)
    return program.bytes()
