"""Opening a remote sandbox: the task starts while the worker clones, then the files go over."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path

from app import log
from app.errors import TransientError
from app.ports.sandbox import Egress, EgressRequest, Limits
from app.retry import looks
from app.sandbox.egress import EgressProxy
from app.sandbox.egress_policy import Network
from app.sandbox.remote.client import CLOSE_SECONDS, LONG_SECONDS, RemoteSandbox
from app.sandbox.remote.container import HISTORY, TREE
from app.sandbox.remote.frames import BrokenChannel, Channel, new_key, prove
from app.sandbox.remote.gate import PORT, Gate
from app.sandbox.remote.tasks import SandboxTasks
from app.sandbox.remote.upload import pack, pack_history
from app.sandbox.walls import object_directories, ways_out

SERVER_SECONDS = 60.0  # from the task's address to the server's first word
CONNECT_SECONDS = 5.0


class RemoteHost:
    """Implements `app.ports.sandbox.SandboxHost`. `networks`: see `EgressProxy`; `abi` pretends an older Landlock;
    `close_seconds`: how long a server may take to close.
    """

    name = "remote"

    def __init__(
        self,
        tasks: SandboxTasks,
        *,
        networks: tuple[Network, ...] = (),
        egress_port: int = PORT,
        abi: int | None = None,
        make_proxy: Callable[..., EgressProxy] = EgressProxy,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        self._close_seconds = close_seconds
        self._tasks, self._egress_port, self._abi = tasks, egress_port, abi
        self._make_proxy = partial(make_proxy, networks=networks) if networks else make_proxy
        self._lock = threading.Lock()
        self._started: dict[str, tuple[str, bytes]] = {}  # run → (task's handle, channel's key)

    def tree_path(self, tree: Path) -> str:  # noqa: ARG002 - there is one tree in a container
        return str(TREE)

    def history_path(self, history: Path) -> str:  # noqa: ARG002
        return str(HISTORY / "0")

    def prepare(self, run_id: str, image: str) -> None:
        """Ask for the task; once per run, whoever asks again."""
        with self._lock:
            if run_id not in self._started:
                key, commitment = new_key()
                self._started[run_id] = self._tasks.start(run_id, image, commitment), key

    def forget(self, run_id: str) -> None:
        """Stop a task that nobody opened."""
        with self._lock:
            started = self._started.pop(run_id, None)
        if started is not None:
            self._stop(started[0])

    def open(
        self,
        run_id: str,
        tree: Path,
        *,
        limits: Limits,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        history: Path | None = None,
    ) -> RemoteSandbox:
        """Raises UserError, TransientError; the task is stopped then."""
        self.prepare(run_id, "")
        with self._lock:
            handle, key = self._started.pop(run_id)
        stop = partial(self._stop, handle)
        started = time.monotonic()
        try:
            channel, gate = self._connect(handle, key)
        except BaseException:
            stop()
            raise
        sandbox = RemoteSandbox(
            channel,
            root=str(TREE),
            limits=limits,
            gate=gate,
            make_proxy=ways_out(self._make_proxy, egress, on_request),
            on_close=stop,
            close_seconds=self._close_seconds,
        )
        reached = time.monotonic()
        try:
            self._fill(channel, sandbox, tree, limits, history)
            shutil.rmtree(tree)  # taken over
        except BaseException:
            sandbox.close()
            raise
        waited, upload = round(reached - started, 2), round(time.monotonic() - reached, 2)
        facts = dict(sandbox.facts)
        log.event("sandbox.opened", run=run_id, waited_seconds=waited, upload_seconds=upload, facts=facts)
        return sandbox

    def _connect(self, handle: str, key: bytes) -> tuple[Channel, Gate]:
        """The channel to the task's server, and the way out for whoever is at its other end."""
        sock = self._reach(*self._tasks.address(handle))
        try:
            gate = Gate(sock.getsockname()[0], sock.getpeername()[0], self._egress_port)
            return prove(sock, key), gate
        except (BrokenChannel, OSError) as error:
            sock.close()
            raise TransientError(f"the sandbox's server does not answer: {error}", retry_after_seconds=30) from error

    def _stop(self, handle: str) -> None:
        try:
            self._tasks.stop(handle)
        except TransientError as error:  # it ends by itself without us
            log.event("sandbox.stop_failed", level=log.WARNING, error=error)

    def _reach(self, host: str, port: int) -> socket.socket:
        """Connect to the server, which may still be starting."""
        for _ in looks(0.05, SERVER_SECONDS):
            try:
                return socket.create_connection((host, port), CONNECT_SECONDS)
            except OSError as error:
                said = error
        raise TransientError(f"the sandbox's server is not there: {said}", retry_after_seconds=30) from said

    def _fill(self, channel: Channel, sandbox: RemoteSandbox, tree: Path, limits: Limits, history: Path | None) -> None:
        files = 0
        objects = object_directories(history.absolute() / "objects") if history else []
        try:
            for head, body in chain(pack("tree", tree), pack_history(objects)):
                files += sum(item.kind in ("file", "link") for item in head["items"])
                channel.send(head, body)
        except BrokenChannel as error:
            raise TransientError(f"the sandbox is gone: {error}", retry_after_seconds=30) from error
        answer, _body = sandbox.ask("ready", files=files, limits=asdict(limits), abi=self._abi, seconds=LONG_SECONDS)
        facts = answer.get("facts")
        sandbox.facts = {str(k)[:20]: str(v)[:80] for k, v in facts.items()} if isinstance(facts, dict) else {}
