"""What follows when GitHub says no: the same again a little later, a run that has failed, or a place out of reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app import log
from app.checkpoints.endings import OUT_OF_REACH, out_of_reach
from app.errors import TransientError, UserError
from app.events.publishing import PublishAbandoned, PublishDelayed, PublishFailed
from app.events.working import RunEnded
from app.github.access import Access
from app.github.errors import Forbidden, NotFound, Unauthorized
from app.publication.effect import Effect
from app.runs.moving import move
from app.runs.run_ledger import RunLedger

_MOST_DEFECTS = 3  # tries of one effect that may break before the rest goes on without it


class OutOfReach(Exception):
    """The repository, or the App on it, is gone or suspended: nothing can be shown there."""


class Refusals:
    """Takes a refusal into the run's ledger."""

    def __init__(self, access: Access, clone_url: Callable[[str], str]) -> None:
        self._access = access
        self._clone_url = clone_url

    def heed(self, ledger: RunLedger, effect: Effect, error: UserError, *, maybe_done: bool = False) -> None:
        """Look whether it was the world that moved (a repository renamed or lost, an installation suspended), else note
        it. Raises TransientError when the same may work now, OutOfReach when nothing will.
        """
        if isinstance(error, Forbidden | NotFound | Unauthorized):
            thread = ledger.state.created.thread
            place = self._access.whereabouts(thread, is_told=False)
            if place is None:
                raise OutOfReach(str(error)) from error
            if move(ledger, thread._replace(repository=place.full_name), self._clone_url):
                raise TransientError(
                    f"the repository is called {place.full_name} now", retry_after_seconds=1
                ) from error
            if isinstance(error, Unauthorized):  # the token died with an earlier installation
                self._access.app.forget(thread.installation_id)
                raise TransientError("the token was no longer valid", retry_after_seconds=1) from error
        self._note(ledger, effect, error, maybe_done=maybe_done)

    def locked_out(self, ledger: RunLedger, effect: Effect, error: UserError) -> None:
        """No token for this: without a permission to propose the run has failed, without that for checks it shows none,
        and without any there is nobody to tell.

        Raises OutOfReach.
        """
        is_last = effect.pause_after(error, ledger.state.delays(effect.key)) is None
        is_lost = self._access.whereabouts(ledger.state.created.thread, is_told=False) is None
        if is_lost or (is_last and effect.purpose == "talking"):
            raise OutOfReach(str(error)) from error
        self._note(ledger, effect, error, is_final=effect.purpose in {"checking", "rerunning"})

    def defect(self, ledger: RunLedger, effect: Effect, error: Exception) -> None:
        """Something in us broke. Raises TransientError for as long as it is tried again."""
        log.event("publish.defect", level=log.ERROR, error=error, run=ledger.run_id, key=effect.key)
        if ledger.state.tries.get(effect.key, 0) < _MOST_DEFECTS:
            raise TransientError("a defect of ours", retry_after_seconds=60) from error
        self._note(ledger, effect, UserError(f"Something in me broke: `{type(error).__name__}`."))

    def _note(
        self,
        ledger: RunLedger,
        effect: Effect,
        error: UserError,
        *,
        maybe_done: bool = False,
        is_final: bool = False,
    ) -> None:
        """Again a little later, or for good. Without its branch or pull request a run has failed then, and says so."""
        key, digest, said = effect.key, effect.digest, str(error)
        pause = effect.pause_after(error, ledger.state.delays(key))
        if pause is not None and not is_final:
            until = (ledger.clock.now() + timedelta(seconds=pause)).isoformat()
            log.event("publish.delayed", error=error, run=ledger.run_id, key=key, seconds=pause)
            ledger.append(PublishDelayed(key=key, digest=digest, error=said, until=until, maybe_done=maybe_done))
            return
        log.event("publish.refused", level=log.WARNING, error=error, run=ledger.run_id, key=key)
        ledger.append(PublishFailed(key=key, digest=digest, error=said))
        if effect.is_work:
            reason, next_step = effect.in_vain(said)
            ledger.append(RunEnded(outcome="failed", reason=reason, next_step=next_step))


def abandon(ledger: RunLedger, reason: OutOfReach) -> None:
    """Nobody can be told there, so a run that is not through ends. When the App comes back to the repository, its
    dispatcher asks again.
    """
    log.event("publish.abandoned", level=log.WARNING, run=ledger.run_id, reason=str(reason))
    told = out_of_reach(ledger.state.created.thread.repository, str(reason))
    end = RunEnded(outcome="out_of_reach", reason=told, next_step=OUT_OF_REACH)
    ledger.append_if(lambda state: not state.is_through, end)
    ledger.append(PublishAbandoned(through=ledger.state.visible_seq, reason=str(reason)))
