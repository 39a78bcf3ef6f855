"""What the server is asked over the channel, and how it answers: one conversation with one worker.

Requests carry a number and are answered with it, each in a thread of its own; files going up come in order, without
answers, and are checked at `ready`. What the worker sends is taken as its word (it is the trusted side); paths are
checked all the same.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.errors import TransientError, UserError
from app.ports.sandbox import Execution, FileEntry, Limits
from app.sandbox import landlock
from app.sandbox.remote.container import ContainerSandbox, Place
from app.sandbox.remote.forward import Forwarder
from app.sandbox.remote.frames import SILENCE_SECONDS, BrokenChannel, Channel
from app.sandbox.remote.proof import prove
from app.sandbox.remote.upload import Unpacker

LAST_WORDS_SECONDS = 5.0
AT_ONCE = 64  # requests under way; a worker has a handful of threads

Head = Mapping[str, Any]
Answer = tuple[dict[str, Any], bytes]


class Session:
    """Serves `channel` until the worker closes the sandbox or is gone."""

    def __init__(self, channel: Channel, place: Path) -> None:
        self._channel = channel
        self._place = Place(place)
        self._place.make(None)
        self._unpacker = Unpacker({"tree": self._place.tree, "history": self._place.history})
        self._sandbox: ContainerSandbox | None = None
        self._way: tuple[tuple[str, int], str] = (("", 0), "")
        self._network = threading.Lock()  # one command at a time has the loopback proxy's port
        self._shown: dict[str, FileEntry] = {}
        self._generation = 0
        self._manifests = threading.Lock()
        self._heard = time.monotonic()
        self._places = threading.Semaphore(AT_ONCE)
        self._under_way = 0
        self._counting = threading.Lock()
        self._closing = threading.Event()
        self._answers: dict[str, Callable[[Head, bytes], Answer]] = {
            "ready": self._ready,
            "run": self._run,
            "shell": self._shell,
            "manifest": self._manifest,
            "close": self._close,
        }

    def serve(self) -> None:
        """Returns when the worker is gone or has closed the sandbox."""
        threading.Thread(target=self._watch, name="silence", daemon=True).start()
        try:
            while not self._closing.is_set():
                head, body = self._channel.receive()
                self._heard = time.monotonic()
                if head.get("op") == "put":
                    self._unpacker.put(head, body)
                    continue
                self._places.acquire()
                with self._counting:
                    self._under_way += 1
                threading.Thread(target=self._answer, args=(head, body), name="request", daemon=True).start()
        except BrokenChannel:
            pass  # the caller ends the process, and with it everything in the container

    def _watch(self) -> None:
        while time.monotonic() - self._heard < SILENCE_SECONDS:
            time.sleep(1)
        os._exit(3)

    def _answer(self, head: Head, body: bytes) -> None:
        try:
            answer, content = self._answers.get(head["op"], self._act)(head, body)
        except UserError as error:
            answer, content = {"error": "user", "text": str(error)}, b""
        except TransientError as error:
            answer = {"error": "transient", "text": str(error), "seconds": error.retry_after_seconds}
            content = b""
        except Exception as error:
            answer, content = {"error": "defect", "text": f"{type(error).__name__}: {error}"[:500]}, b""
        try:
            self._channel.send({**answer, "id": head.get("id")}, content)
        except BrokenChannel:
            pass  # `serve` hears of it, too
        with self._counting:
            self._under_way -= 1
        self._places.release()
        if head.get("op") == "close":
            self._closing.set()
            self._channel.close()

    # ------------------------------------------------------------ requests

    @property
    def _box(self) -> ContainerSandbox:
        if self._sandbox is None:
            raise UserError("the sandbox has no tree yet")
        return self._sandbox

    def _act(self, head: Head, body: bytes) -> Answer:
        """What is answered by having been done."""
        act = head["op"]
        if act == "read":
            return {}, self._box.read_file(head["path"])
        if act == "write":
            self._box.write_file(head["path"], body, mode=head["mode"])
        elif act == "remove":
            self._box.remove_file(head["path"])
        elif act == "restart_shell":
            self._box.restart_shell()
        elif act == "seal":
            self._box.seal()
        elif act == "reset":
            self._box.reset()
        elif act != "ping":
            raise ValueError(f"no such request: {act}")
        return {}, b""

    def _ready(self, head: Head, _body: bytes) -> Answer:
        """The files are there: make the sandbox around them."""
        self._unpacker.check(head["files"])
        self._sandbox = ContainerSandbox(
            self._place,
            Limits(**head["limits"]),
            lambda _egress, _report, *, uploads: self._forwarder(),  # noqa: ARG005 - the worker's proxy counts
            history=self._unpacker.digests,
            abi=head.get("abi"),
        )
        prove(self._sandbox)
        facts = {"kernel": platform.release(), "python": platform.python_version(), "landlock": landlock.abi()}
        return {"facts": facts, "root": self._sandbox.root}, b""

    def _run(self, head: Head, _body: bytes) -> Answer:
        if not head.get("network"):
            return _told(self._box.run(head["command"], timeout_seconds=head["timeout"]))
        with self._network:
            self._way = (self._channel.peer, int(head["network"]["port"])), str(head["network"]["credential"])
            return _told(self._box.run(head["command"], timeout_seconds=head["timeout"], network=True))

    def _forwarder(self) -> Forwarder:
        return Forwarder(*self._way)

    def _shell(self, head: Head, _body: bytes) -> Answer:
        return _told(self._box.shell(head["command"], timeout_seconds=head["timeout"]))

    def _manifest(self, head: Head, _body: bytes) -> Answer:
        """Only what differs from the manifest the worker has, which it names by number."""
        with self._manifests:
            try:
                now = dict(self._box.manifest())
            except OSError as error:
                raise UserError(f"commands have taken the tree itself away: {error.strerror}") from error
            before = self._shown if head["since"] == self._generation else {}
            changed = {path: [e.mode, e.digest, e.size] for path, e in now.items() if before.get(path) != e}
            removed = [path for path in before if path not in now]
            self._shown, self._generation = now, self._generation + 1
            told = {"changed": changed, "removed": removed, "whole": not before, "generation": self._generation}
            return {**told, "left_out": self._box.left_out}, b""

    def _close(self, _head: Head, _body: bytes) -> Answer:
        if self._sandbox is not None:
            self._sandbox.close()
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        while self._under_way > 1 and time.monotonic() < deadline:  # what was cut short is told so first
            time.sleep(0.002)
        return {}, b""


def _told(done: Execution) -> Answer:
    head = {
        "exit_code": done.exit_code,
        "seconds": done.seconds,
        "output_bytes": done.output_bytes,
        "killed_by": done.killed_by,
    }
    return head, done.output
