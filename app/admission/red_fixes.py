"""Fixes of the default branch that nobody has asked for: for which causes one begins, and why not for the others.

What is known of a cause is in the ledgers of the runs on its issue, so nothing is counted anywhere else. One fix begins
for a cause. After it was merged and the cause came back, one more may; then a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from app.admission.admit import admit
from app.admission.red_branch import last_reading
from app.admission.reservation import look
from app.checkpoints import branch_text
from app.events.deciding import ChecksRead, HeadTaken
from app.events.parts import CheckFailure
from app.events.working import RunEnded
from app.failures.chance import may_be_repaired
from app.github import git_data, issues
from app.github.access import Access
from app.github.client import GitHub
from app.jobs.job import cause_of, is_red_fix
from app.outcomes.reverts import takes_back
from app.playbooks import BY_LABEL
from app.ports.platform import Store
from app.runs.run_ledger import RunLedger
from app.runs.state import fold
from app.runs.state.run_state import RunState

WITHIN = timedelta(days=30)
MOST = 2  # of one cause, within that time
_RUNS = 20  # on one issue that are looked at, the newest first

Standing = Literal[
    "begins",
    "waits",  # one is at work, or a person has its result: a pull request to merge, or why there is none
    "tired",  # it came back so often, or by a revert of the fix: a person has to look
]


def standing(runs: Iterable[RunState], now: datetime) -> Standing:
    """Of a cause, by the runs on its issue, newest first. Pure."""
    began = [run for run in runs if run.is_active or run.attempt]  # the others are answers, or were refused
    if not began or _was_withdrawn(began[0]) or _was_merged(began[0]):
        own = [run for run in began if is_red_fix(run.created.gathers) and _is_within(run, now)]
        return "begins" if len(own) < MOST else "tired"
    return "waits"


class RedFixes:
    """Looks at the issues of what a reading found. `bot_login` is the App's own account."""

    def __init__(self, store: Store, bot_login: str) -> None:
        self._store = store
        self._bot = bot_login

    def decided(self, ledger: RunLedger, access: Access, read: ChecksRead) -> ChecksRead:
        """The reading with what begins by itself. Raises TransientError when GitHub is away."""
        config = ledger.state.created.config
        wanted = [failure for failure in read.failures if may_be_repaired(failure.kind)]
        if not config.fix_default_branch or config.autonomy == "diagnose" or not wanted:
            return read
        found = {one.signature: self._standing(ledger, access, one, one.since or read.sha) for one in wanted}
        begins = _those(found, "begins")
        hindered = self._hindered(ledger) if begins else ""
        return read.model_copy(
            update={
                "fixes": [] if hindered else begins,
                "begun": _those(found, "waits"),
                "tired": _those(found, "tired"),
                "hindered": hindered,
            }
        )

    def begin(self, ledger: RunLedger) -> bool:
        """Whether a fix that was asked for goes on, now that its turn has come; it ends otherwise, without a word."""
        created, now = ledger.state.created, ledger.clock.now()
        others = [run for run in self._runs(created.thread.key) if run.run_id != ledger.run_id]
        read = last_reading(self._store, created.thread)
        is_red = read and any(one.signature == cause_of(created.gathers) for one in (*read.failures, *read.carried))
        if is_red and standing(others, now) == "begins":
            ledger.append(HeadTaken(sha=created.base.sha, base_sha=created.base.sha))
            return True
        reason = "It is being looked after, or over already."
        ledger.append_if(lambda state: state.is_active, RunEnded(outcome="nothing_to_do", reason=reason))
        return False

    def _standing(self, ledger: RunLedger, access: Access, failure: CheckFailure, since: str) -> Standing:
        """`since`: the first commit on which it fails. One that takes our fix back is a person's word."""
        thread = ledger.state.created.thread
        with access.asking(thread) as github:
            known = issues.marked(github, thread.repository, self._bot, branch_text.marker(failure))
            if known is None or known.is_declined:
                return "waits" if known else "begins"
            runs = self._runs(thread._replace(number=known.number).key)
            how = standing(runs, ledger.clock.now())
            if how == "begins" and _takes_back(github, thread.repository, since, runs):
                return "tired"
        return how

    def _runs(self, thread_key: str) -> Sequence[RunState]:
        rows = self._store.runs(thread_key=thread_key, limit=_RUNS)
        return [fold(row.run_id, self._store.events(row.run_id)) for row in rows]

    def _hindered(self, ledger: RunLedger) -> str:
        """Why no fix is let in: what a person would be told who asked for one."""
        created = ledger.state.created
        spent = look(self._store, ledger.state, ledger.clock.now()).spent_usd
        kind = {"playbook": BY_LABEL.name, "playbook_enabled": created.config.playbook(BY_LABEL.name).enabled}
        found = admit(created.admission.model_copy(update={**kind, "by_checks": False, "spent_today_usd": spent}))
        return found.reason if found.verdict == "refuse" else ""


def _those(found: dict[str, Standing], wanted: Standing) -> list[str]:
    return [signature for signature, how in found.items() if how == wanted]


def _takes_back(github: GitHub, repo: str, sha: str, runs: Iterable[RunState]) -> bool:
    merged = next((run.landing.ended for run in runs if _was_merged(run)), None)
    if merged is None:
        return False
    shas = {*merged.ours, merged.merge_sha} - {""}
    return takes_back(git_data.commit(github, repo, sha).message, number=merged.number, shas=shas)


def _was_merged(run: RunState) -> bool:
    return run.outcome == "proposed" and run.landing.ended is not None and run.landing.ended.merged


def _was_withdrawn(run: RunState) -> bool:
    """The issue was closed, or the like, while it was at work; nobody said stop to it."""
    return run.outcome == "cancelled" and not (run.cancel and run.cancel.keeps)


def _is_within(run: RunState, now: datetime) -> bool:
    return now - datetime.fromisoformat(run.created_at) < WITHIN
