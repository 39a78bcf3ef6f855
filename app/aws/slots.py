"""The moments that several processes take from one another, kept in one item for each key."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from app.aws import items
from app.aws.table import Table
from app.errors import TransientError
from app.ports.platform import Clock
from app.ports.rate import Pace, hold, take
from app.retry import Retry

# Sixteen processes that take at the same instant need that many tries at the most.
_TURNS = Retry.doubling(24, first_seconds=0.02, longest_seconds=0.32, spread=0.5)


class DynamoSlots:
    """One write for a taking while nobody else took in between: the state last seen is remembered. Thread-safe.

    An item is below 500 bytes: a taking costs one write unit, a look one read unit.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._seen: dict[str, str] = {}

    def take(self, key: str, pace: Pace, *, priority: int, within_seconds: float) -> float:
        """As `ports.Store.take_slot`."""
        moment = 0.0

        def taking(state: str) -> str:
            nonlocal moment
            now = self._clock.now().timestamp()
            taken = take(state, pace, now, priority=priority, within_seconds=within_seconds)
            if taken.moment is None:
                raise TransientError("too much was written lately.", retry_after_seconds=taken.free_at - now)
            moment = taken.moment
            return taken.state

        self._change(key, pace, taking)
        return moment

    def hold(self, key: str, pace: Pace, *, until: float) -> None:
        """As `ports.Store.hold_slots`."""
        self._change(key, pace, lambda state: hold(state, until, self._clock.now().timestamp()))

    def read(self, key: str) -> str:
        """As `ports.Store.slots`."""
        return self._read(key)[0]

    def _change(self, key: str, pace: Pace, change: Callable[[str], str]) -> None:
        """Write what `change` makes of the newest state, and of no older one."""
        mark = os.urandom(16).hex()
        state = self._seen[key] if key in self._seen else self._read(key)[0]
        for _pause in _TURNS.tries(self._clock.sleep):
            changed = change(state)
            ends = math.ceil(self._clock.now().timestamp() + 2 * pace.window_seconds)
            if not self._write(items.slots_item(key, changed, mark, ends), state):
                state, by = self._read(key)
                if by != mark:  # otherwise only the answer to our own write was lost
                    continue
            self._seen[key] = changed
            return
        raise TransientError("others take their turn all the time.", retry_after_seconds=2)

    def _write(self, item: items.Item, state: str) -> bool:
        """On top of `state` only."""
        answer = self._table.write_if(
            "put_item",
            "take a turn",
            Item=item,
            ConditionExpression="#state = :state" if state else "attribute_not_exists(pk)",
            **({"ExpressionAttributeNames": {"#state": "state"}} if state else {}),
            **({"ExpressionAttributeValues": {":state": {"S": state}}} if state else {}),
        )
        return answer is not None

    def _read(self, key: str) -> tuple[str, str]:
        """The state and whose write it is; empty when there is none."""
        item = self._table.get(items.slots_key(key))
        return (item["state"]["S"], item["mark"]["S"]) if item else ("", "")
