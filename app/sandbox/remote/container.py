"""The walls of a container with one uid, no capability and no namespace to make: what `LocalSandbox` becomes there.

The container is the outer wall. Inside, commands have the server's own uid, so what keeps them from it is: it is the
first process (signals from inside do not end it), not dumpable (no ptrace, no /proc/1/mem or fd), keeps the sealed
state in a file without a name, and hands every command a seccomp filter. Landlock comes on top where the kernel has it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.errors import UserError
from app.ports.sandbox import Egress, Limits
from app.sandbox import identity, landlock, seccomp, toolchains
from app.sandbox.local import LocalSandbox
from app.sandbox.process import Nursery, Process, Spec
from app.sandbox.remote.first_process import forget_shared_memory, kill, kill_everybody, reap, wait_gone
from app.sandbox.remote.forward import Forwarder
from app.sandbox.remote.sockets import SocketMaker
from app.sandbox.remote.spool import Spool, Untouched
from app.sandbox.sealed import remove
from app.sandbox.shell import SCRIPT, children
from app.sandbox.walls import Folders, MakeProxy, Plan, Proxy, Site, memory_file

PLACE = Path("/work")  # the container's one writable place besides /tmp; fixed, because the client names paths in it
TREE, HISTORY = PLACE / "tree", PLACE / "history"
RULES_FD, FILTER_FD = 3, 4
LANDLOCK_ABI, SCOPED_ABI = 2, 6  # renames between directories; signals kept inside
SERVER_BYTES = 192 * 2**20
KEEPER_SECONDS = 5.0  # for a keeper to end its tree before it is taken for stopped
THREADS = 256  # of the server and its keepers, which the kernel counts with the commands' processes
# Of the image's own environment: where its tools are. Nothing else of the server's comes in.
TOOL_VARIABLES = ("JAVA_HOME", "GOROOT", "RUSTUP_HOME", "CARGO_HOME", "DOTNET_ROOT", "GEM_HOME", "NODE_PATH")
GITCONFIG = "[safe]\n\tdirectory = *\n"


class Place(Folders):
    """Fixed directories: there is one sandbox in a container."""

    def __init__(self, base: Path) -> None:
        self.tree, self.base = base / "tree", base
        self.home, self.etc, self.sealed = base / "home", base / "etc", base / "sealed"
        self.history = base / "history"
        self.tmp = _writable("/tmp", base / "tmp")  # noqa: S108 - the container's own
        self.shm = _writable("/dev/shm", base / "shm")  # noqa: S108

    def make(self, uid: int | None) -> None:  # noqa: ARG002 - there is only one
        for folder in (self.tree, self.home, self.etc, self.sealed, self.history, self.tmp, self.shm):
            folder.mkdir(parents=True, exist_ok=True)

    def remember(self) -> None:
        """Which directories these are: commands own what is above them and could put others in their place."""
        self._known = [(folder, _identity(folder)) for folder in (self.tree, self.home, self.history, self.etc)]

    def check(self) -> None:
        """Raises UserError when one is no longer the one it was."""
        for folder, known in self._known:
            if _identity(folder) != known:
                raise UserError(f"commands have moved `{folder}` away; nothing can be verified in this sandbox")

    def write_scripts(self) -> None:
        """What commands could have rewritten; nothing rests on it but the kept shell, whose word is hearsay."""
        self._empty(self.etc)
        for name, text in (("shell", SCRIPT), ("gitconfig", GITCONFIG)):
            (self.etc / name).write_text(text)

    def sweep(self) -> None:
        """Remove what commands put beside the folders, which is theirs to write in where there is no Landlock."""
        own = {self.tree, self.home, self.etc, self.history, self.tmp, self.shm}
        self.base.chmod(0o755)
        for entry in list(self.base.iterdir()):
            if entry not in own:
                remove(entry)
        self.sealed.mkdir()
        os.utime(self.base, (0, 0))

    def _empty(self, folder: Path) -> None:
        folder.chmod(0o755)
        for entry in list(folder.iterdir()):
            remove(entry)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.lstat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def fitting(limits: Limits) -> Limits:
    """No more memory than the task has, less what the server needs: else the kernel chooses whom to end."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return replace(limits, memory_bytes=min(limits.memory_bytes, int(line.split()[1]) * 1024 - SERVER_BYTES))
    return limits


def _writable(path: str, otherwise: Path) -> Path:
    return Path(path) if os.access(path, os.W_OK | os.X_OK) else otherwise


