"""In the child, between fork and exec: take the limits, give up every privilege, confine, become the command.

Standard library only and quick to import, like `app.sandbox.keeper`, which runs it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource

from app.sandbox.bare import send, signal, socket

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself takes a sixth of the start
    from typing import Any

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_RESTRICT = 444, 446
LANDLOCK_SCOPE_SIGNAL = 2
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8
HIGH = 200  # descriptors above those a command is given

Order = dict[str, "Any"]
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, step: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{step}: {os.strerror(ctypes.get_errno())}")
    return result


def tell(sock: socket.socket, fd: int | None = None, **message: int | str | None) -> None:
    try:
        send(sock, message, fd)
    except OSError:
        pass  # the harness is gone; the poll loop sees that too


def place(fds: list[int], targets: list[int]) -> None:
    """Put the given descriptors at their numbers, whatever was there."""
    high = max([*targets, *fds, 2]) + 1
    for index, fd in enumerate(fds):
        os.dup2(fd, high + index)
    for index, target in enumerate(targets):
        os.dup2(high + index, target, inheritable=True)


def close_others(keep: set[int]) -> None:
    start = 0
    for fd in [*sorted(keep), 1 << 20]:
        if fd > start:  # an empty range would be taken for everything
            os.closerange(start, fd)
        start = fd + 1


def confine(spec: Order, numbers: dict[str, int], talk: socket.socket) -> None:
    """no_new_privs, Landlock, seccomp: for the jail. Bubblewrap does its own."""
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if "landlock" in numbers:
        check(libc.syscall(SYS_LANDLOCK_RESTRICT, numbers["landlock"], 0), "landlock")
        os.close(numbers["landlock"])
    if "filter" in numbers:
        code = os.pread(numbers["filter"], 65536, 0)
        os.close(numbers["filter"])
        buffer = ctypes.create_string_buffer(code, len(code))

        class Program(ctypes.Structure):
            _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

        program = Program(len(code) // 8, ctypes.addressof(buffer))
        flags = SECCOMP_FILTER_FLAG_NEW_LISTENER if spec.get("notify") else 0
        number = SYS_SECCOMP[os.uname().machine]
        listener = check(libc.syscall(number, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(program)), "seccomp")
        if flags:
            tell(talk, listener, listener=True)
            os.close(listener)


def become(spec: Order) -> None:
    """Join the cgroups, take the limits, then give up every privilege."""
    for path in spec.get("cgroups", ()):
        with open(path, "w") as file:
            file.write("0")
    if os.access("/proc/self/oom_score_adj", os.W_OK):
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # when the machine runs out of memory, this goes first, not the harness
    for name, value in spec.get("rlimits", {}).items():
        kind = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(kind)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))
    if spec.get("chdir"):
        os.chdir(spec["chdir"])  # before the uid changes: the directories above may be closed to it
    if spec.get("uid") is not None:
        os.setgroups([])
        os.setresgid(spec["uid"], spec["uid"], spec["uid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)  # the ones that would survive the exec
    os.umask(0o022)


def command(spec: Order, fds: list[int], report: int, talk: socket.socket, keeper: int) -> None:
    """In the child: never returns."""
    step = "start"
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        report, talk_fd = os.dup2(report, HIGH, False), os.dup2(talk.detach(), HIGH + 1, False)
        place(fds, spec["targets"])
        close_others({*spec["targets"], report, talk_fd})
        step = "become"
        become(spec)
        check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")
        if os.getppid() != keeper:
            os._exit(127)
        if spec.get("confine"):
            step = "confine"
            confine(spec, spec["confine"], socket.socket(fileno=talk_fd))
        step = "exec"
        os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - no shell is the point
    except BaseException as error:
        os.write(report, f"{step}: {error}".encode("utf-8", "replace")[:500])
    os._exit(127)


def scope_signals() -> None:
    """Enter a Landlock domain of our own, so that `kill(-1)` means exactly the tree below us: atomic, fork bomb or not.

    The tree's own domain lies inside this one, so nothing in it can signal the keeper. Proven before it is relied on.
    """
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    attributes = (ctypes.c_uint64 * 3)(0, 0, LANDLOCK_SCOPE_SIGNAL)
    ruleset = check(libc.syscall(SYS_LANDLOCK_CREATE, attributes, 24, 0), "landlock scope")
    check(libc.syscall(SYS_LANDLOCK_RESTRICT, ruleset, 0), "landlock scope")
    os.close(ruleset)
    for pid in {1, os.getppid()}:
        if libc.kill(pid, 0) == 0 or ctypes.get_errno() != errno.EPERM:
            raise OSError(f"process {pid} is still within reach of signals")
