"""What GitHub wanted to deliver and could not: the App's delivery list, asked for by a server that is not reachable.

The payload is part of the delivery's record, so it goes through the same door as every other delivery, signed with our
own secret. That lets a laptop without a public address receive events, and a server find what was lost while it was
down. Doing it twice changes nothing: the door knows every GUID it has taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app import log
from app.errors import TransientError, UserError
from app.github.app import Delivery as Listed
from app.github.app import delivered_payload, deliveries, redeliver
from app.github.client import GitHub
from app.jobs.job import taken_key
from app.ports.platform import Clock, Store
from app.receive import Answer, Delivery
from app.triggers import policy

CURSOR = "deliveries.cursor"  # counter: seconds since 1970 up to which the list has been dealt with
FIRST_LOOK = timedelta(hours=1)  # a new installation: what happened while it was being set up
KEPT = timedelta(days=3)  # how long GitHub keeps deliveries
KEPT_SECONDS = KEPT.total_seconds()
OVERLAP = timedelta(minutes=10)  # deliveries enter the list when they have failed, which takes ten seconds and more
REMEMBERED = 10_000  # GUIDs; ignored deliveries are not claimed in the store

_ASKED = "asked"


class Poller:
    """Sweeps the delivery list from the last sweep on. One per server; not thread-safe."""

    def __init__(
        self,
        *,
        github: GitHub,
        store: Store,
        clock: Clock,
        secret: Callable[[], str],
        accept: Callable[[Delivery], Answer],
    ) -> None:
        self._github = github
        self._store = store
        self._clock = clock
        self._secret = secret
        self._accept = accept
        self._done: dict[str, None] = {}

    def sweep(self, *, ask_github: bool = False) -> int:
        """Take in what did not arrive, oldest first; returns how many deliveries were acted on.

        `ask_github`: this server is reachable, so the first try is to have GitHub send it again; what is still missing
        at the next sweep is taken from the record. Raises TransientError and UserError as GitHub does.
        """
        now = self._clock.now()
        since = self._since(now)
        listed = list(deliveries(self._github, since=since))
        arrived = {delivery.guid for delivery in listed if delivery.arrived}
        missing: dict[str, Listed] = {}
        for delivery in reversed(listed):
            if delivery.guid not in arrived:
                missing.setdefault(delivery.guid, delivery)
        acted, failed = 0, False
        for delivery in missing.values():
            if self._is_settled(delivery):
                continue
            acted += 1
            if not self._act(delivery, ask_github=ask_github):
                failed = True
        if not failed:
            self._move_to(now - OVERLAP)
        return acted

    def _since(self, now: datetime) -> datetime:
        cursor = self._store.add(CURSOR, 0)
        if not cursor:
            return now - FIRST_LOOK
        return max(datetime.fromtimestamp(cursor, UTC), now - KEPT)

    def _move_to(self, when: datetime) -> None:
        cursor = self._store.add(CURSOR, 0)
        target = int(when.timestamp())
        if not cursor or target > cursor:
            self._store.add(CURSOR, target - cursor)

    def _is_settled(self, delivery: Listed) -> bool:
        if delivery.guid in self._done or policy.dropped(delivery.event):
            return True
        return self._store.claimed_by(taken_key(delivery.guid)) is not None

    def _act(self, delivery: Listed, *, ask_github: bool) -> bool:
        """False when it has to be tried again at the next sweep."""
        if ask_github and self._store.claim_all([_asked_key(delivery.guid)], _ASKED, ttl_seconds=KEPT_SECONDS) is None:
            redeliver(self._github, delivery.id)
            log.event("deliveries.asked_again", delivery=delivery.guid, event_name=delivery.event)
            return False
        try:
            payload = delivered_payload(self._github, delivery.id)
        except TransientError:
            raise
        except UserError as error:  # no longer kept, or not ours to see: nothing will bring it back
            log.event("deliveries.lost", level=log.WARNING, delivery=delivery.guid, reason=str(error))
            self._remember(delivery.guid)
            return True
        answer = self._accept(
            Delivery.signed(payload.event, payload.body, secret=self._secret(), guid=payload.guid or delivery.guid)
        )
        if answer.status == 503:
            return False
        log.event("deliveries.taken_in", delivery=delivery.guid, event_name=delivery.event, status=answer.status)
        self._remember(delivery.guid)
        return True

    def _remember(self, guid: str) -> None:
        self._done[guid] = None
        while len(self._done) > REMEMBERED:
            self._done.pop(next(iter(self._done)))


def _asked_key(guid: str) -> str:
    """The claim that says that GitHub was asked to deliver it again; the next sweep may be another process's."""
    return f"redelivery:{guid}"
