"""The jail: no namespaces. A uid of its own (when the harness is root), no_new_privs, Landlock, seccomp, rlimits.

For machines without bubblewrap or where namespaces are forbidden. Weaker than bubblewrap, and named so: names and
attributes of the machine's files can be probed by path though never read or listed; there is no loopback network and no
UNIX socket but connected pairs; /proc shows no processes; shared memory is the machine's, told apart by uid, and only
for root; an ordinary user's own files outside could have their modes changed, because no Landlock right governs that.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from app.errors import UserError
from app.sandbox import landlock, seccomp, toolchains
from app.sandbox.cgroup import MakeGroup, make
from app.sandbox.connector import Connector
from app.sandbox.egress import EgressProxy
from app.sandbox.host import LocalHost
from app.sandbox.process import Process, Spec
from app.sandbox.shell import SCRIPT
from app.sandbox.walls import MakeProxy, Plan, Proxy, Site, memory_file, object_directories

RULES_FD, FILTER_FD = 3, 4
NEEDED_ABI = 2  # renaming and linking between directories, which git and every package manager do
SCOPED_ABI = 6  # Linux 6.12: signals are kept inside
SHM = Path("/dev/shm")  # noqa: S108
GITCONFIG = "[safe]\n\tdirectory = *\n"


class JailHost(LocalHost):
    """`home` as for `BubblewrapHost`. `abi` pretends an older Landlock than the kernel's."""

    name = "jail"

    def __init__(
        self, home: Path, *, abi: int | None = None, make_proxy: MakeProxy = EgressProxy, make_group: MakeGroup = make
    ) -> None:
        super().__init__(home, make_proxy=make_proxy, make_group=make_group)
        self._abi = landlock.abi() if abi is None else min(abi, landlock.abi())

    def tree_path(self, tree: Path) -> str:
        return str(tree.absolute())

    def history_path(self, history: Path) -> str:
        return str(history.absolute() / "objects")

    def require(self) -> None:
        needed, kernel = (NEEDED_ABI, "5.19") if os.geteuid() == 0 else (SCOPED_ABI, "6.12")
        if self._abi < needed:
            raise UserError(
                f"the jail needs Landlock as of Linux {kernel}, and this kernel has {self._abi or 'none'} of the "
                f"{needed} versions of it; `sudo apt install bubblewrap` gives the better sandbox"
            )

    def build(self, site: Site) -> JailWalls:
        return JailWalls(site, self._abi)


class JailWalls:
    """Rules and filters; see `app.sandbox.walls.Walls`."""

    stages = False
    shell_depth = 0  # bash itself

    def __init__(self, site: Site, abi: int) -> None:
        self._site, self._abi = site, abi
        self._tools = toolchains.find()
        own = site.folders
        self.root = str(own.tree)
        self.shell_script = str(own.etc / "shell")
        (own.etc / "shell").write_text(SCRIPT)
        (own.etc / "gitconfig").write_text(GITCONFIG)
        history = [] if site.history is None else object_directories(site.history / "objects")
        self.sources = [own.tree, own.base, *self._tools.prefixes, *history]
        self._rules = landlock.Ruleset(abi)
        self._allow(history)
        self._filters = {network: memory_file(seccomp.bare(network=network)) for network in (False, True)}
        self._connectors: list[Connector] = []

    def _allow(self, history: list[Path]) -> None:
        own, rules = self._site.folders, self._rules
        rules.allow((own.tree, own.home, own.tmp), landlock.WRITE)
        rules.allow((*_system_directories(), *self._tools.prefixes), landlock.READ)
        rules.allow((*toolchains.etc_paths(), own.etc, *history), landlock.READ & ~landlock.EXECUTE)
        rules.allow(toolchains.DEVICES, landlock.DEVICE)
        rules.allow(toolchains.MACHINE_FACTS, landlock.READ_FILE | landlock.READ_DIR)
        if self._has_shared_memory():
            files = landlock.READ_FILE | landlock.WRITE_FILE | landlock.TRUNCATE
            rules.allow([SHM], files | landlock.MAKE_REG | landlock.REMOVE_FILE)

    def _has_shared_memory(self) -> bool:
        """The machine's own, by name only: sound where the uid keeps others' out and the group counts the memory."""
        return self._site.uid is not None and self._site.group is not None

    def plan(self, argv: list[str], fds: dict[int, int], *, network: bool) -> Plan:
        own, site = self._site.folders, self._site
        env = toolchains.environment(
            home=str(own.home), tmp=str(own.tmp), path=self._tools.path, user="agent", proxy=network
        )
        env["GIT_CONFIG_SYSTEM"] = str(own.etc / "gitconfig")
        spec = Spec(
            argv=argv,
            env=env,
            fds={**fds, RULES_FD: self._rules.fd, FILTER_FD: self._filters[network]},
            chdir=str(own.tree),
            uid=site.uid,
            rlimits=site.rlimits(),
            cgroups=site.group.join if site.group else (),
            scope=self._abi >= SCOPED_ABI,
            confine={"landlock": RULES_FD, "filter": FILTER_FD},
            notify=network,
        )
        return Plan(spec=spec)

    def connect(self, process: Process, plan: Plan, proxy: Proxy | None) -> None:  # noqa: ARG002
        if proxy is None:
            return
        door = socket.create_server(("127.0.0.1", 0), backlog=128)
        connector = Connector(process.take_listener(), door.getsockname()[:2])
        self._connectors = [known for known in self._connectors if known.is_alive] + [connector]
        proxy.serve(door, connector.is_ours)

    def relocate(self, places: Mapping[Path, str]) -> None:
        raise NotImplementedError  # paths inside are the machine's

    def close(self) -> None:
        for connector in self._connectors:
            connector.close()
        for fd in self._filters.values():
            os.close(fd)
        self._rules.close()
        self.forget()

    def forget(self) -> None:
        """The machine's shared memory under the sandbox's uid."""
        if self._has_shared_memory():
            for path in SHM.iterdir():
                if path.lstat().st_uid == self._site.uid:
                    path.unlink()


def _system_directories() -> list[Path]:
    """Like the system directories, minus the configuration inside them: Landlock can only add."""
    found: list[Path] = []
    hidden = {Path("/usr", name) for name in toolchains.CONFIG_INSIDE_USR}
    todo = [Path(path) for path in toolchains.SYSTEM if not Path(path).is_symlink() and Path(path).is_dir()]
    while todo:
        path = todo.pop()
        if path in hidden:
            continue
        if any(other.is_relative_to(path) for other in hidden):
            todo += path.iterdir()
        else:
            found.append(path)
    return found
