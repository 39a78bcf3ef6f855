"""The clock that tests hold: it stands still unless somebody sleeps or the test moves it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HeldClock:
    """Implements `ports.Clock`. `slept` lists the sleeps that were asked for, in seconds."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.slept: list[float] = []
        self.ran = 1_000.0  # by the monotonic clock

    def monotonic(self) -> float:
        return self.ran

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=max(0.0, seconds))
        self.ran += max(0.0, seconds)

    def set_wall(self, seconds: float) -> None:
        """The wall clock is put forward or back, as NTP or a person does it; no time passes."""
        self.time += timedelta(seconds=seconds)


class HastyClock(HeldClock):
    """Each sleep is taken for `factor` times as long: for waits of minutes that look once a second."""

    def __init__(self, factor: float = 100.0) -> None:
        super().__init__()
        self.factor = factor

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds * self.factor)
