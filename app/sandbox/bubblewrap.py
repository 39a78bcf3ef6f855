"""Bubblewrap: every command in namespaces of its own, seeing system directories, the tree, a home and nothing else.

Run by root it first becomes a uid nobody else has, so that root and ordinary users go the same way.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from app.errors import UserError
from app.sandbox import seccomp, toolchains
from app.sandbox.cgroup import MakeGroup, make
from app.sandbox.egress import EgressProxy
from app.sandbox.host import LocalHost
from app.sandbox.inner import CHANNEL_FD, take_door
from app.sandbox.inner import SCRIPT as DOOR
from app.sandbox.process import Process, Spec
from app.sandbox.shell import SCRIPT
from app.sandbox.walls import MakeProxy, Plan, Proxy, Site, memory_file, object_directories

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


class BubblewrapHost(LocalHost):
    """`home` is where sandboxes keep their own directories: `<home>/sandboxes/…`, removed by `close`."""

    name = "bubblewrap"

    def __init__(
        self, home: Path, *, program: str = "", make_proxy: MakeProxy = EgressProxy, make_group: MakeGroup = make
    ) -> None:
        super().__init__(home, make_proxy=make_proxy, make_group=make_group)
        self._program = program or shutil.which("bwrap") or ""

    def tree_path(self, tree: Path) -> str:  # noqa: ARG002 - the port knows hosts where it depends on it
        return TREE

    def history_path(self, history: Path) -> str:  # noqa: ARG002
        return f"{HISTORY}/objects"

    def require(self) -> None:
        if not self._program:
            raise UserError("bubblewrap is not installed: `sudo apt install bubblewrap`")

    def build(self, site: Site) -> BubblewrapWalls:
        return BubblewrapWalls(self._program, site)


class BubblewrapWalls:
    """The arguments that build the namespaces; see `app.sandbox.local.Walls`."""

    root = TREE
    shell_script = SCRIPT_INSIDE
    stages = True
    shell_depth = 2  # bubblewrap outside, its init inside, bash

    def __init__(self, program: str, site: Site) -> None:
        self._program, self._site = program, site
        self._tools = toolchains.find()
        self._history = [] if site.history is None else object_directories(site.history / "objects")
        self._mounts = toolchains.assemble_etc(site.folders.etc)
        for name, text in {**ETC, Path(SCRIPT_INSIDE).name: SCRIPT}.items():
            (site.folders.etc / name).write_text(text)
        self.sources = [site.folders.tree, site.folders.base, *self._tools.prefixes, *self._history]
        self._places: Mapping[Path, str] = {}
        self._options = self._write_options()
        self._filter = memory_file(seccomp.namespaced())

    def relocate(self, places: Mapping[Path, str]) -> None:
        self._places = places
        os.close(self._options)
        self._options = self._write_options()

    def _at(self, path: Path) -> str:
        """Where bubblewrap finds a path of ours."""
        for source, place in self._places.items():
            if path.is_relative_to(source):
                return os.path.join(place, path.relative_to(source))
        return str(path)

    def _write_options(self) -> int:
        return memory_file(b"".join(os.fsencode(option) + b"\0" for option in self._arguments()))

    def _arguments(self) -> list[str]:
        own = self._site.folders
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
        options += ["--ro-bind", self._at(own.etc), "/etc"]
        for path in [*self._mounts, *self._tools.prefixes]:
            options += ["--ro-bind", self._at(path), str(path)]
        options += ["--proc", "/proc", "--dev", "/dev", "--bind", self._at(own.shm), "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
        options += ["--bind", self._at(own.home), HOME, "--bind", self._at(own.tmp), TMP]
        options += ["--bind", self._at(own.tree), TREE]
        if self._history:
            options += ["--ro-bind", self._at(self._history[0]), f"{HISTORY}/objects"]
        for path in self._history[1:]:  # what the history itself borrows from, named by absolute path
            options += ["--ro-bind", self._at(path), str(path)]
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
        site = self._site
        if site.uid is None and site.group is None:
            # Counted per user namespace when set inside one (Linux 5.14); outside it would count the whole session.
            argv = ["/bin/bash", "-c", f'ulimit -u {site.limits.processes}; exec "$@"', "bash", *argv]
        env = toolchains.environment(home=HOME, tmp=TMP, path=self._tools.path, user="agent", proxy=network)
        spec = Spec(
            argv=[self._program, "--args", str(ARGUMENTS_FD), "--", *argv],
            env=env,
            fds=inside,
            chdir="/",
            uid=site.uid,
            rlimits=site.rlimits(),
            cgroups=site.group.join if site.group else (),
        )
        return Plan(spec=spec, close=ours, channel=channel)

    def connect(self, process: Process, plan: Plan, proxy: Proxy | None) -> None:  # noqa: ARG002
        if proxy is None or plan.channel is None:
            return
        with plan.channel as channel:
            proxy.serve(take_door(channel))

    def forget(self) -> None:
        """Nothing else is writable, and what is shared otherwise ends with each command's namespaces."""

    def close(self) -> None:
        os.close(self._options)
        os.close(self._filter)
