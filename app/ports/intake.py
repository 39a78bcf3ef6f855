"""`InTurn`: taking a job in where there is no hurry, first the claims, then the message. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.ports.platform import Claims, Outbox


class InTurn(NamedTuple):
    """Implements `ports.Intake` over a store and a queue."""

    store: Claims
    queue: Outbox

    def take(
        self, message: str, *, group: str, dedup_id: str, claims: Sequence[str], owner: str, ttl_seconds: float
    ) -> str | None:
        first = self.store.claim_all(claims, owner, ttl_seconds=ttl_seconds)
        self.queue.send(message, group=group, dedup_id=dedup_id)
        return first

    def forget(self, claims: Sequence[str], owner: str) -> None:
        for key in claims:
            self.store.release(key, owner)
