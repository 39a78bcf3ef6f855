"""What a run that was asked for reads before it begins, and whether it begins at all.

A run that gathers is asked for before all of it is there: a review's comments, the checks of a commit. When its turn
has come, GitHub is asked for what stands there now, and that is frozen in its ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.admission import branch_facts, check_facts, reruns
from app.admission.autofix import wish_of
from app.admission.check_facts import Checks
from app.admission.red_branch import last_reading
from app.admission.red_fixes import RedFixes
from app.admission.review_batch import batch
from app.admission.rounds import failures_of, is_undone, round_of, rounds_before
from app.convergence import is_again, since_asked
from app.events.deciding import ChecksRead, HeadTaken, RerunAsked
from app.events.waits import WaitForQuiet
from app.events.working import RunEnded, RunParked
from app.github import pulls, repositories, reviews
from app.github.access import Access
from app.jobs.job import commit_of, is_red_fix
from app.playbooks import playbook
from app.ports.platform import Store
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

MOST_ROUNDS = 3  # repairs of one pull request's checks, before a person has to look
_PATIENCE = timedelta(hours=1)  # with checks that do not end
_LOOK_SECONDS = 60.0  # between two looks at them
_OURS = frozenset({"ours", "deterministic"})  # a repair can help


class TakeIn:
    """Reads what a gathering run is about. `bot_login` is the App's own account."""

    def __init__(self, store: Store, bot_login: str) -> None:
        self._store = store
        self._bot = bot_login
        self._red_fixes = RedFixes(store, bot_login)

    def is_due(self, state: RunState) -> bool:
        """Whether the run has to read before it begins, or has read that it need not."""
        has_read = state.has_taken_head or (state.checks is not None and state.checks.repairs)
        return bool(state.gathers) and not has_read

    def read(self, ledger: RunLedger, access: Access) -> bool:
        """Read, and note what was read; whether the run goes on now. Otherwise it waits or has ended.

        Raises TransientError when GitHub is away.
        """
        if is_red_fix(ledger.state.created.gathers):
            return self._red_fixes.begin(ledger)
        book = playbook(ledger.state.created.playbook)
        if book.by_checks:
            return self._checks(ledger, access)
        if book.merges_base:
            return self._base(ledger, access)
        return self._review(ledger, access)

    def _review(self, ledger: RunLedger, access: Access) -> bool:
        created = ledger.state.created
        with access.asking(created.thread) as github:
            pull = pulls.pull(github, created.thread.repository, created.thread.number)
            said = list(reviews.threads(github, created.thread.repository, created.thread.number))
        obeyed = {created.requester.login, *(told.said.by for told in ledger.state.gathered)}
        threads = batch(said, obeyed, self._bot)
        ledger.append(HeadTaken(sha=pull.head_sha, base_sha=pull.base_sha, threads=threads))
        return True

    def _base(self, ledger: RunLedger, access: Access) -> bool:
        """The two commits that are merged: as the branches stand now."""
        created = ledger.state.created
        with access.asking(created.thread) as github:
            pull = pulls.pull(github, created.thread.repository, created.thread.number)
            base_sha = repositories.branch_sha(github, created.thread.repository, pull.base_ref)
        ledger.append(HeadTaken(sha=pull.head_sha, base_sha=base_sha or pull.base_sha))
        return True

    def _checks(self, ledger: RunLedger, access: Access) -> bool:
        if ledger.state.checks:  # whoever read them died before it could end
            return self._end(ledger)
        if not ledger.state.created.thread.number:
            return self._branch(ledger, access)
        created, now = ledger.state.created, ledger.clock.now()
        if reruns.are_on_their_way(ledger.state, now):
            return self._wait(ledger, "Failed jobs run again.")
        again = [told.said for told in reruns.made(ledger.state)]
        since = ledger.state.reruns[-1].at if ledger.state.reruns else ledger.state.created_at
        is_patient = now < datetime.fromisoformat(since) + _PATIENCE
        with access.reading_checks(created.thread) as github:
            found = check_facts.read(
                github,
                created.thread.repository,
                created.thread.number,
                ours=self._bot.removesuffix("[bot]"),
                patient=is_patient,
                clock=ledger.clock,
                reruns=again,
            )
        if found.pending and is_patient:
            return self._wait(ledger, f"{len(found.pending)} checks have not ended yet.")
        if reruns.ask(ledger, access, found):
            return self._wait(ledger, "Failed jobs run again.")
        read = self._judged(ledger, found, again)
        ledger.append(read)
        return read.repairs or self._end(ledger)

    def _judged(self, ledger: RunLedger, found: Checks, again: Sequence[RerunAsked]) -> ChecksRead:
        """What was found, with what was done here before, and whether a repair follows."""
        before = rounds_before(self._store, ledger.state)
        rounds = since_asked([round_of(self._store, state) for state in before])
        read = ChecksRead(
            sha=found.sha,
            failures=list(found.failures),
            green=found.green,
            pending=list(found.pending),
            by_chance=reruns.by_chance(again, found),
            reruns=len(again),
            autofix=wish_of(self._store, ledger.state.created.thread),
            rounds=sum(state.checks is not None for state in before),
            again=is_again(failures_of(found.failures), rounds),
            undone=is_undone(self._store, ledger.state),
        )
        return read.model_copy(update={"repairs": is_to_repair(ledger.state, read)})

    def _wait(self, ledger: RunLedger, note: str) -> bool:
        until = (ledger.clock.now() + timedelta(seconds=_LOOK_SECONDS)).isoformat()
        ledger.append_if(_gathers, RunParked(wait=WaitForQuiet(), note=note, until=until))
        return False

    def _branch(self, ledger: RunLedger, access: Access) -> bool:
        """The checks of the default branch: what is red there is said in issues."""
        created = ledger.state.created
        is_patient = ledger.clock.now() < datetime.fromisoformat(ledger.state.created_at) + _PATIENCE
        with access.reading_checks(created.thread) as github:
            read = branch_facts.read(
                github,
                created.thread.repository,
                commit_of(created.gathers),
                before=last_reading(self._store, created.thread),
                branch=created.base.ref,
                ours=self._bot.removesuffix("[bot]"),
                patient=is_patient,
                clock=ledger.clock,
            )
        if read.pending and is_patient:
            return self._wait(ledger, f"{len(read.pending)} checks have not ended yet.")
        ledger.append(self._red_fixes.decided(ledger, access, read))
        return self._end(ledger)

    def _end(self, ledger: RunLedger) -> bool:
        ledger.append_if(_is_active, RunEnded(outcome="diagnosed", reason=""))
        return False


def is_to_repair(state: RunState, read: ChecksRead) -> bool:
    """Whether a worker repairs what failed: a person asked, or it is ours or `autofix` is on, and a repair may help."""
    if not read.failures or state.created.config.autonomy == "diagnose":
        return False
    if not state.is_by_checks:  # a person asked for it
        return True
    facts = state.created.admission
    is_writable = not facts.from_fork and not facts.head_is_default
    is_ours = state.created.target is not None and state.created.target.ours
    is_wanted = is_writable and (read.autofix == "on" or (is_ours and read.autofix != "off"))
    is_hopeful = read.rounds < MOST_ROUNDS and not read.again and not read.undone
    return is_wanted and is_hopeful and any(failure.kind in _OURS for failure in read.failures)


def _gathers(state: RunState) -> bool:
    return bool(state.gathers)


def _is_active(state: RunState) -> bool:
    return state.is_active
