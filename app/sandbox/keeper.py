"""Keepers: one small process per command that starts it, reports its end and leaves nothing of it alive.

Runs as a script of its own (`python -I -S keeper.py FD`), standard library only and nothing of this package: it must
start in milliseconds, hold no secret, and be single-threaded, because it forks and then confines itself before exec.

The first process is the nursery: it waits on the socket it was given for orders (one JSON datagram with file
descriptors), forks a keeper for each, and cleans up when the harness is gone. Each keeper has its own socket to the
harness. Whatever ends the harness, even SIGKILL, closes that socket, and the keeper then kills its whole tree.

Datagrams from a keeper: {"pid"}, {"listener"} + fd, {"error"}, {"exit": code or null, "signal": number}, {"gone"}.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_RESTRICT = 444, 446
LANDLOCK_SCOPE_SIGNAL = 2
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8
MAX_DATAGRAM = 256 * 1024  # an order is a few KB and a command, which the harness limits to 120 KB
MAX_FDS, HIGH = 16, 200

Order = dict[str, Any]
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, step: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{step}: {os.strerror(number)}")
    return result


def receive(sock: socket.socket) -> tuple[Order, list[int]] | None:
    """One order; None at the end of the stream."""
    data, fds, _flags, _address = socket.recv_fds(sock, MAX_DATAGRAM, MAX_FDS)
    return (json.loads(data), fds) if data else None


def tell(sock: socket.socket, fd: int | None = None, **message: object) -> None:
    try:
        socket.send_fds(sock, [json.dumps(message).encode()], [] if fd is None else [fd])
    except OSError:
        pass  # the harness is gone; the poll loop sees that too


# ---------------------------------------------------------------- the command itself


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


# ---------------------------------------------------------------- the keeper


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


def descendants(root: int) -> list[int]:
    """Every process below `root`, from one pass over /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # it is gone


def kill_tree(scoped: bool) -> None:
    if scoped:
        send(-1, signal.SIGKILL)
        return
    below = descendants(os.getpid())
    for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none forks while others are being killed
        for pid in below:
            send(pid, number)


def reap(main: int) -> tuple[int | None, bool]:
    """Collect the dead: (wait status of `main` if it was among them, whether any child is left)."""
    status = None
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            status = found[1] if found[0] == main else status
    except ChildProcessError:
        return status, False
    return status, True


def finish(main: int, scoped: bool) -> None:
    pause = 0.0005
    while reap(main)[1]:
        kill_tree(scoped)
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def keep(spec: Order, fds: list[int], talk: socket.socket) -> None:
    """Start the command, wait for its end or for the harness's word, then kill what is left of it."""
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper")
    scoped = bool(spec.get("scope"))
    if scoped:
        scope_signals()
    failed, report = os.pipe2(os.O_CLOEXEC)
    keeper = os.getpid()
    main = os.fork()
    if main == 0:
        signal.set_wakeup_fd(-1)
        command(spec, fds, report, talk, keeper)
    os.close(report)
    for fd in fds:
        os.close(fd)
    error = os.read(failed, 1000)  # empty once exec has closed it
    tell(talk, **({"error": error.decode("utf-8", "replace")} if error else {"pid": main}))
    try:
        wait(main, talk, wake)
    finally:
        finish(main, scoped)
    tell(talk, gone=True)


def wait(main: int, talk: socket.socket, wake: int) -> None:
    """Until `main` has ended (reported at once), or the harness says so or is gone: any word, any end, means kill."""
    poll = select.poll()
    poll.register(talk, select.POLLIN)
    poll.register(wake, select.POLLIN)
    while True:
        ready = [fd for fd, _event in poll.poll()]
        if wake in ready:
            os.read(wake, 4096)
            status = reap(main)[0]
            if status is not None:
                code = os.waitstatus_to_exitcode(status)
                tell(talk, exit=code if code >= 0 else None, signal=max(-code, 0))
                return
        if talk.fileno() in ready:
            return


# ---------------------------------------------------------------- the nursery


def nursery(orders: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
    leftovers: dict[str, list[str]] = {"cgroups": [], "remove": []}
    while (got := receive(orders)) is not None:
        spec, fds = got
        if "leftovers" in spec:
            leftovers = spec["leftovers"]
        elif os.fork() == 0:
            orders.close()
            talk = socket.socket(fileno=fds.pop(0))
            try:
                keep(spec, fds, talk)
            except BaseException as error:
                tell(talk, error=str(error)[:500])
            os._exit(0)
        for fd in fds:
            os.close(fd)
    clean(leftovers)


def clean(leftovers: dict[str, list[str]]) -> None:
    """The harness is gone, with or without `close`: remove what it may have left."""
    try:
        while True:
            os.wait()  # with SIGCHLD ignored this returns only when no keeper is left
    except ChildProcessError:
        pass
    for path in leftovers["cgroups"]:
        if os.path.isdir(path):
            os.rmdir(path)
    if leftovers["remove"]:
        os.execv("/bin/rm", ["rm", "-rf", "--", *leftovers["remove"]])  # noqa: S606


if __name__ == "__main__":
    nursery(socket.socket(fileno=int(sys.argv[1])))
