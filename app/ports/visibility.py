"""A message stays its consumer's for as long as the work on it takes: publishing waits for GitHub's pace."""

from __future__ import annotations

import threading
from types import TracebackType

from app import log
from app.errors import LamplighterError
from app.ports.platform import Message, Queue


class Heartbeat:
    """Held for the length of a `with`: hides the message again whenever a third of its time is over.

    A consumer that dies holds it no longer than `visibility_seconds`. Lambda needs no heartbeat: its functions end long
    before their messages are shown again.
    """

    def __init__(self, queue: Queue, message: Message, *, visibility_seconds: float) -> None:
        self._queue = queue
        self._message = message
        self._visibility_seconds = visibility_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{message.id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        while not self._done.wait(self._visibility_seconds / 3):
            try:
                self._queue.extend(self._message, visibility_seconds=self._visibility_seconds)
            except LamplighterError as error:  # the queue is away: the next beat tries again
                log.event("heartbeat.failed", error=error, message=self._message.id)
