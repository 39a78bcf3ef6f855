"""A process that dies at a chosen effect: everything it had in memory is gone, nothing it does afterwards counts.

Effects are what outlives a process: ledger events, blobs, messages, started workers, writes to GitHub, calls of the
model. Dying before effect n leaves the same world as dying after effect n-1, so the sweep dies after each of them.
On one machine they are counted at the ports; on AWS every request that changes something is one, of which a port's
call often makes several (an append writes to DynamoDB, then to S3).
"""

from __future__ import annotations

import threading
from typing import Any

import httpx
from botocore.exceptions import NoCredentialsError

from app.ports.model import ModelReply, ModelRequest
from app.wiring import Platform
from tests.scenarios.ground import Ground
from tests.scenarios.stage import replace


class Killed(BaseException):
    """The process is gone; no `except Exception` may survive it."""


class Fuse:
    """Counts effects and dies after the one numbered `at` (never, when it is None)."""

    def __init__(self, at: int | None = None, ground: Ground | None = None) -> None:
        self.at = at
        self.effects: list[str] = []
        self.is_dead = False
        self._emulator = getattr(ground, "aws", None)
        self._thread = threading.current_thread()
        if self._emulator:
            self._emulator.around = self._request

    def burn(self, name: str, effect: Any, *args: Any, **named: Any) -> Any:
        if self.is_dead:
            raise Killed(name)
        result = effect(*args, **named)
        self.effects.append(name)
        if self.at is not None and len(self.effects) == self.at:
            self.is_dead = True
            raise Killed(name)
        return result

    def __call__(self, platform: Platform) -> Platform:
        assert platform.transport is not None
        model = platform.model()
        if self._emulator:
            return replace(platform, transport=_Transport(platform.transport, self), model=lambda: _Model(model, self))
        return replace(
            platform,
            store=_Store(platform.store, self),
            jobs=_Queue(platform.jobs, self, "jobs"),
            publishing=_Queue(platform.publishing, self, "publishing"),
            launcher=_Launcher(platform.launcher, self),
            transport=_Transport(platform.transport, self),
            model=lambda: _Model(model, self),
        )

    def _request(self, operation: str, answer: Any) -> Any:
        """One request to AWS. Looking changes nothing, a refused write neither, nor a receive that finds nothing.

        A worker's heartbeat beats by the machine's time, so its requests are no part of the count.
        """
        is_ours = threading.current_thread() is self._thread
        if self.is_dead:
            raise Killed(operation) if is_ours else NoCredentialsError()
        got = answer()
        is_idle = operation == "sqs.ReceiveMessage" and b'"Messages"' not in got.raw.getvalue()
        is_effect = not operation.partition(".")[2].startswith(_LOOKS) and got.status_code < 300 and not is_idle
        if is_effect and is_ours:
            return self.burn(operation, lambda: got)
        return got


_LOOKS = ("Get", "Head", "List", "Query", "BatchGet", "Describe")


class _Part:
    """Passes everything through that is no effect."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Store(_Part):
    def append(self, run_id: str, expected_seq: int, events: Any, summary: Any) -> None:
        name = f"ledger {events[-1].kind}"
        self._fuse.burn(name, self._real.append, run_id, expected_seq, events, summary)

    def claim(self, key: str, owner: str, *, ttl_seconds: float) -> bool:
        return not self._fuse.is_dead and self._real.claim(key, owner, ttl_seconds=ttl_seconds)

    def claim_all(self, keys: Any, owner: str, *, ttl_seconds: float) -> str | None:
        return self._fuse.burn("claims", self._real.claim_all, keys, owner, ttl_seconds=ttl_seconds)

    def swap_cell(self, key: str, old: str, new: str) -> bool:
        return self._fuse.burn("cell", self._real.swap_cell, key, old, new)

    def release(self, key: str, owner: str) -> None:
        if not self._fuse.is_dead:  # a dead process gives nothing back: its claims run out
            self._real.release(key, owner)


class _Queue(_Part):
    def __init__(self, real: Any, fuse: Fuse, name: str) -> None:
        super().__init__(real, fuse)
        self._name = name

    def send(self, body: str, **named: Any) -> None:
        self._fuse.burn(f"{self._name} send", self._real.send, body, **named)

    def ack(self, message: Any) -> None:
        self._fuse.burn(f"{self._name} ack", self._real.ack, message)


class _Launcher(_Part):
    def start(self, run_id: str, attempt: int) -> None:
        self._fuse.burn("launch", self._real.start, run_id, attempt)


class _Model(_Part):
    def reply(self, request: ModelRequest, on_text: Any = None) -> ModelReply:
        return self._fuse.burn("model call", self._real.reply, request, on_text)


class _Transport(httpx.BaseTransport):
    def __init__(self, real: httpx.BaseTransport, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._real.handle_request(request)
        name = f"{request.method} {request.url.path}"
        return self._fuse.burn(name, self._real.handle_request, request)
