"""How many bytes of bodies may be in memory at once, before anybody knows whether they are signed."""

from __future__ import annotations

from types import TracebackType

MOST_BYTES = 64 * 2**20  # two of GitHub's largest deliveries and many of its usual ones, a few kilobytes each


class NoRoom(Exception):
    """The bodies that are being read fill the memory set aside for them."""


class BodyRoom:
    """Memory that all requests share. Used in one event loop only."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.free_bytes = most_bytes

    def reserve(self) -> Reservation:
        """One request's share, empty at first; to be used as a context manager."""
        return Reservation(self)


class Reservation:
    def __init__(self, room: BodyRoom) -> None:
        self._room = room
        self._held_bytes = 0

    def grow_to(self, size_bytes: int) -> None:
        """Hold at least so many bytes. Raises NoRoom when others hold them."""
        more = max(0, size_bytes - self._held_bytes)
        if more > self._room.free_bytes:
            raise NoRoom
        self._room.free_bytes -= more
        self._held_bytes += more

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._room.free_bytes += self._held_bytes
        self._held_bytes = 0
