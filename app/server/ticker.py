"""The clock's rounds in the cloud, where no process lives between two of them: one call a minute.

Every minute runs are looked after; every five minutes GitHub is asked for deliveries that never arrived, every fifteen
for labelled issues that no run took, for pull requests of ours that conflict, and for what became of them; every hour
the old is dropped. What was last done when is a claim in the store, so it does not matter which process is called.
"""

from __future__ import annotations

from collections.abc import Callable

from app import log, wiring
from app.errors import LamplighterError
from app.outcomes.watch import TURN_SECONDS as OUTCOMES_SECONDS
from app.ports.platform import Store
from app.recovery.missed_deliveries import Poller
from app.recovery.retention import TURN_SECONDS
from app.wiring import Platform

LABELS_SECONDS = 900.0  # the last net; an installation is searched once in so long, or less often when there are many
CONFLICT_SECONDS = 900.0  # nobody waits for it: whoever does says `/agent rebase`
SWEEP_SECONDS = 300.0  # GitHub keeps failed deliveries for three days; five minutes is how long a person may wait
_EARLY_SECONDS = 20.0  # the clock that calls is not exact: four minutes and 50 seconds are five

Turn = Callable[[], int]


class Rounds:
    """What is due, in turn; a part that fails is told in the log and does not keep the others from theirs."""

    def __init__(self, store: Store, parts: dict[str, tuple[float, Turn]]) -> None:
        """`parts` names each turn with the seconds that lie between two of it; 0 means at every call."""
        self._store = store
        self._parts = parts

    def minute(self) -> dict[str, int]:
        """How much each part that was due has done."""
        return {
            name: self._turn(name, turn) for name, (seconds, turn) in self._parts.items() if self._due(name, seconds)
        }

    def _due(self, name: str, seconds: float) -> bool:
        if seconds <= 0:
            return True
        try:
            return self._store.claim_all([_key(name)], name, ttl_seconds=seconds - _EARLY_SECONDS) is None
        except LamplighterError as error:
            log.event("rounds.not_due", level=log.WARNING, part=name, reason=str(error))
            return False

    def _turn(self, name: str, turn: Turn) -> int:
        try:
            return turn()
        except LamplighterError as error:
            log.event("rounds.failed", level=log.WARNING, part=name, reason=str(error))
        except Exception as error:
            log.event("rounds.defect", level=log.ERROR, part=name, error=error)
        return 0


def _key(name: str) -> str:
    return f"round:{name}"


def rounds(platform: Platform) -> Rounds:
    """The rounds of a whole deployment."""
    way, accept = wiring.access(platform), wiring.door(platform)
    poller = Poller(
        github=way.app.client,
        store=platform.store,
        clock=platform.clock,
        secret=lambda: wiring.revealed(platform).webhook_secrets[0],
        accept=accept,
    )
    return Rounds(
        platform.store,
        {
            "runs": (0, wiring.scheduler(platform, way).tick),
            "warm": (0, lambda: wiring.keep_warm(platform)),
            "deliveries": (SWEEP_SECONDS, lambda: poller.sweep(ask_github=True)),
            "retention": (TURN_SECONDS, wiring.retention(platform).turn),
            "outcomes": (OUTCOMES_SECONDS, wiring.outcomes(platform, way).turn),
            "conflicts": (CONFLICT_SECONDS, wiring.conflict_watch(platform, way).look),
            "labels": (LABELS_SECONDS, wiring.overlooked(platform, way, accept).sweep),
        },
    )
