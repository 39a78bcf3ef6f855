"""Setting up the repositories of an installation: labels, and one onboarding issue in each.

One run for an installation, worked by the publisher in short visits with pauses between them, because GitHub counts
what an installation writes and people's work comes first. The ledger holds where it stands: killed at any moment, the
next visit goes on there, and finds what the killed one had written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app import log
from app.admission.github_facts import BOT_DEFAULTS, organisation_defaults
from app.checkpoints import welcome
from app.config import repo_config
from app.config.repo_config import RepoConfig
from app.errors import TransientError, UserError
from app.events.publishing import OnboardingBegan, OnboardingListed, OnboardingProgressed
from app.events.working import RunEnded, RunParked
from app.github import issues, repositories
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import Forbidden, Invalid, NotFound
from app.jobs.job import Thread
from app.ports.platform import Clock
from app.publication.github_writer import LABEL_COLOURS, SETTLE_SECONDS
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.text.untrusted import one_line

# GitHub lets an installation make 500 things an hour. 20 every eight minutes are the 150 that the pace leaves to the
# background at most. A repository takes 14 writes the first time, so one alone is set up in a quarter of a minute. A
# visit that was shorter is followed by a shorter pause.
WRITES_PER_VISIT = 20
PAUSE_SECONDS = 480.0
VISIT_SECONDS = 25.0  # then nothing new is begun: a function of the cloud has a minute
REPOSITORIES_PER_VISIT = 25  # where everything is there already, a visit only reads: 1,000 of 5,000 requests an hour
_BATCH = 5  # repositories between two notes in the ledger
_LISTED = 1_000  # repositories between two notes of the list
_PER_PAGE = 100  # GitHub's most

_BEGIN_LABELS = ("trigger", "off")
_COLOURS = {
    "trigger": ("1d76db", "Lamplighter: work on this issue"),
    "off": ("000000", "Lamplighter: leave this alone"),
    **LABEL_COLOURS,
}


@dataclass(kw_only=True)
class _Tally:
    """What a visit has done so far."""

    until: datetime
    writes: int = 0
    repositories: int = 0
    issues: int = 0
    trouble: dict[str, str] = field(default_factory=dict)
    maybe: list[int] = field(default_factory=list)
    pause_seconds: float = 0.0  # GitHub wants us to wait
    defaults: dict[str, bytes | None] = field(default_factory=dict)  # owner → the organisation's configuration
    rows: dict[int, list[list[Any]]] = field(default_factory=dict)  # listing → its repositories, read once a visit

    def is_spent(self, now: datetime) -> bool:
        return (
            self.writes >= WRITES_PER_VISIT
            or self.repositories >= REPOSITORIES_PER_VISIT
            or self.pause_seconds > 0
            or now >= self.until
        )


class Onboarding:
    """Makes visits; the publisher sees to it that there is one at a time."""

    def __init__(self, *, access: Access, clock: Clock, bot_login: str) -> None:
        self._access = access
        self._clock = clock
        self._bot = bot_login

    def visit(self, ledger: RunLedger) -> None:
        """Do as much as may be done now, then pause or end. Raises TransientError when GitHub is away for the list."""
        now = self._clock.now()
        if not _is_due(ledger.state, now) or not ledger.state.onboarding.asks:  # created, and not asked yet
            return
        tally = _Tally(until=now + timedelta(seconds=VISIT_SECONDS))
        while ledger.state.is_active and not tally.is_spent(self._clock.now()):
            if ledger.state.onboarding.answered < len(ledger.state.onboarding.asks):
                self._list(ledger)
            elif ledger.state.onboarding.listing is not None:
                self._batch(ledger, ledger.state.onboarding.listing, tally)
            else:
                self._end(ledger)
        share = max(tally.writes / WRITES_PER_VISIT, tally.repositories / REPOSITORIES_PER_VISIT)
        pause = max(tally.pause_seconds, share * PAUSE_SECONDS)
        ledger.append_if(
            _is_active,
            RunParked(
                reason="onboarding",
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

    def _batch(self, ledger: RunLedger, index: int, tally: _Tally) -> None:
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
                        self._welcome(ledger, github, thread, branch, tally, repository_id in maybe_before)
                    else:
                        self._label(github, thread, tally)
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

    def _welcome(
        self, ledger: RunLedger, github: GitHub, thread: Thread, branch: str, tally: _Tally, maybe_done: bool
    ) -> None:
        """The labels a person begins with, then the issue, found again by its marker when it is there already."""
        if maybe_done:
            self._clock.sleep(SETTLE_SECONDS)
        config, mistakes = self._config(github, thread, tally)
        self._ensure(github, thread, config, _BEGIN_LABELS, tally)
        if any(welcome.is_ours(found.body) for found in issues.by(github, thread.repository, self._bot)):
            return
        body = welcome.issue(_facts(github, thread, ledger.state, branch, config, mistakes))
        tally.writes += 1
        issues.open_issue(github, thread.repository, title=welcome.TITLE, body=body)
        tally.issues += 1

    def _label(self, github: GitHub, thread: Thread, tally: _Tally) -> None:
        config, _mistakes = self._config(github, thread, tally)
        self._ensure(github, thread, config, list(_COLOURS), tally)

    def _ensure(self, github: GitHub, thread: Thread, config: RepoConfig, words: Sequence[str], tally: _Tally) -> None:
        names = config.label_names()
        wanted = {names[word]: _COLOURS[word] for word in words}
        tally.writes += len(issues.ensure_labels(github, thread.repository, wanted))

    def _config(self, github: GitHub, thread: Thread, tally: _Tally) -> tuple[RepoConfig, str]:
        """The repository's configuration over its organisation's, and what is wrong with it."""
        owner = thread.repository.partition("/")[0]
        if owner not in tally.defaults:
            with self._access.organisation(thread) as organisation:
                tally.defaults[owner] = organisation_defaults(organisation, thread.repository) if organisation else None
        content = repositories.file(github, thread.repository, repo_config.PATH, "HEAD")
        defaults = tally.defaults[owner]
        try:
            config = repo_config.parse(content) if content is not None else BOT_DEFAULTS
            if defaults is not None:
                config = repo_config.merge(repo_config.parse(defaults, f"{owner}/.github: {repo_config.PATH}"), config)
        except UserError as error:
            return BOT_DEFAULTS, str(error)
        return config, ""

    # ------------------------------------------------------------ the end

    def _end(self, ledger: RunLedger) -> None:
        """Nothing is left; a repository asked for while this was written begins a run of its own."""
        asks = len(ledger.state.onboarding.asks)
        ledger.append_if(
            lambda state: state.is_active and len(state.onboarding.asks) == asks,
            RunEnded(outcome="onboarded", reason=_standing(ledger.state)),
        )


def _facts(
    github: GitHub, thread: Thread, state: RunState, branch: str, config: RepoConfig, mistakes: str
) -> welcome.Welcome:
    has_commits, guard = True, repositories.Protection(protected=False, approvals_required=0)
    try:
        guard = repositories.protection(github, thread.repository, branch, optional=True)
    except NotFound:
        has_commits = False
    except Forbidden:  # a plan without rulesets answers 403: then it is not known, and said so
        guard = repositories.Protection(protected=True, approvals_required=None)
    return welcome.Welcome(
        installed_by=state.created.requester.login,
        prefix=state.created.names.prefix,
        trigger_label=config.triggers.label,
        branch=branch,
        has_commits=has_commits,
        protected=guard.protected,
        approvals=guard.approvals_required,
        may_bypass=guard.may_bypass,
        run_usd=config.budget.run_usd,
        day_usd=config.budget.day_usd,
        configured=config != BOT_DEFAULTS,
        mistakes=mistakes,
        enabled=config.playbooks.fix.enabled and config.phase >= 2,
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
