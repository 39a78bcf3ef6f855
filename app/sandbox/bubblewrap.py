"""Bubblewrap: every command in namespaces of its own, seeing system directories, the tree, a home and nothing else.

Run by root it first becomes a uid nobody else has, so that root and ordinary users go the same way.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from app.errors import UserError
from app.ports import Egress, EgressRequest, Limits
from app.sandbox import cgroup, identity, seccomp, toolchains
from app.sandbox.egress import EgressProxy
from app.sandbox.inner import CHANNEL_FD, take_door
from app.sandbox.inner import SCRIPT as DOOR
from app.sandbox.local import LocalSandbox
from app.sandbox.process import Nursery, Process, Spec
from app.sandbox.shell import SCRIPT
from app.sandbox.walls import Folders, Plan, rlimits

TREE, HOME, TMP, HISTORY, SCRIPT_INSIDE = "/workspace", "/home/agent", "/tmp", "/history", "/etc/lamplighter-shell"  # noqa: S108
UID = 1000  # as seen inside
ARGUMENTS_FD, FILTER_FD = 3, 4
# Filled in for every sandbox: what /etc says in there. git refuses a tree that belongs to somebody else without
# safe.directory, and everything in the tree belongs to the one user there is.
ETC = {
    "passwd": f"root:x:0:0:root:/root:/sbin/nologin\nagent:x:{UID}:{UID}:agent:{HOME}:/bin/bash\n",
    "group": f"root:x:0:\nagent:x:{UID}:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "resolv.conf": "",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "gitconfig": "[safe]\n\tdirectory = *\n",
}


class BubblewrapHost:
    """`home` is where sandboxes keep their own directories: `<home>/sandboxes/…`, removed by `close`."""

    name = "bubblewrap"

    def __init__(self, home: Path, *, program: str = "") -> None:
        self._home = home
        self._program = program or shutil.which("bwrap") or ""

    def tree_path(self, tree: Path) -> str:  # noqa: ARG002 - the port knows hosts where it depends on it
        return TREE

    def history_path(self, history: Path) -> str:  # noqa: ARG002
        return f"{HISTORY}/objects"

    def open(
        self,
        run_id: str,
        tree: Path,
        *,
        limits: Limits,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        history: Path | None = None,
    ) -> LocalSandbox:
        """Raises UserError when bubblewrap is not installed."""
        if not self._program:
            raise UserError("bubblewrap is not installed: `sudo apt install bubblewrap`")
        uid = identity.own_uid()
        folders = Folders(self._home, run_id, tree)
        folders.make(uid)
        passage = identity.Passage(uid)
        group = cgroup.make(memory_bytes=limits.memory_bytes, processes=limits.processes)
        nursery = Nursery()
        try:
            walls = BubblewrapWalls(self._program, folders, limits, history, uid=uid, group=group)
            for path in walls.sources:
                passage.to(path)
            nursery.leave(
                cgroups=[str(path) for path in group.paths] if group else [],
                remove=[str(folders.tree), str(folders.base)],
            )
            return LocalSandbox(
                self.name,
                folders,
                walls,
                uid=uid,
                limits=limits,
                egress=egress,
                on_request=on_request,
                nursery=nursery,
                group=group,
                passage=passage,
            )
        except BaseException:
            nursery.close()
            passage.close()
            if group:
                group.remove()
            raise


class BubblewrapWalls:
    """The arguments that build the namespaces; see `app.sandbox.local.Walls`."""

    root = TREE
    shell_script = SCRIPT_INSIDE
    shell_depth = 2  # bubblewrap outside, its init inside, bash

    def __init__(
        self,
        program: str,
        folders: Folders,
        limits: Limits,
        history: Path | None,
        *,
        uid: int | None,
        group: cgroup.Cgroup | None,
    ) -> None:
        self._program, self._folders, self._limits, self._uid, self._group = program, folders, limits, uid, group
        self._tools = toolchains.find()
        self._history = [] if history is None else object_directories(history.absolute() / "objects")
        for name, text in {**ETC, "shell": SCRIPT}.items():
            (folders.etc / name).write_text(text)
        self.sources = [folders.tree, folders.base, *self._tools.prefixes, *self._history]
        self._options = memory_file(b"".join(os.fsencode(option) + b"\0" for option in self._arguments()))
        self._filter = memory_file(seccomp.namespaced())

    def _arguments(self) -> list[str]:
        own = self._folders
        options = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID)]
        options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox"]
        options += ["--seccomp", str(FILTER_FD)]
        for path in map(Path, toolchains.SYSTEM):
            if path.is_symlink():
                options += ["--symlink", os.readlink(path), str(path)]
            elif path.is_dir():
                options += ["--ro-bind", str(path), str(path)]
        for name in toolchains.CONFIG_INSIDE_USR:
            if Path("/usr", name).is_dir():
                options += ["--tmpfs", f"/usr/{name}", "--remount-ro", f"/usr/{name}"]
        for path in [*toolchains.etc_paths(), *self._tools.prefixes]:
            options += ["--ro-bind", str(path), str(path)]
        for name in ETC:
            options += ["--ro-bind", str(own.etc / name), f"/etc/{name}"]
        options += ["--ro-bind", str(own.etc / "shell"), SCRIPT_INSIDE]
        options += ["--proc", "/proc", "--dev", "/dev", "--bind", str(own.shm), "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
        options += ["--bind", str(own.home), HOME, "--bind", str(own.tmp), TMP, "--bind", str(own.tree), TREE]
        if self._history:
            options += ["--ro-bind", str(self._history[0]), f"{HISTORY}/objects"]
        for path in self._history[1:]:  # what the history itself borrows from, named by absolute path
            options += ["--ro-bind", str(path), str(path)]
        return [*options, "--remount-ro", "/", "--chdir", TREE]

    def plan(self, argv: list[str], fds: dict[int, int], *, network: bool) -> Plan:
        # Each bubblewrap reads them from the start: a descriptor of its own, because copies share one offset.
        ours = [os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC) for fd in (self._options, self._filter)]
        inside = {**fds, ARGUMENTS_FD: ours[0], FILTER_FD: ours[1]}
        channel: socket.socket | None = None
        if network:
            channel, theirs = socket.socketpair()
            inside[CHANNEL_FD] = theirs.detach()
            ours.append(inside[CHANNEL_FD])
            argv = [str(self._tools.python), "-I", "-S", "-c", DOOR, *argv]
        if self._uid is None and self._group is None:
            # Counted per user namespace when set inside one (Linux 5.14); outside it would count the whole session.
            argv = ["/bin/bash", "-c", f'ulimit -u {self._limits.processes}; exec "$@"', "bash", *argv]
        env = toolchains.environment(home=HOME, tmp=TMP, path=self._tools.path, user="agent", proxy=network)
        spec = Spec(
            argv=[self._program, "--args", str(ARGUMENTS_FD), "--", *argv],
            env=env,
            fds=inside,
            chdir="/",
            uid=self._uid,
            rlimits=rlimits(self._limits, uid=self._uid, group=self._group),
            cgroups=self._group.join if self._group else (),
        )
        return Plan(spec=spec, close=ours, channel=channel)

    def connect(self, process: Process, plan: Plan, proxy: EgressProxy) -> None:  # noqa: ARG002
        assert plan.channel is not None
        with plan.channel as channel:
            proxy.serve(take_door(channel))

    def close(self) -> None:
        os.close(self._options)
        os.close(self._filter)


def memory_file(content: bytes) -> int:
    fd = os.memfd_create("lamplighter", os.MFD_CLOEXEC)
    os.write(fd, content)
    return fd


def object_directories(objects: Path) -> list[Path]:
    """A git object directory and those it borrows from, in git's order."""
    found = [objects]
    for folder in found:
        try:
            lines = (folder / "info" / "alternates").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            path = Path(os.path.normpath(folder / line))
            if line and not line.startswith("#") and path.is_dir() and path not in found and len(found) < 10:
                found.append(path)
    return found
