"""The port of what drops the old: of the control side alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


class Keeping(Protocol):
    """Dropping what is old. Of the control side alone: a worker has no right to delete."""

    def renew(self, digests: Collection[str]) -> None:
        """The age of these contents begins anew; unknown ones are passed over."""

    def expire(self, before: datetime, *, at_work: Collection[str]) -> int:
        """Delete contents last stored or renewed before then, and what workers left behind that is older, except for
        the runs `at_work`; returns how many. Where the platform does it automatically, nothing happens.
        """

    def ended_before(self, before: datetime, *, limit: int) -> list[str]:
        """Ended runs whose last event is older, and those whose `retire` was interrupted; the oldest first."""

    def retire(self, run_id: str) -> None:
        """Delete an ended run: its row, then its ledger. The witness no longer names it. Killed on the way, it is in
        the answer of `ended_before` until it has been done. Raises ValueError for a run that has not ended.
        """

    def kept_of(self, installation_id: int) -> list[int]:
        """The repositories of an installation of which something is kept between runs."""

    def forget(self, repository_id: int) -> None:
        """A repository is out of reach: what is kept of it between runs goes with the next `expire`."""
