"""Someone with a login."""

from __future__ import annotations

from dataclasses import dataclass

from app.simulator.records import Account
from app.simulator.world import World


@dataclass(frozen=True)
class Somebody:
    """An account and the world it lives in."""

    world: World
    account: Account

    @property
    def login(self) -> str:
        """The account's name."""
        return self.account.login
