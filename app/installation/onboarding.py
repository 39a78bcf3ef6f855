"""Setting up the repositories of an installation: labels, and one onboarding issue in each.

One run for an installation, worked by the publisher in short visits with pauses between them, because GitHub counts
what an installation writes and people's work comes first. The ledger holds where it stands: killed at any moment, the
next visit goes on there, and finds what the killed one had written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app import log
from app.errors import TransientError, UserError
from app.events.publishing import OnboardingBegan, OnboardingListed, OnboardingProgressed
from app.events.waits import WaitForPause
from app.events.working import RunEnded, RunParked
from app.github import repositories
from app.github.access import Access
from app.github.errors import Invalid
from app.installation.setup import RepositorySetup, Tally
from app.ports.platform import Clock, Outbox
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.text.untrusted import one_line

PAUSE_SECONDS = 480.0  # after a full visit; see `setup.WRITES_PER_VISIT`
VISIT_SECONDS = 25.0  # then nothing new is begun: a function of the cloud has a minute
_BATCH = 5  # repositories between two notes in the ledger
_LISTED = 1_000  # repositories between two notes of the list
_PER_PAGE = 100  # GitHub's most


class Onboarding:
    """Makes visits; the publisher sees to it that there is one at a time."""

    def __init__(self, *, access: Access, jobs: Outbox, clock: Clock, bot_login: str) -> None:
        self._access = access
        self._jobs = jobs
        self._clock = clock
        self._bot = bot_login

    def visit(self, ledger: RunLedger) -> None:
        """Do as much as may be done now, then pause or end. Raises TransientError when GitHub is away for the list."""
        now = self._clock.now()
        if not _is_due(ledger.state, now) or not ledger.state.onboarding.asks:  # created, and not asked yet
            return
        tally = Tally(until=now + timedelta(seconds=VISIT_SECONDS))
        setup = RepositorySetup(self._access, self._jobs, self._clock, self._bot)
        while ledger.state.is_active and not tally.is_spent(self._clock.now()):
            if ledger.state.onboarding.answered < len(ledger.state.onboarding.asks):
                self._list(ledger)
            elif ledger.state.onboarding.listing is not None:
                self._batch(ledger, ledger.state.onboarding.listing, tally, setup)
            else:
                self._end(ledger)
        pause = max(tally.pause_seconds, tally.share * PAUSE_SECONDS)
        ledger.append_if(
            _is_active,
            RunParked(
                wait=WaitForPause(),
                note=_standing(ledger.state),
                until=(self._clock.now() + timedelta(seconds=pause)).isoformat(),
            ),
        )

    # ------------------------------------------------------------ the list

    def _list(self, ledger: RunLedger) -> None:
        """Ask GitHub for the next part of what is to be set up; the run ends when the installation is not there."""
        thread, found = ledger.state.created.thread, ledger.state.onboarding
        wanted = found.asks[found.answered].repositories
        try:
            if wanted:
                listed = list(self._wanted(thread.installation_id, wanted))
            else:
                with self._access.listing(thread.installation_id) as github:
                    listed = list(repositories.reachable(github, page=found.page, limit=_LISTED))
        except UserError as error:
            ledger.append_if(_is_active, RunEnded(outcome="cancelled", reason=str(error)))
            return
        is_last = bool(wanted) or len(listed) < _LISTED
        reasons = [_skipped(item) for item in listed]
        rows = [[item.id, item.full_name, item.default_branch] for item in listed if not _skipped(item)]
        ledger.append_if(
            _is_active,
            OnboardingListed(
                repositories=ledger.blob(json.dumps(rows)),
                count=len(rows),
                skipped={reason: reasons.count(reason) for reason in set(reasons) if reason},
                asks=found.answered + is_last,
                # The last page is listed again: a repository that is taken away meanwhile moves all others up by one.
                page=1 if is_last else found.page + _LISTED // _PER_PAGE - 1,
            ),
        )

    def _wanted(self, installation_id: int, wanted: Sequence[int]) -> Iterator[repositories.Repository]:
        for start in range(0, len(wanted), _PER_PAGE):
            ids = wanted[start : start + _PER_PAGE]
            try:
                with self._access.listing(installation_id, ids) as github:
                    found = list(repositories.reachable(github))
            except Invalid:  # one of them is gone again: look at all, and take those that are left
                with self._access.listing(installation_id) as github:
                    found = [item for item in repositories.reachable(github) if item.id in ids]
            yield from found

    # ------------------------------------------------------------ a few repositories

    def _batch(self, ledger: RunLedger, index: int, tally: Tally, setup: RepositorySetup) -> None:
        listing = ledger.state.onboarding.listings[index]
        is_welcome = listing.round == 0
        if index not in tally.rows:
            tally.rows[index] = ledger.read(listing.repositories)
        rows = tally.rows[index][listing.cursor : listing.cursor + _BATCH]
        ids = [row[0] for row in rows]
        maybe_before = set(ledger.state.onboarding.maybe)
        ledger.append(OnboardingBegan(ids=ids))
        tally.issues, tally.trouble, tally.maybe = 0, {}, []
        cursor = listing.cursor
        for repository_id, name, branch in rows:
            thread = ledger.state.created.thread._replace(repository_id=repository_id, repository=name)
            try:
                with self._access.welcoming(thread) as github:
                    if is_welcome:
                        setup.welcome(ledger.state, github, thread, branch, tally, repository_id in maybe_before)
                    else:
                        setup.label(github, thread, tally)
            except TransientError as error:
                tally.maybe.append(repository_id)
                tally.pause_seconds = error.retry_after_seconds
                log.event("onboarding.paused", run=ledger.run_id, reason=str(error))
                break
            except UserError as error:
                tally.trouble[name] = one_line(str(error), 200)
            cursor += 1
            tally.repositories += 1
            if tally.is_spent(self._clock.now()):
                break
        left = [item for item in ids if item in maybe_before and item in ids[cursor - listing.cursor :]]
        ledger.append(
            OnboardingProgressed(
                listing=index,
                cursor=cursor,
                ids=ids,
                maybe=sorted({*tally.maybe, *left}),
                issues=tally.issues,
                trouble=tally.trouble,
            )
        )

    # ------------------------------------------------------------ the end

    def _end(self, ledger: RunLedger) -> None:
        """Nothing is left; a repository asked for while this was written begins a run of its own."""
        asks = len(ledger.state.onboarding.asks)
        ledger.append_if(
            lambda state: state.is_active and len(state.onboarding.asks) == asks,
            RunEnded(outcome="onboarded", reason=_standing(ledger.state)),
        )


def _skipped(found: repositories.Repository) -> str:
    """Why a repository is left alone; empty when it is not."""
    if found.archived:
        return "archived or disabled"
    if found.fork:
        return "forks"
    return "" if found.has_issues else "without issues"


def _is_active(state: RunState) -> bool:
    return state.is_active


def _is_due(state: RunState, now: datetime) -> bool:
    if not state.is_active:
        return False
    return state.park_until is None or datetime.fromisoformat(state.park_until) <= now


def _standing(state: RunState) -> str:
    """Where it stands, in one sentence."""
    found = state.onboarding
    total = sum(listing.count for listing in found.listings)
    said = [f"{found.welcomed} of {total} repositories are welcomed, {found.issues} onboarding issues opened"]
    said += [f"{count} {reason} left alone" for reason, count in sorted(found.skipped.items())]
    if found.trouble:
        name = next(iter(found.trouble))
        said.append(f"{len(found.trouble)} could not be set up (such as {name}: {found.trouble[name]})")
    return "; ".join(said) + "."
