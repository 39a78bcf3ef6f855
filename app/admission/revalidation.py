"""Asking GitHub again before a run goes on, and before its pull request: is this still wanted, and still allowed?

What was true when the run was asked for is in its first event; deliveries get lost, and a run may have stood still for
days. What GitHub says now decides.
"""

from __future__ import annotations

from typing import Any

from app import log
from app.admission.admit import Objection, objection
from app.admission.github_facts import role_of, switched_off
from app.checkpoints.endings import kept_because
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


def ask(access: Access, state: RunState, bot_login: str) -> Objection | None:
    """What stands against the run going on. Raises TransientError when GitHub is away."""
    thread = state.created.thread
    try:
        with access.asking(thread) as github:
            return still_objected(github, state, bot_login)
    except Refused:
        if access.whereabouts(thread) is None:
            return _OUT_OF_REACH
        raise


def still_objected(github: GitHub, state: RunState, bot_login: str) -> Objection | None:
    """The same with a client that may read the repository. Raises as that does."""
    created, thread = state.created, state.created.thread
    name = thread.repository
    repository = repositories.repository(github, name)
    try:
        issue = issues.issue(github, name, thread.number)
    except NotFound:
        return _GONE
    trigger = created.names.labels["trigger"]
    now: dict[str, Any] = {
        "role": role_of(github, name, asked_by(state)),
        "trigger_label": trigger,
        "label_off": state.is_by_label and not issue.has_label(trigger),
        "thread_labels": issue.labels,
        "switched_off": switched_off(github, name, bot_login),
        "thread_open": issue.is_open,
        "thread_locked": issue.is_locked,
        "archived": repository.archived,
        "open_pull_requests": len(pulls.open_pulls(github, name, head_prefix=created.config.branch_prefix)),
    }
    found = objection(created.admission.model_copy(update=now))
    log.event("revalidation.asked", run=state.run_id, objection=found.reason if found else None)
    return found


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
    ledger.append(
        RunEnded(
            outcome="cancelled" if found.withdrawn else "failed",
            reason=kept_because(found.reason, ledger.state.created.names.prefix),
            next_step=found.next_step,
        )
    )
