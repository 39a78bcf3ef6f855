"""How fast one installation may write."""

from __future__ import annotations

import threading
from collections import deque

from app.github.errors import RateLimited
from app.ports import Clock

# GitHub's documented secondary limits: a second between writes; 80 content-creating requests a minute, 500 an hour.
SPACING_SECONDS = 1.0
WINDOWS = ((80, 60.0), (500, 3600.0))

# Longer than this nobody sleeps in a thread; the caller gets RateLimited and comes back.
PATIENCE_SECONDS = 61.0


class Pacer:
    """One for a process; keeps the writes of each installation apart. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[int, deque[float]] = {}

    def wait(self, installation_id: int) -> None:
        """Sleep until the installation may write again. Raises RateLimited when that is more than a minute away."""
        with self._lock:
            now = self._clock.now().timestamp()
            slots = self._slots.setdefault(installation_id, deque(maxlen=max(count for count, _ in WINDOWS)))
            slot = max(now, slots[-1] + SPACING_SECONDS) if slots else now
            for count, seconds in WINDOWS:
                if len(slots) >= count:
                    slot = max(slot, slots[-count] + seconds)
            if slot - now > PATIENCE_SECONDS:
                raise RateLimited(
                    "This installation has used up what GitHub lets it write in an hour.",
                    retry_after_seconds=slot - now,
                )
            slots.append(slot)
        if slot > now:
            self._clock.sleep(slot - now)
