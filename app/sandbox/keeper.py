"""Keepers: one small process per command that starts it, reports its end and leaves nothing of it alive.

Runs in a Python of its own (`-I -S`, see `app.sandbox.process`), standard library only but for its second half,
`starter`: it must start in milliseconds, hold no secret, and be single-threaded, because it forks.

The first process is the nursery: it waits on the socket it was given for orders (one JSON datagram with file
descriptors), forks a keeper for each, and cleans up when the harness is gone. Each keeper has its own socket to the
harness. Whatever ends the harness, even SIGKILL, closes that socket, and the keeper then kills its whole tree.

Datagrams from a keeper: {"pid", "keeper"}, {"listener"} + fd, {"error"}, {"exit": code or null, "signal": number},
{"gone"}.
"""

from __future__ import annotations

import os
import select
import time

from app.sandbox.bare import receive, signal, socket
from app.sandbox.starter import Order, check, command, libc, scope_signals, tell

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
REMOVE = 'rm -rf -- "$@" 2>/dev/null || { chmod -R u+rwX -- "$@"; rm -rf -- "$@"; } 2>/dev/null'


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


def kill_tree(scoped: bool) -> None:
    if scoped:
        libc.kill(-1, signal.SIGKILL)
        return
    below = descendants(os.getpid())
    for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none forks while others are being killed
        for pid in below:
            libc.kill(pid, number)  # or it is gone already


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
    tell(talk, **({"error": error.decode("utf-8", "replace")} if error else {"pid": main, "keeper": keeper}))
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


def hide() -> None:
    """Where commands have our uid: shut our memory and descriptors to them, for keepers too, which inherit it.

    First, while /proc is still ours to write: when memory runs out, commands go before the server.
    """
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


def nursery(orders: socket.socket, *, hidden: bool = False) -> None:
    if hidden:
        hide()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
    leftovers: Order = {}
    while (got := receive(orders)) is not None:
        spec, fds = got
        if "leftovers" in spec:
            leftovers = spec["leftovers"]
        elif "stage" in spec:
            tell(orders, staged=stage(spec["stage"], spec["at"]))
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


def stage(paths: list[str], at: str) -> bool:
    """Show `paths` as `at`/0, `at`/1, … to this process and its children alone, so that a uid that may not pass the
    directories above them reaches them. Needs root and mount namespaces."""
    try:
        sources = [os.open(path, os.O_PATH) for path in paths]
        check(libc.unshare(CLONE_NEWNS), "unshare")
        check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "private")
        check(libc.mount(b"none", at.encode(), b"tmpfs", 0, b"mode=755"), "tmpfs")
        for index, fd in enumerate(sources):
            target = f"{at}/{index}"
            os.mkdir(target)
            check(libc.mount(f"/proc/self/fd/{fd}".encode(), target.encode(), None, MS_BIND | MS_REC, None), "bind")
            os.close(fd)
    except OSError:
        return False
    return True


def kill_uid(uid: int) -> None:
    """In a child: kill whatever still runs as the sandbox's uid, should a keeper have been killed before its tree."""
    try:
        os.setresuid(uid, uid, uid)
        with open("/proc/self/status") as file:
            powerless = any(line.startswith("CapEff:") and int(line.split()[1], 16) == 0 for line in file)
        if powerless and os.getresuid() == (uid, uid, uid):  # else "everybody" would be more than the sandbox
            libc.kill(-1, signal.SIGKILL)
    finally:
        os._exit(0)


def clean(leftovers: Order) -> None:
    """The harness is gone, with or without `close`: remove what it may have left."""
    try:
        while True:
            os.wait()  # with SIGCHLD ignored this returns only when no keeper is left
    except ChildProcessError:
        pass
    if leftovers.get("uid") is not None and os.fork() == 0:
        kill_uid(leftovers["uid"])
    for path in leftovers.get("cgroups", ()):
        for _ in range(50):
            try:
                os.rmdir(path)
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)  # the last process is still leaving
    if leftovers.get("passage"):
        from app.sandbox.identity import shut  # noqa: PLC0415 - only now: nothing else here needs it

        shut(leftovers["passage"], leftovers["uid"])
    if leftovers.get("remove"):
        os.execv("/bin/sh", ["sh", "-c", REMOVE, "sh", *leftovers["remove"]])  # noqa: S606
