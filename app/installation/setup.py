"""Setting up one repository: the bot's labels, and the onboarding issue with what GitHub says of the place.

Everything is found again when it is there already, so it may be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.admission.github_facts import BOT_DEFAULTS, configuration, organisation_defaults
from app.checkpoints import welcome
from app.config.repo_config import RepoConfig
from app.errors import UserError
from app.github import issues, repositories
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import Forbidden, NotFound
from app.installation.rehearsals import Rehearsals
from app.jobs.job import Thread
from app.playbooks import CONFIGURABLE
from app.ports.platform import Clock, Outbox
from app.publication.effect import SETTLE_SECONDS
from app.publication.kinds.labels import LABEL_COLOURS
from app.runs.state.run_state import RunState

# GitHub lets an installation make 500 things an hour. 20 every eight minutes are the 150 that the pace leaves to the
# background at most. A repository takes 14 writes the first time, so one alone is set up in a quarter of a minute. A
# visit that was shorter is followed by a shorter pause.
WRITES_PER_VISIT = 20
REPOSITORIES_PER_VISIT = 25  # where everything is there already, a visit only reads: 1,000 of 5,000 requests an hour

_BEGIN_LABELS = ("trigger", "off")
_COLOURS = {
    "trigger": ("1d76db", "Lamplighter: work on this issue"),
    "off": ("000000", "Lamplighter: leave this alone"),
    **LABEL_COLOURS,
}


@dataclass(kw_only=True)
class Tally:
    """What a visit has done so far."""

    until: datetime
    writes: int = 0
    repositories: int = 0
    issues: int = 0
    trouble: dict[str, str] = field(default_factory=dict)
    maybe: list[int] = field(default_factory=list)
    pause_seconds: float = 0.0  # GitHub wants us to wait
    rows: dict[int, list[list[Any]]] = field(default_factory=dict)  # listing → its repositories, read once a visit

    @property
    def share(self) -> float:
        """Of what a visit may do; 1 and more is a full one."""
        return max(self.writes / WRITES_PER_VISIT, self.repositories / REPOSITORIES_PER_VISIT)

    def is_spent(self, now: datetime) -> bool:
        return self.share >= 1 or self.pause_seconds > 0 or now >= self.until


class RepositorySetup:
    """For one visit: what an organisation gives its repositories is asked once."""

    def __init__(self, access: Access, jobs: Outbox, clock: Clock, bot_login: str) -> None:
        self._access = access
        self._clock = clock
        self._bot = bot_login
        self._rehearsals = Rehearsals(access, jobs, clock)
        self._defaults: dict[str, bytes | None] = {}  # owner → the organisation's configuration

    def welcome(
        self, state: RunState, github: GitHub, thread: Thread, branch: str, tally: Tally, maybe_done: bool
    ) -> None:
        """The labels a person begins with, then the issue, found again by its marker when it is there already; behind a
        new one a rehearsal is asked for.
        """
        if maybe_done:
            self._clock.sleep(SETTLE_SECONDS)
        config, mistakes = self._config(github, thread)
        self._ensure(github, thread, config, _BEGIN_LABELS, tally)
        found = issues.by(github, thread.repository, self._bot)
        issue = next((issue for issue in found if welcome.is_ours(issue.body)), None)
        if issue and not maybe_done:
            return
        facts = _facts(github, thread, state, branch, config, mistakes)
        if facts.has_commits and not mistakes:
            facts = replace(facts, rehearses=self._rehearsals.are_wanted(state, config))
        if issue is None:
            tally.writes += 1
            issue = issues.open_issue(github, thread.repository, title=welcome.TITLE, body=welcome.issue(facts))
            tally.issues += 1
        if facts.rehearses and issue.is_open:
            self._rehearsals.ask(state, thread._replace(number=issue.number))

    def label(self, github: GitHub, thread: Thread, tally: Tally) -> None:
        config, _mistakes = self._config(github, thread)
        self._ensure(github, thread, config, list(_COLOURS), tally)

    def _ensure(self, github: GitHub, thread: Thread, config: RepoConfig, words: Sequence[str], tally: Tally) -> None:
        names = config.label_names()
        wanted = {names[word]: _COLOURS[word] for word in words}
        tally.writes += len(issues.ensure_labels(github, thread.repository, wanted))

    def _config(self, github: GitHub, thread: Thread) -> tuple[RepoConfig, str]:
        """The repository's configuration over its organisation's, and what is wrong with it."""
        owner = thread.repository.partition("/")[0]
        if owner not in self._defaults:
            with self._access.organisation(thread) as organisation:
                self._defaults[owner] = organisation_defaults(organisation, thread.repository) if organisation else None
        try:
            return configuration(github, thread.repository, "HEAD", self._defaults[owner])[0], ""
        except UserError as error:
            return BOT_DEFAULTS, str(error)


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
        off=tuple(book.name for book in CONFIGURABLE if not config.allows(book)),
    )
