"""`RemoteSandbox`: the sandbox port over a channel. Whatever comes back is hostile until it was looked at.

The server shares a container with what it runs, so nothing here trusts it: paths, modes, digests, sizes and exit codes
are checked for shape, contents are bounded, and every request has an end. What the server could lie about if it were
taken over is what a command printed and how it ended; it has no credential and no way to anything else.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as NotInTime
from contextlib import nullcontext
from functools import partial
from typing import Any

from app import log
from app.errors import LamplighterError, TransientError, UserError
from app.ports.sandbox import Execution, FileEntry, Limits, Manifest
from app.sandbox.capture import check_command
from app.sandbox.egress import EgressProxy
from app.sandbox.files import READ_LIMIT, check_path
from app.sandbox.remote.frames import BEAT_SECONDS, SILENCE_SECONDS, BrokenChannel, Channel
from app.sandbox.remote.gate import Gate
from app.sandbox.walk import MAX_ENTRIES, MAX_LEFT_OUT

ANSWER_SECONDS = 120.0  # for what is done at once, on a machine that may be swapping
CLOSE_SECONDS = 20.0  # a machine that is taken away gives its worker two minutes in all
LONG_SECONDS = 900.0  # for what walks or copies everything
SLACK_BYTES = 4096  # notes in an output, beyond what is kept of it
_MODES = ("100644", "100755", "120000")
_KILLS = ("", "time", "memory", "disk", "output", "closed")
_DIGEST = re.compile("[0-9a-f]{64}")

Answer = tuple[dict[str, Any], bytes]


class RemoteSandbox:
    """Implements `app.ports.sandbox.Sandbox`. Methods may be called from any thread."""

    name = "remote"

    def __init__(
        self,
        channel: Channel,
        *,
        root: str,
        limits: Limits,
        gate: Gate,
        make_proxy: Callable[[tuple[str, ...]], EgressProxy],
        on_close: Callable[[], None],
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        self.root = root
        self.facts: Mapping[str, Any] = {}  # what the server says of itself
        self._channel, self._limits = channel, limits
        self._gate, self._make_proxy, self._on_close = gate, make_proxy, on_close
        self._close_seconds = close_seconds
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Answer]] = {}
        self._number = 0
        self._heard = time.monotonic()
        self._gone = ""  # why nothing can be asked any more
        self._closed = threading.Event()
        self._closing = threading.Lock()
        self._manifests = threading.Lock()
        self._manifest: dict[str, FileEntry] = {}
        self._generation = 0
        self._left_out: dict[str, str] = {}
        for work in (self._listen, self._beat):
            threading.Thread(target=work, name="remote-sandbox", daemon=True).start()

    # ------------------------------------------------------------ the channel

    def ask(self, op: str, body: bytes = b"", *, seconds: float = ANSWER_SECONDS, **head: Any) -> Answer:
        """One request and its answer. Raises UserError, TransientError as the other side did, or when it is gone."""
        waiting: Future[Answer] = Future()
        with self._lock:
            if self._gone:
                raise _gone(self._gone)
            self._number += 1
            number = self._number
            self._waiting[number] = waiting
        try:
            self._channel.send({**head, "op": op, "id": number}, body)
            answer, content = waiting.result(seconds)
        except BrokenChannel as error:
            self._lose(str(error))
            raise _gone(self._gone) from error
        except NotInTime:
            self._lose(f"no answer to `{op}` in {seconds:.0f} s")
            raise _gone(self._gone) from None
        finally:
            with self._lock:
                self._waiting.pop(number, None)
        if "error" in answer:
            raise _error(answer)
        return answer, content

    def _listen(self) -> None:
        try:
            while True:
                head, body = self._channel.receive()
                self._heard = time.monotonic()
                with self._lock:
                    waiting = self._waiting.get(head.get("id", 0)) if isinstance(head.get("id"), int) else None
                if waiting is not None:
                    try:
                        waiting.set_result((head, body))
                    except InvalidStateError:
                        pass  # answered twice
        except BrokenChannel as error:
            self._lose(str(error))

    def _beat(self) -> None:
        """Tell the server that we live, and notice that it does not: a stopped task sends no word of its end."""
        while not self._closed.wait(BEAT_SECONDS):
            if time.monotonic() - self._heard > SILENCE_SECONDS:
                self._lose(f"silent for {SILENCE_SECONDS:.0f} s")
                return
            try:
                self._channel.send({"op": "ping", "id": 0})
            except BrokenChannel as error:
                self._lose(str(error))
                return

    def _lose(self, reason: str) -> None:
        with self._lock:
            self._gone = self._gone or ("closed" if self._closed.is_set() else reason)
            waiting = list(self._waiting.values())
        self._channel.close()
        for future in waiting:
            if not future.done():
                future.set_exception(BrokenChannel(reason))

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
        way = self._gate.open(partial(self._make_proxy, withheld)) if network else nullcontext()
        with way as told:
            return self._execute("run", command, timeout_seconds, network=told)

    def shell(self, command: str, *, timeout_seconds: float | None = None) -> Execution:
        check_command(command)
        return self._execute("shell", command, timeout_seconds)

    def _execute(self, op: str, command: str, timeout_seconds: float | None, **more: Any) -> Execution:
        timeout = timeout_seconds or self._limits.timeout_seconds
        answer, output = self.ask(op, command=command, timeout=timeout, seconds=timeout + LONG_SECONDS, **more)
        return _execution(command, answer, output, self._limits)

    def restart_shell(self) -> None:
        self.ask("restart_shell")

    # ------------------------------------------------------------ files

    def read_file(self, path: str) -> bytes:
        check_path(path)
        content = self.ask("read", path=path)[1]
        if len(content) > READ_LIMIT:
            raise UserError(f"`{path}` is too big to read: the limit is {READ_LIMIT} bytes")
        return content

    def write_file(self, path: str, content: bytes, *, mode: str | None = None) -> None:
        check_path(path)
        if len(content) > READ_LIMIT:
            raise UserError(f"`{path}` is too big to write: the limit is {READ_LIMIT} bytes")
        self.ask("write", content, path=path, mode=mode, seconds=LONG_SECONDS)

    def remove_file(self, path: str) -> None:
        check_path(path)
        self.ask("remove", path=path)

    def manifest(self) -> Manifest:
        """Only what changed since the last one comes over; the rest is the same objects as before."""
        with self._manifests:
            answer, _body = self.ask("manifest", since=self._generation, seconds=LONG_SECONDS)
            try:
                found = {} if answer["whole"] else dict(self._manifest)
                for path in answer["removed"]:
                    found.pop(path, None)
                for path, fields in answer["changed"].items():
                    found[path] = _entry(path, fields)
                if len(found) > MAX_ENTRIES:
                    raise ValueError("too many names")
                self._left_out = _left_out(answer["left_out"])
                self._generation = int(answer["generation"])
            except (KeyError, TypeError, ValueError, AttributeError, LamplighterError) as error:
                self._lose("its manifest makes no sense")
                raise _gone(f"its manifest makes no sense: {type(error).__name__}") from error
            self._manifest = {path: found[path] for path in sorted(found)}
            return dict(self._manifest)

    @property
    def left_out(self) -> Mapping[str, str]:
        return self._left_out

    # ------------------------------------------------------------ life

    def seal(self) -> None:
        self.ask("seal", seconds=LONG_SECONDS)

    def reset(self) -> None:
        self.ask("reset", seconds=LONG_SECONDS)

    def close(self) -> None:
        with self._closing:
            if self._closed.is_set():
                return
            try:
                self.ask("close", seconds=self._close_seconds)
            except (UserError, TransientError) as error:
                log.event("sandbox.close", level=log.WARNING, error=error)
            finally:
                self._closed.set()
                self._lose("closed")
                self._gone = "closed"
                self._on_close()

    def __enter__(self) -> RemoteSandbox:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _gone(reason: str) -> LamplighterError:
    if reason == "closed":
        return UserError("the sandbox is closed")
    return TransientError(f"the sandbox is gone: {reason}", retry_after_seconds=30)


def _error(answer: Mapping[str, Any]) -> LamplighterError:
    text = str(answer.get("text", ""))[:2000]
    if answer["error"] == "user":
        return UserError(text)
    seconds = answer.get("seconds")
    return TransientError(text, retry_after_seconds=seconds if isinstance(seconds, int | float) else 30)


def _execution(command: str, answer: Mapping[str, Any], output: bytes, limits: Limits) -> Execution:
    """Raises TransientError for an answer that cannot be one."""
    code, kill, seconds, total = (answer.get(key) for key in ("exit_code", "killed_by", "seconds", "output_bytes"))
    sound = (
        (code is None or (type(code) is int and 0 <= code <= 255))
        and kill in _KILLS
        and isinstance(seconds, int | float)
        and type(total) is int
        and len(output) <= limits.output_bytes + SLACK_BYTES
        and not (code is not None and kill and kill != "closed")
    )
    if not sound:
        raise TransientError("the sandbox's answer makes no sense", retry_after_seconds=30)
    known: Any = {"exit_code": code, "killed_by": kill, "seconds": seconds, "output_bytes": total}
    return Execution(command=command, output=output, **known)


def _entry(path: str, fields: Any) -> FileEntry:
    check_path(path)
    path.encode("utf-8")
    mode, digest, size = fields
    if mode not in _MODES or not _DIGEST.fullmatch(digest) or type(size) is not int or size < 0:
        raise ValueError("not a file entry")
    return FileEntry(mode=mode, digest=digest, size=size)


def _left_out(told: Mapping[str, str]) -> dict[str, str]:
    return {str(path)[:4096]: str(why)[:200] for path, why in list(told.items())[: MAX_LEFT_OUT + 1]}
