"""The one writer per run: compares the ledger with what was published and does the difference on GitHub.

Every effect is recorded before it is made and after. It holds no contents-writing token until a checked proposal asks
for one, and gives that back at once.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack

from app import log
from app.checkpoints.projection import Effect, next_effect
from app.effects import Hand
from app.errors import TransientError, UserError
from app.github.access import Access
from app.github.client import GitHub
from app.jobs import Thread
from app.log import Redactor
from app.ports import Clock, Store
from app.run_ledger import RunLedger

_CLAIM_SECONDS = 180.0  # longer than the slowest effect; a dead publisher blocks its run no longer than this
_MOST_EFFECTS = 100  # of one visit; more means that a projection does not settle
_MOST_DEFECTS = 3  # tries of one effect that may break before the rest goes on without it
_PROPOSING = frozenset({"branch", "pull", "check", "people"})


class Publisher:
    """Brings GitHub up to date with one run at a time."""

    def __init__(self, *, store: Store, access: Access, clock: Clock, redactor: Redactor, bot_login: str) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._redactor = redactor
        self._bot_login = bot_login

    def publish(self, run_id: str) -> None:
        """Do every difference, then settle. Raises TransientError when GitHub or another writer is in the way."""
        owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        if not self._store.claim(f"publish:{run_id}", owner, ttl_seconds=_CLAIM_SECONDS):
            raise TransientError("another publisher is at this run", retry_after_seconds=5)
        try:
            ledger = RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor)
            if ledger.state.created:
                self._catch_up(ledger, owner)
        finally:
            self._store.release(f"publish:{run_id}", owner)

    def _catch_up(self, ledger: RunLedger, owner: str) -> None:
        thread = Thread(**ledger.state.created["thread"])
        clients: dict[bool, GitHub] = {}
        with ExitStack() as stack:
            for _ in range(_MOST_EFFECTS):
                effect = next_effect(ledger.state)
                if effect is None:
                    self._settle(ledger)
                    return
                proposes = effect.kind in _PROPOSING
                if proposes not in clients:
                    opening = self._access.proposing(thread) if proposes else self._access.talking(thread)
                    clients[proposes] = stack.enter_context(opening)
                self._do(ledger, clients[proposes], effect)
                self._store.claim(f"publish:{ledger.run_id}", owner, ttl_seconds=_CLAIM_SECONDS)
                ledger.refresh()
        raise RuntimeError(f"the projection of run {ledger.run_id} does not settle")

    def _do(self, ledger: RunLedger, github: GitHub, effect: Effect) -> None:
        maybe_done = effect.key in ledger.state.intended
        ledger.append("publish.intended", key=effect.key, digest=effect.digest)
        hand = Hand(github, self._store, self._clock, ledger.state, self._bot_login)
        try:
            result = hand.perform(effect, maybe_done=maybe_done)
        except TransientError:
            raise
        except UserError as error:
            self._refused(ledger, effect, error)
            return
        except Exception as error:
            log.event("publish.defect", level=log.ERROR, error=error, run=ledger.run_id, key=effect.key)
            if ledger.state.tries.get(effect.key, 0) < _MOST_DEFECTS:
                raise TransientError("a defect of ours", retry_after_seconds=60) from error
            self._refused(ledger, effect, UserError(f"Something in me broke: `{type(error).__name__}`."))
            return
        ledger.append("publish.done", key=effect.key, digest=effect.digest, result=result)

    def _refused(self, ledger: RunLedger, effect: Effect, error: UserError) -> None:
        """GitHub said no for good. Without its branch or pull request a run has failed, and has to say so."""
        log.event("publish.refused", level=log.WARNING, error=error, run=ledger.run_id, key=effect.key)
        ledger.append("publish.failed", key=effect.key, digest=effect.digest, error=str(error))
        if effect.kind in {"branch", "pull"}:
            ledger.append(
                "run.ended",
                outcome="failed",
                reason=f"The change is ready, but the pull request could not be opened. {error}",
                next_step="Mend what GitHub names (permissions, rulesets, branch names), then retry.",
            )

    def _settle(self, ledger: RunLedger) -> None:
        through = ledger.state.visible_seq
        if ledger.state.settled_seq < through:
            ledger.append("publish.settled", through=through)
