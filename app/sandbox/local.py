"""One sandbox on this machine: what bubblewrap and the jail have in common. The walls themselves are a `Walls`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from app.errors import TransientError, UserError
from app.ports.sandbox import Egress, EgressRequest, Execution, Limits, Manifest
from app.sandbox import cgroup, identity
from app.sandbox.capture import Capture, check_command, execution, follow
from app.sandbox.files import Files
from app.sandbox.process import Nursery, Process
from app.sandbox.sealed import Sealed, remove
from app.sandbox.shell import Shell
from app.sandbox.walk import Walker
from app.sandbox.walls import Folders, MakeProxy, Proxy, Seal, Walls, ways_out
from app.sandbox.watch import Disk, Watch


class LocalSandbox:
    """Implements `app.ports.Sandbox`. Methods may be called from any thread; `shell` takes one command at a time."""

    def __init__(
        self,
        name: str,
        folders: Folders,
        walls: Walls,
        *,
        uid: int | None,
        limits: Limits,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        make_proxy: MakeProxy,
        nursery: Nursery,
        group: cgroup.Cgroup | None,
        passage: identity.Passage,
        seals: Sequence[Seal] = (),
    ) -> None:
        self.name = name
        self.root = walls.root
        self._folders, self._walls, self._limits = folders, walls, limits
        self._open_proxy = ways_out(make_proxy, egress, on_request)
        self._nursery, self._group, self._passage = nursery, group, passage
        self._closed = False
        self._lock = threading.Lock()
        self._frozen = False
        self._starting = 0
        self._running: set[Process] = set()
        self._walker = Walker(folders.tree)
        self._files = Files(folders.tree, uid)
        self._seals = seals or [
            Sealed(live, folders.sealed / live.name) for live in (folders.tree, folders.home, folders.tmp, folders.shm)
        ]
        self._sealed: Future[None] | None = None
        self._watch = Watch(
            Disk((folders.tree, folders.home, folders.tmp, folders.shm), limits.disk_bytes),
            memory_bytes=limits.memory_bytes,
            processes=limits.processes,
            memory_kills=group.memory_kills if group else None,
        )
        self._shell = Shell(self._start, self._end, walls.shell_script, walls.shell_depth)

    @property
    def left_out(self) -> dict[str, str]:
        """Path → why it is not in the last manifest."""
        return self._walker.left_out

    # ------------------------------------------------------------ commands

    def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        network: bool = False,
        withheld: tuple[str, ...] = (),
    ) -> Execution:
        check_command(command)
        self._settle()
        started = time.monotonic()
        deadline = started + (timeout_seconds or self._limits.timeout_seconds)
        capture = Capture(self._limits.output_bytes)
        with self._proxy(network, withheld) as proxy:
            output, writer = os.pipe2(os.O_CLOEXEC)
            try:
                process = self._start_quiet(command, writer, proxy)
                try:
                    os.set_blocking(output, False)
                    follow(process, output, capture, deadline)
                finally:
                    self._end(process)
            finally:
                os.close(output)
        return execution(command, process, capture, started)

    def _start_quiet(self, command: str, writer: int, proxy: Proxy | None) -> Process:
        """Nothing to read, both outputs into one pipe, in the order they are written."""
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return self._start(["/bin/bash", "-c", command], {0: nothing, 1: writer, 2: writer}, proxy)
        finally:
            os.close(nothing)
            os.close(writer)

    def shell(self, command: str, *, timeout_seconds: float | None = None) -> Execution:
        check_command(command)
        self._settle()
        return self._shell.run(command, timeout_seconds or self._limits.timeout_seconds, self._limits.output_bytes)

    def restart_shell(self) -> None:
        self._shell.stop()

    def _start(self, argv: list[str], fds: dict[int, int], proxy: Proxy | None = None) -> Process:
        self._enter()
        try:
            return self._start_confined(argv, fds, proxy)
        finally:
            with self._lock:
                self._starting -= 1

    def _enter(self) -> None:
        """Nothing may start while everything is being killed or copied: the copy is made with the harness's rights."""
        while True:
            self._settle()
            with self._lock:
                if self._closed:
                    raise UserError("the sandbox is closed")
                if self._frozen:
                    raise TransientError("the sandbox is being sealed or reset", retry_after_seconds=1)
                if self._sealed is None or self._sealed.done():
                    self._starting += 1
                    return

    def _start_confined(self, argv: list[str], fds: dict[int, int], proxy: Proxy | None) -> Process:
        self._passage.renew()
        plan = self._walls.plan(argv, fds, network=proxy is not None)
        try:
            process = self._nursery.start(plan.spec)
        except TransientError:
            if self._is_closed():  # and its keeper killed before it could say that the command runs
                raise UserError("the sandbox is closed") from None
            raise
        finally:
            for fd in plan.close:
                os.close(fd)
        with self._lock:
            self._running.add(process)
        self._watch.add(process)
        if self._is_closed():
            process.kill("closed")  # `close` came between the two looks and does not know of it
        try:
            self._walls.connect(process, plan, proxy)
        except BaseException:
            self._end(process)
            raise
        return process

    def _is_closed(self) -> bool:
        return self._closed

    def _end(self, process: Process) -> None:
        """Kill what is left, wait until it is gone, and look once more at the limits it may have broken."""
        process.kill("closed")
        process.wait_gone()
        if process.exit_code != 0 and not self._closed:
            self._watch.judge(process)
        self._watch.remove(process)
        with self._lock:
            self._running.discard(process)
        process.close()

    @contextmanager
    def _proxy(self, network: bool, withheld: tuple[str, ...]) -> Iterator[Proxy | None]:
        if not network:
            yield None
            return
        proxy = self._open_proxy(withheld)
        try:
            yield proxy
        finally:
            proxy.close()

    # ------------------------------------------------------------ files

    def read_file(self, path: str) -> bytes:
        return self._files.read(path)

    def write_file(self, path: str, content: bytes, *, mode: str | None = None) -> None:
        self._settle()
        self._files.write(path, content, mode)

    def remove_file(self, path: str) -> None:
        self._settle()
        self._files.remove(path)

    def manifest(self) -> Manifest:
        return self._walker.manifest()

    # ------------------------------------------------------------ life

    def seal(self) -> None:
        """Ends the kept shell and everything else that runs: what still writes cannot be remembered truthfully.

        The copy is made in a thread (4 s for 200 MB) while the model reads the issue; whatever could change a file
        waits for it, and raises what went wrong with it.
        """
        self._settle()
        done = Future[None]()
        with self._freeze():
            self._sealed = done
        threading.Thread(target=self._take_seals, args=(done,), name="seal", daemon=True).start()

    def _take_seals(self, done: Future[None]) -> None:
        try:
            for seal in self._seals:
                seal.take()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _settle(self) -> None:
        """Wait for the copy that is being made. Raises UserError when it could not be made."""
        if self._sealed is not None:
            self._sealed.result()

    def reset(self) -> None:
        """Back to the sealed state. Raises UserError when nothing was sealed."""
        if self._sealed is None:
            raise UserError("the sandbox was never sealed")
        self._settle()
        with self._freeze():
            self._walls.forget()
            for seal in self._seals:
                seal.give_back()

    @contextmanager
    def _freeze(self) -> Iterator[None]:
        """Kill everything and let nothing start."""
        with self._lock:
            self._frozen = True
        try:
            if not self._kill_all():
                raise TransientError("something in the sandbox could not be ended", retry_after_seconds=10)
            yield
        finally:
            with self._lock:
                self._frozen = False

    def _kill_all(self) -> bool:
        """Returns whether nothing runs any more: the threads that own what ran have heard of its end."""
        self._shell.stop()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with self._lock:
                running = list(self._running)
                if not running and not self._starting:
                    return True
            for process in running:
                process.kill("closed")
            time.sleep(0.005)
        return False

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._kill_all()
        if self._sealed is not None:
            self._sealed.exception()  # waits: nothing is removed under the copy, and its failure is no news any more
        self._watch.close()
        self._nursery.close()
        self._walls.close()
        self._files.close()
        for path in (self._folders.tree, self._folders.base):
            remove(path)
        if self._group is not None:
            self._group.remove()
        self._passage.close()

    def __enter__(self) -> LocalSandbox:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
