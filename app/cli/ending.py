"""Being asked to end by a signal, as something to wait for."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Sequence


class Ending:
    """From its making on, the signals `numbers` are no longer deaths but requests; to be made in the main thread.

    A `threading.Event` would not do: `wait` and `set` take one lock, which the same thread cannot take twice, and a
    handler runs in the middle of whatever the main thread is doing. `SimpleQueue.put` may be interrupted by itself.
    """

    def __init__(self, numbers: Sequence[signal.Signals] = (signal.SIGTERM,)) -> None:
        self._requests: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in numbers:
            signal.signal(number, lambda number, _frame: self._requests.put(number))

    def requested(self) -> bool:
        return not self._requests.empty()

    def wait(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """Until it is requested, `seconds` at most; whether it is. The request stands for whoever asks next."""
        try:
            self._requests.put(self._requests.get(timeout=seconds))
        except queue.Empty:
            return False
        return True
