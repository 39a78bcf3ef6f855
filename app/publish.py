"""The one writer per run: compares the ledger with what was published and does the difference on GitHub.

Every effect is recorded before it is made and after. It holds no contents-writing token until a checked proposal asks
for one, and gives that back at once.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from app import log
from app.admission import revalidation
from app.errors import NotItsTurn, TransientError, UserError
from app.events.publishing import PublishSettled, PublishWithdrawn
from app.github.access import Access, Purpose
from app.github.client import GitHub
from app.github.errors import Forbidden, Invalid, NotFound, RateLimited
from app.installation.onboarding import Onboarding
from app.jobs.job import Thread
from app.log import Redactor
from app.playbooks import playbook
from app.ports.platform import Clock, Outbox, Store
from app.ports.rate import Priority
from app.publication import going_round
from app.publication.broken_runs import end_faulty
from app.publication.effect import Effect, Target
from app.publication.overtaken import Overtaken
from app.publication.projection import KINDS, next_effect
from app.publication.refusals import OutOfReach, Refusals, abandon
from app.runs.run_ledger import RunLedger

_PROCESS = secrets.token_hex(4)  # in Lambda every process has the same name and number
_CLAIM_SECONDS = 180.0  # longer than the slowest effect; a dead publisher blocks its run no longer than this
_MOST_EFFECTS = 100  # of one visit; more means that a projection does not settle
_COMES_BACK_SECONDS = 120.0  # a turn that is farther away is not waited for in the queue, where messages have few tries


class Publisher:
    """Brings GitHub up to date with one run at a time."""

    def __init__(
        self,
        *,
        store: Store,
        jobs: Outbox,
        access: Access,
        clock: Clock,
        redactor: Redactor,
        bot_login: str,
        clone_url: Callable[[str], str],
        kinds: Sequence[type[Effect]] = KINDS,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._access = access
        self._clock = clock
        self._redactor = redactor
        self._bot_login = bot_login
        self._kinds = kinds
        self._refusals = Refusals(access, clone_url)
        self._onboarding = Onboarding(access=access, jobs=jobs, clock=clock, bot_login=bot_login)

    def publish(self, run_id: str) -> None:
        """Do every difference, then settle. Raises TransientError when GitHub or another writer is in the way."""
        owner = f"{socket.gethostname()}:{os.getpid()}:{_PROCESS}:{threading.get_ident()}"
        if not self._store.claim(f"publish:{run_id}", owner, ttl_seconds=_CLAIM_SECONDS):
            raise NotItsTurn("another publisher is at this run", retry_after_seconds=5)
        try:
            ledger = RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor)
            if not ledger.state.is_created:
                return
            end_faulty(ledger)
            if playbook(ledger.state.created.playbook).worked_by == "publisher":
                self._onboarding.visit(ledger)
                self._settle(ledger)
            else:
                self._catch_up(ledger, owner)
        except OutOfReach as reason:
            abandon(ledger, reason)
        finally:
            self._store.release(f"publish:{run_id}", owner)

    def _catch_up(self, ledger: RunLedger, owner: str) -> None:
        thread = ledger.state.created.thread
        clients: dict[Purpose, GitHub] = {}
        later: set[str] = set()
        with ExitStack() as stack:
            is_wanted = False
            for _ in range(_MOST_EFFECTS):
                effect = next_effect(ledger.state, self._kinds, now=self._clock.now(), without=later)
                if effect is None:
                    self._leave(ledger, later)
                    return
                if not self._has_room(thread, effect):
                    later.add(effect.key)
                    continue
                if effect.purpose not in clients:
                    try:
                        clients[effect.purpose] = stack.enter_context(self._access.writing(thread, effect.purpose))
                    except (Forbidden, Invalid, NotFound) as error:
                        self._refusals.locked_out(ledger, effect, error)
                        continue
                github = clients[effect.purpose]
                if effect.is_work and effect.is_untried(ledger.state) and not is_wanted:
                    stack.enter_context(self._alone(ledger))
                    is_wanted = self._is_wanted(ledger, github, effect)
                    continue
                self._do(ledger, github, effect, later)
                self._store.claim(f"publish:{ledger.run_id}", owner, ttl_seconds=_CLAIM_SECONDS)
                ledger.refresh()
        raise RuntimeError(f"the projection of run {ledger.run_id} does not settle")

    def _has_room(self, thread: Thread, effect: Effect) -> bool:
        """Asked before anything is noted or a token is made. What can wait, waits for the scheduler's next look; what
        people wait for comes back when its turn is, if that is soon (TransientError).
        """
        lacks = self._access.lacks_seconds(thread, effect.priority)
        if lacks and effect.priority <= Priority.PROPOSAL and lacks <= _COMES_BACK_SECONDS:
            raise RateLimited("others write to this installation's repositories", retry_after_seconds=lacks)
        return not lacks

    def _leave(self, ledger: RunLedger, later: set[str]) -> None:
        """Everything is shown, or there was no room for some: then the run still has news."""
        if later:
            log.event("publish.later", run=ledger.run_id, keys=sorted(later))
        elif not ledger.state.delayed:  # else the schedule comes back when it is time
            self._settle(ledger)

    @contextmanager
    def _alone(self, ledger: RunLedger) -> Iterator[None]:
        """One pull request of a repository at a time: the limit of open ones counts those that are there.

        Raises NotItsTurn while another run opens one.
        """
        key = f"proposing:{ledger.state.created.thread.repository_id}"
        if not self._store.claim(key, ledger.run_id, ttl_seconds=_CLAIM_SECONDS):
            raise NotItsTurn("another pull request of this repository is being opened", retry_after_seconds=5)
        try:
            yield
        finally:
            self._store.release(key, ledger.run_id)

    def _is_wanted(self, ledger: RunLedger, github: GitHub, effect: Effect) -> bool:
        """Whether GitHub has nothing against the pull request now; the run has ended otherwise, its change kept."""
        try:
            found = revalidation.still_objected(github, ledger, self._bot_login)
        except UserError as error:
            self._refusals.heed(ledger, effect, error)
            return False
        if found:
            revalidation.keep(ledger, found)
        return found is None and not going_round.stopped(self._store, ledger)

    def _do(self, ledger: RunLedger, github: GitHub, effect: Effect, later: set[str]) -> None:
        """Perform and record one effect; it comes to `later` when a limit refused it and it can wait."""
        maybe_done = effect.key in ledger.state.intended
        github.priority = effect.priority

        def perform() -> dict[str, Any] | None:
            target = Target(
                github=github,
                store=self._store,
                jobs=self._jobs,
                clock=self._clock,
                state=ledger.state,
                bot_login=self._bot_login,
            )
            try:
                return effect.readable(self._redactor).perform(target, maybe_done=maybe_done)
            except Overtaken as found:
                ledger.append_if(lambda state: state.outcome == "proposed", found.said)
            except RateLimited:
                if effect.is_one_write and not maybe_done:
                    ledger.append(PublishWithdrawn(key=effect.key))
                if effect.priority <= Priority.PROPOSAL:
                    raise
                later.add(effect.key)
            except TransientError:
                raise
            except UserError as error:
                self._refusals.heed(ledger, effect, error, maybe_done=maybe_done)
            except Exception as error:
                self._refusals.defect(ledger, effect, error)
            return None

        effect.record(ledger, perform)

    def _settle(self, ledger: RunLedger) -> None:
        through = ledger.state.visible_seq
        if ledger.state.settled_seq < through:
            ledger.append(PublishSettled(through=through))
