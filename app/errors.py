"""The error tree, by audience. Caught in the spine only; outcomes of a run are values, not exceptions.

    LamplighterError
    ├── UserError         a person can fix it: its text is shown to them, nothing is retried
    │   └── SettingsError     every mistake in the settings at once
    ├── TransientError    the world may fix it: try again after `retry_after_seconds`
    │   └── NotItsTurn        nothing failed, others go first: try again just then
    ├── Rejected          the door says no with an HTTP status; never queued
    ├── Conflict          another writer appended first: read again
    └── Superseded        another attempt owns the run now: stop without a word

Anything else that escapes is a defect: the run ends visibly, with an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence


class LamplighterError(Exception):
    """Root of everything this package raises on purpose."""


class UserError(LamplighterError):
    """Something a person can fix. `str(error)` is Markdown fit for a comment or one line on a terminal."""


class SettingsError(UserError):
    """The settings are wrong; `mistakes` lists all of them, each with the variable and how to fix it."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class TransientError(LamplighterError):
    """The world is not ready; trying again after `retry_after_seconds` may help."""

    def __init__(self, message: str, *, retry_after_seconds: float = 60.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotItsTurn(TransientError):
    """Nothing failed: others go first, and when the turn comes is known. Pauses do not grow with the tries."""


class Rejected(LamplighterError):
    """The door refuses a delivery with HTTP `status` and one sentence."""

    def __init__(self, status: int, reason: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class Conflict(LamplighterError):
    """The ledger's head is not where the writer expected it."""


class Superseded(LamplighterError):
    """A newer attempt has taken the run over; this worker must stop and write nothing more."""
