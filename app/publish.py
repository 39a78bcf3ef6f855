"""The one writer per run: compares the ledger with what was published and does the difference on GitHub.

Every effect is recorded before it is made and after. It holds no contents-writing token until a checked proposal asks
for one, and gives that back at once.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

from app import log
from app.admission import revalidation
from app.errors import NotItsTurn, TransientError, UserError
from app.events.publishing import (
    PublishAbandoned,
    PublishDelayed,
    PublishDone,
    PublishFailed,
    PublishIntended,
    PublishSettled,
    PublishWithdrawn,
)
from app.events.working import RunEnded
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthorized
from app.installation.installations import move
from app.installation.onboarding import Onboarding
from app.jobs.job import Thread
from app.log import Redactor
from app.playbooks import playbook
from app.ports.platform import Clock, Store
from app.ports.rate import Priority
from app.publication.broken_runs import end_faulty
from app.publication.github_writer import Hand
from app.publication.projection import Effect, next_effect, pull_of
from app.publication.retry_times import pause_after
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

_PROCESS = secrets.token_hex(4)  # in Lambda every process has the same name and number
_CLAIM_SECONDS = 180.0  # longer than the slowest effect; a dead publisher blocks its run no longer than this
_MOST_EFFECTS = 100  # of one visit; more means that a projection does not settle
_MOST_DEFECTS = 3  # tries of one effect that may break before the rest goes on without it
_PROPOSING = frozenset({"branch", "pull", "ready", "check", "people"})
_ONE_WRITE = frozenset({"reaction", "comment", "check"})  # when a limit refuses it, nothing of it was made
_COMES_BACK_SECONDS = 120.0  # a turn that is farther away is not waited for in the queue, where messages have few tries


class _OutOfReach(Exception):
    """The repository, or the App on it, is gone or suspended: nothing can be shown there."""


class Publisher:
    """Brings GitHub up to date with one run at a time."""

    def __init__(
        self,
        *,
        store: Store,
        access: Access,
        clock: Clock,
        redactor: Redactor,
        bot_login: str,
        clone_url: Callable[[str], str],
    ) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._redactor = redactor
        self._bot_login = bot_login
        self._clone_url = clone_url
        self._onboarding = Onboarding(access=access, clock=clock, bot_login=bot_login)

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
        except _OutOfReach as reason:
            self._abandon(ledger, reason)
        finally:
            self._store.release(f"publish:{run_id}", owner)

    def _catch_up(self, ledger: RunLedger, owner: str) -> None:
        thread = ledger.state.created.thread
        clients: dict[bool, GitHub] = {}
        later: set[str] = set()
        with ExitStack() as stack:
            is_wanted = False
            for _ in range(_MOST_EFFECTS):
                effect = next_effect(ledger.state, now=self._clock.now(), without=later)
                if effect is None:
                    self._leave(ledger, later)
                    return
                if not self._has_room(thread, effect):
                    later.add(effect.key)
                    continue
                proposes = effect.kind in _PROPOSING
                if proposes not in clients:
                    opening = self._access.proposing(thread) if proposes else self._access.talking(thread)
                    try:
                        clients[proposes] = stack.enter_context(opening)
                    except (Forbidden, Invalid, NotFound) as error:
                        self._locked_out(ledger, effect, thread, error)
                        continue
                if not is_wanted and _makes_something_new(ledger.state, effect):
                    stack.enter_context(self._alone(ledger))
                    is_wanted = self._is_wanted(ledger, clients[proposes], effect)
                    continue
                if not self._do(ledger, clients[proposes], effect):
                    later.add(effect.key)
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
            found = revalidation.still_objected(github, ledger.state, self._bot_login)
        except UserError as error:
            self._look_again(ledger, error)
            self._refused(ledger, effect, error)
            return False
        if found:
            revalidation.keep(ledger, found)
        return found is None

    def _do(self, ledger: RunLedger, github: GitHub, effect: Effect) -> bool:
        """Perform and record one effect; False when a limit refused it and it can wait."""
        maybe_done = effect.key in ledger.state.intended
        still = _is_still_to_be_made(effect)
        if ledger.append_if(still, PublishIntended(key=effect.key, digest=effect.digest)) is None:
            return True
        github.priority = effect.priority
        hand = Hand(github, self._store, self._clock, ledger.state, self._bot_login)
        try:
            result = hand.perform(self._readable(effect), maybe_done=maybe_done)
        except RateLimited:
            if effect.kind in _ONE_WRITE and not maybe_done:
                ledger.append(PublishWithdrawn(key=effect.key))
            if effect.priority <= Priority.PROPOSAL:
                raise
            return False
        except TransientError:
            raise
        except UserError as error:
            self._look_again(ledger, error)
            self._refused(ledger, effect, error, maybe_done=maybe_done)
            return True
        except Exception as error:
            log.event("publish.defect", level=log.ERROR, error=error, run=ledger.run_id, key=effect.key)
            if ledger.state.tries.get(effect.key, 0) < _MOST_DEFECTS:
                raise TransientError("a defect of ours", retry_after_seconds=60) from error
            self._refused(ledger, effect, UserError(f"Something in me broke: `{type(error).__name__}`."))
            return True
        ledger.append(PublishDone(key=effect.key, digest=effect.digest, result=result))
        return True

    def _readable(self, effect: Effect) -> Effect:
        """As people may read it: the ledger keeps the conversation exactly, so shapes of secrets are masked here.
        Only the files of the change are published as they are; the scan has judged them.
        """
        data = {name: item if name == "changes" else self._redactor.data(item) for name, item in effect.data.items()}
        return replace(effect, data=data)

    def _refused(self, ledger: RunLedger, effect: Effect, error: UserError, *, maybe_done: bool = False) -> None:
        """GitHub said no: again a little later, or for good. Without its branch or pull request a run has failed then,
        and has to say so.
        """
        pause = pause_after(effect, error, ledger.state.delays(effect.key))
        if pause is not None:
            until = (self._clock.now() + timedelta(seconds=pause)).isoformat()
            log.event("publish.delayed", error=error, run=ledger.run_id, key=effect.key, seconds=pause)
            ledger.append(
                PublishDelayed(
                    key=effect.key, digest=effect.digest, error=str(error), until=until, maybe_done=maybe_done
                )
            )
            return
        log.event("publish.refused", level=log.WARNING, error=error, run=ledger.run_id, key=effect.key)
        ledger.append(PublishFailed(key=effect.key, digest=effect.digest, error=str(error)))
        if effect.kind in {"branch", "pull"}:
            ledger.append(
                RunEnded(
                    outcome="failed",
                    reason=f"The change is ready, but the pull request could not be opened. {error}",
                    next_step="Mend what GitHub names (permissions, rulesets, branch names), then retry: the change is "
                    "kept, and publishing it costs nothing.",
                )
            )

    def _locked_out(self, ledger: RunLedger, effect: Effect, thread: Thread, error: UserError) -> None:
        """No token for this: without a permission to propose the run has failed, without any there is nobody to tell.

        Raises _OutOfReach.
        """
        is_last = pause_after(effect, error, ledger.state.delays(effect.key)) is None
        if self._access.whereabouts(thread, is_told=False) is None or (is_last and effect.kind not in _PROPOSING):
            raise _OutOfReach(str(error)) from error
        self._refused(ledger, effect, error)

    def _look_again(self, ledger: RunLedger, error: UserError) -> None:
        """Find out whether it was the world that moved: a repository renamed or lost, an installation suspended.

        Raises TransientError when the same may work now, _OutOfReach when nothing will.
        """
        if not isinstance(error, Forbidden | NotFound | Unauthorized):
            return
        thread = ledger.state.created.thread
        name = self._access.whereabouts(thread, is_told=False)
        if name is None:
            raise _OutOfReach(str(error)) from error
        if move(ledger, thread._replace(repository=name), self._clone_url):
            raise TransientError(f"the repository is called {name} now", retry_after_seconds=1) from error
        if isinstance(error, Unauthorized):  # the token died with an earlier installation
            self._access.app.forget(thread.installation_id)
            raise TransientError("the token was no longer valid", retry_after_seconds=1) from error

    def _abandon(self, ledger: RunLedger, reason: _OutOfReach) -> None:
        """Nobody can be told there, so a run that is not through ends. When the App comes back to the repository, its
        dispatcher asks again.
        """
        log.event("publish.abandoned", level=log.WARNING, run=ledger.run_id, reason=str(reason))
        name = ledger.state.created.thread.repository
        ledger.append_if(
            lambda state: state.is_active or (state.outcome == "proposed" and pull_of(state) is None),
            RunEnded(
                outcome="out_of_reach",
                reason=f"`{name}` was out of my reach: deleted, transferred, or taken away from the App. {reason}",
                next_step="Retry; a change that was finished is kept, and publishing it costs nothing.",
            ),
        )
        ledger.append(PublishAbandoned(through=ledger.state.visible_seq, reason=str(reason)))

    def _settle(self, ledger: RunLedger) -> None:
        through = ledger.state.visible_seq
        if ledger.state.settled_seq < through:
            ledger.append(PublishSettled(through=through))


def _makes_something_new(state: RunState, effect: Effect) -> bool:
    """A branch or a pull request that no earlier try can have made."""
    return effect.kind in {"branch", "pull"} and effect.key not in {*state.published, *state.intended}


def _is_still_to_be_made(effect: Effect) -> Callable[[RunState], bool]:
    """Not when somebody has said stop since the projection was made."""
    return lambda state: effect.kind not in {"branch", "pull"} or state.outcome == "proposed"
