"""Asking GitHub again before a run goes on, and before its pull request: is this still wanted, and still allowed?

What was true when the run was asked for is in its first event; deliveries get lost, and a run may have stood still for
days. What GitHub says now decides.
"""

from __future__ import annotations

from typing import Any

from app import log
from app.admission.admit import Objection, objection
from app.admission.github_facts import role_of, switched_off
from app.admission.thread_changes import of_pull
from app.checkpoints.endings import base_gone, kept_because
from app.checkpoints.thread_changes import ThreadChange, meaning
from app.events.deciding import BaseFollowed
from app.events.working import RunEnded
from app.github import issues, pulls, repositories
from app.github.access import Access
from app.github.client import GitHub
from app.github.errors import NotFound, Refused
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState

_GONE = Objection(reason="The issue is gone.", withdrawn=True)
_OUT_OF_REACH = Objection(reason="I no longer have access to the repository.", withdrawn=True)


def asked_by(state: RunState) -> str:
    """The login of whoever wants this now: of a finished change, the person who asked for it last."""
    return str(state.resumptions[-1].by if state.resumptions else state.created.requester.login)


def ask(access: Access, ledger: RunLedger, bot_login: str) -> Objection | None:
    """What stands against the run going on. Raises TransientError when GitHub is away."""
    thread = ledger.state.created.thread
    try:
        with access.asking(thread) as github:
            return still_objected(github, ledger, bot_login)
    except Refused:
        if access.whereabouts(thread) is None:
            return _OUT_OF_REACH
        raise


def still_objected(github: GitHub, ledger: RunLedger, bot_login: str) -> Objection | None:
    """The same with a client that may read the repository. A branch that was renamed is followed."""
    state = ledger.state
    created, thread = state.created, state.created.thread
    name = thread.repository
    repository = repositories.repository(github, name)
    try:
        issue = issues.issue(github, name, thread.number) if thread.number else None
    except NotFound:
        return _GONE
    if issue and (found := _at_its_branches(github, ledger)):
        return found
    trigger = created.names.labels["trigger"]
    now: dict[str, Any] = {
        "role": role_of(github, name, asked_by(state)),
        "trigger_label": trigger,
        "switched_off": switched_off(github, name, bot_login),
        "archived": repository.archived,
        "open_pull_requests": len(pulls.open_pulls(github, name, head_prefix=created.config.branch_prefix)),
    }
    if issue:  # the default branch as a whole is nothing one could close
        now |= {
            "label_off": state.is_by_label and not issue.has_label(trigger),
            "thread_labels": issue.labels,
            "thread_open": issue.is_open,
            "thread_locked": issue.is_locked,
        }
    found = objection(created.admission.model_copy(update=now))
    log.event("revalidation.asked", run=state.run_id, objection=found.reason if found else None)
    return found


def _at_its_branches(github: GitHub, ledger: RunLedger) -> Objection | None:
    """What has become of the pull request that the run adds to, or of the branch that its own one would go to."""
    created, name, base = ledger.state.created, ledger.state.created.thread.repository, ledger.state.base_name
    if created.target and not created.thread.is_pull_request:
        return None  # it was asked for on an issue, and looks at the pull request itself
    if created.target:
        change = of_pull(github, name, created.thread.number, base)
    else:
        now = repositories.branch_name(github, name, base) if base else base
        if now is None:
            return Objection(reason=base_gone(base), next_step="Ask again: I start on what is there then.", keeps=False)
        change = ThreadChange(kind="base renamed", was=base, now=now) if now != base else None
    if change is None:
        return None
    means = meaning(change, created.names.prefix)
    if means.stops:
        keeps = change.kind == "closed"
        return Objection(reason=means.said, withdrawn=True, next_step=means.next_step, keeps=keeps)
    ledger.append_if(lambda state: state.base_name != change.now, BaseFollowed(ref=change.now))
    return None


def stop(ledger: RunLedger, found: Objection) -> None:
    """End a run that has not gone on. One that never worked was refused; of work that was begun it is said so."""
    begun = ledger.state.attempt > 0
    ledger.append_if(
        lambda state: state.is_active,
        RunEnded(
            outcome="cancelled" if begun or found.withdrawn else "refused",
            reason=found.reason,
            next_step=found.next_step,
        ),
    )


def keep(ledger: RunLedger, found: Objection) -> None:
    """End a run whose finished change is not to be published now; the change stays in the ledger."""
    created = ledger.state.created
    is_commit = created.target is not None
    reason = kept_because(found.reason, created.names.prefix, is_commit=is_commit, keeps=found.keeps)
    ledger.append(
        RunEnded(
            outcome="cancelled" if found.withdrawn else "failed",
            reason=reason,
            next_step=found.next_step,
        )
    )