class ContainerWalls:
    """See `app.sandbox.walls.Walls`. `abi` pretends an older Landlock than the kernel's."""

    stages = False
    shell_depth = 0
    sources = ()

    def __init__(self, site: Site, place: Place, *, abi: int | None = None) -> None:
        self._site, self._place = site, place
        self._abi = landlock.abi() if abi is None else min(abi, landlock.abi())
        self.root, self.shell_script = str(place.tree), str(place.etc / "shell")
        self._filter = -1
        self._rules: landlock.Ruleset | None = None
        if self._abi >= LANDLOCK_ABI:
            self._rules = landlock.Ruleset(self._abi, network=False)
            self._rules.allow(["/"], landlock.READ)
            self._rules.allow(["/dev", "/proc"], landlock.DEVICE | landlock.READ | landlock.IOCTL_DEV)
            self._rules.allow([place.tree, place.home, place.tmp, place.shm], landlock.WRITE)

    def watched_by(self, nursery: Nursery) -> None:
        """Name the process that commands must not reach; it changes with every seal and reset."""
        if self._filter >= 0:
            os.close(self._filter)
        self._filter = memory_file(seccomp.container(nursery.pid))

    def plan(self, argv: list[str], fds: dict[int, int], *, network: bool) -> Plan:
        place = self._place
        env = toolchains.environment(
            home=str(place.home), tmp=str(place.tmp), path=_path(), user="agent", proxy=network
        )
        env["GIT_CONFIG_SYSTEM"] = str(place.etc / "gitconfig")
        env |= {name: os.environ[name] for name in TOOL_VARIABLES if name in os.environ}
        inside, confine = {**fds, FILTER_FD: self._filter}, {"filter": FILTER_FD}
        if self._rules is not None:
            inside[RULES_FD] = self._rules.fd
            confine["landlock"] = RULES_FD
        spec = Spec(
            argv=argv,
            env=env,
            fds=inside,
            chdir=self.root,
            rlimits={**self._site.rlimits(), "NPROC": self._site.limits.processes + THREADS},
            scope=self._abi >= SCOPED_ABI,
            confine=confine,
            notify=True,
        )
        return Plan(spec=spec)

    def connect(self, process: Process, plan: Plan, proxy: Proxy | None) -> None:  # noqa: ARG002
        SocketMaker(process.take_listener(), proxy.made if isinstance(proxy, Forwarder) else lambda _inode: None)

    def relocate(self, places: Mapping[Path, str]) -> None:
        raise NotImplementedError

    def forget(self) -> None:
        self._place.sweep()
        forget_shared_memory()

    def close(self) -> None:
        os.close(self._filter)
        if self._rules is not None:
            self._rules.close()


def _path() -> tuple[str, ...]:
    """The image's own search path."""
    return tuple(folder for folder in os.environ.get("PATH", "").split(":") if folder.startswith("/"))


class ContainerSandbox(LocalSandbox):
    """`LocalSandbox` as the first process of its container: what it kills is everything but itself."""

    _walls: ContainerWalls

    def __init__(
        self,
        place: Place,
        limits: Limits,
        make_proxy: MakeProxy,
        *,
        history: Mapping[str, str],
        abi: int | None = None,
    ) -> None:
        """`history`: path → digest of the project's git objects."""
        place.write_scripts()
        place.remember()
        self._place, limits = place, fitting(limits)
        walls = ContainerWalls(Site(folders=place, limits=limits, uid=None, group=None, history=None), place, abi=abi)
        nursery = Nursery(hidden=True)
        walls.watched_by(nursery)
        super().__init__(
            "remote",
            place,
            walls,
            uid=None,
            limits=limits,
            egress=Egress(),  # decided by the worker's proxy
            on_request=lambda _request: None,
            make_proxy=make_proxy,
            nursery=nursery,
            group=None,
            passage=identity.Passage(None),
            seals=(
                Untouched(place.history, history),
                *(Spool(live, place.sealed) for live in (place.tree, place.home, place.tmp, place.shm)),
            ),
        )

    def _end(self, process: Process) -> None:
        process.kill("closed")
        if not process.wait_gone(KEEPER_SECONDS):
            kill(process.keeper)  # something inside has stopped it
        super()._end(process)
        if process.exit_code is None and not process.signal and not process.killed_by:
            process.killed_by = "closed"  # its keeper was killed from inside: nobody saw its end
        if process.is_orphaned:
            wait_gone(process.keeper, KEEPER_SECONDS)  # what it leaves is ours only then
            self._sweep()

    def _sweep(self) -> None:
        """Whoever killed its keeper is our child now, like whoever it had started: end them."""
        for _ in range(500):
            strays = [pid for pid in children(1) if pid != self._nursery.pid]
            if not strays or self._frozen or self._closed:
                return
            for pid in strays:
                kill(pid)
            time.sleep(0.002)
        with self._freeze():
            pass  # they multiply faster than they die one by one: the kept shell goes with them

    def _kill_all(self) -> bool:
        """Everything in the container but this process, at once and for certain; then a new nursery."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.kill("closed")
        old = self._nursery
        kill_everybody()
        old.close()
        while reap():
            kill_everybody()
            time.sleep(0.001)
        is_quiet = super()._kill_all()  # the threads that own what ran have heard of its end
        if not self._closed:
            self._nursery = Nursery(hidden=True)
            self._walls.watched_by(self._nursery)
            self._place.write_scripts()
        return is_quiet

    def reset(self) -> None:
        with self._freeze():
            self._place.check()
        super().reset()

    def close(self) -> None:
        """Kill everything; the container goes with the server, so nothing needs removing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._kill_all()
        self._watch.close()
