"""Whether a job may become a run, and whether a run may go on, from facts fetched before. Pure; every verdict says its
reason.

The order of the checks is the order in which people want to hear about them: who asks, whether anything may run here
at all, what is going on already, what it may cost, and last whether there is room just now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.admission.day_budget import DayBudget
from app.events.asked import AdmissionFacts
from app.jobs.verb import PULL_REQUEST, ROLES, may
from app.playbooks import playbook

Verdict = Literal[
    "admit",
    "queue",  # admitted, but there is no room yet: it waits in order and says so
    "active",  # a run is at work here already: dispatch steers it or says so
    "refuse",  # one polite line
    "ignore",  # nobody asked us anything: no word at all
]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The verdict, and one sentence (Markdown, safe to post) that explains it."""

    verdict: Verdict
    reason: str


def refusal(role: str, needed: str) -> str | None:
    """The one polite line for somebody whose `role` is below `needed`; None when it is enough."""
    if may(role, needed):
        return None
    has = f"you have the {role} role" if role in ROLES and role != "none" else "you are not a collaborator"
    return f"This needs the {needed} role on this repository, and {has} here. A maintainer can ask me instead."


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Why a run that was let in must not go on, in one sentence (Markdown, safe to post)."""

    reason: str
    withdrawn: bool = False  # somebody took the request back and knows it: no comment tells them
    next_step: str = ""
    keeps: bool = True  # a change that is finished can be published later as it is


def objection(facts: AdmissionFacts) -> Objection | None:
    """What stands against a run that was let in once, from what GitHub says now; None when it may go on.

    Configuration does not count: a run keeps what it was started with.
    """
    if facts.label_off:
        return Objection(reason=f"The label `{facts.trigger_label}` was taken off.", withdrawn=True)
    if facts.archived:
        return Objection(reason="The repository was archived.", withdrawn=True)
    if reason := _closed_to_us(facts):
        return Objection(reason=reason, withdrawn=True)
    if not may(facts.role, facts.needed_role):
        return Objection(
            reason=f"Whoever asked for this has the {facts.role} role here now, and it needs the {facts.needed_role} "
            "role.",
            next_step="Somebody who has that role can ask for it again.",
        )
    if reason := _too_many_pulls(facts):
        return Objection(reason=reason, next_step="Merge or close one, then retry.")
    return None


def admit(facts: AdmissionFacts) -> Admission:
    """Whether a run may start."""
    if facts.label and facts.label.lower() != facts.trigger_label.lower():
        return Admission(verdict="ignore", reason=f"The label that starts a run here is `{facts.trigger_label}`.")
    if facts.archived:
        return Admission(verdict="ignore", reason="The repository is archived: nothing in it can be written.")
    for reason in (refusal(facts.role, facts.needed_role), _closed_to_us(facts), _not_configured(facts)):
        if reason:
            return Admission(verdict="refuse", reason=reason)
    if facts.active_run:
        return Admission(verdict="active", reason="A run is at work here already.")
    if reason := _over_a_limit(facts):
        return Admission(verdict="refuse", reason=reason)
    if facts.ahead or facts.working >= facts.concurrency:
        return Admission(verdict="queue", reason=_waits(facts))
    return Admission(verdict="admit", reason="Asked by somebody who may, and there is room.")


def _closed_to_us(facts: AdmissionFacts) -> str | None:
    """Why nothing may run on this thread at all."""
    if "agent:off" in (label.lower() for label in facts.thread_labels):
        return "The label `agent:off` is on, so I leave this alone. Take it off and ask again."
    if facts.switched_off:
        return (
            f"I am switched off in this repository: `agent:off` is on #{facts.switched_off}. Take it off and ask again."
        )
    if facts.own_issue and playbook(facts.playbook).about == "thread":
        return "This issue is my own and says what I do. Ask me on one of yours."
    if facts.thread_merged:
        return "This is merged, so its branch is done with. Open an issue, and ask there."
    if not facts.thread_open:
        return "This is closed. Reopen it and ask again."
    if facts.thread_locked:
        return "The conversation is locked, so I could not ask anybody anything. Unlock it and ask again."
    if reason := _wrong_branch(facts):
        return reason
    if facts.empty:
        return "The repository has no commit yet, so there is nothing to work on."
    return None


def _wrong_branch(facts: AdmissionFacts) -> str | None:
    """Why the pull request's branch is not for us to write to; None on an issue, and where checks are only read."""
    if not facts.is_pull_request or facts.by_checks:
        return None
    if PULL_REQUEST not in playbook(facts.playbook).places:
        return "This works on issues only, and this is a pull request."
    if facts.from_fork and playbook(facts.playbook).by_words:
        return None  # what is asked for in words is offered as a patch
    if facts.from_fork:
        return "The branch of this pull request is in a fork, and I write to branches of this repository only."
    if facts.head_is_default:
        return "The branch of this pull request is the default branch, and I never write to that."
    return None


def _not_configured(facts: AdmissionFacts) -> str | None:
    """Why the repository's configuration does not let a run of this kind start."""
    book = playbook(facts.playbook)
    if facts.phase < book.phase:
        return f"This repository is in `phase: {facts.phase}`, and {book.called} begin with `phase: {book.phase}`."
    if not facts.playbook_enabled:
        return f"This repository has switched {book.called} off (`playbooks.{book.name}.enabled: false`)."
    if facts.autonomy == "diagnose" and book.proposes and not book.by_checks:
        return "`autonomy: diagnose` lets me say what is wrong, and change nothing."
    return None


def _too_many_pulls(facts: AdmissionFacts) -> str | None:
    opens = playbook(facts.playbook).proposes and playbook(facts.playbook).delivers == "pull request"
    if opens and facts.open_pull_requests >= facts.max_open_pull_requests:
        return (
            f"{facts.open_pull_requests} of my pull requests are open here already, and this repository wants at most "
            f"{facts.max_open_pull_requests} (`limits.open_pull_requests`)."
        )
    return None


def _over_a_limit(facts: AdmissionFacts) -> str | None:
    if reason := _too_many_pulls(facts):
        return f"{reason} Merge or close one and ask again."
    day = DayBudget(day_usd=facts.day_usd, spent_usd=facts.spent_today_usd, held_usd=0.0)
    return None if day.may_grant_later(facts.wanted_usd) else day_is_spent(day, facts.wanted_usd)


def day_is_spent(day: DayBudget, wanted_usd: float) -> str:
    """Why nothing more is let in today."""
    more = f", and this may cost {_usd(wanted_usd)}" if day.spent_usd < day.day_usd else ""
    return (
        f"Today's budget is spent: {_usd(day.spent_usd)} of {_usd(day.day_usd)} (`budget.day_usd`){more}. "
        "It starts anew at midnight UTC."
    )


def day_is_held(day: DayBudget) -> str:
    """Why something has to wait, in words that stay the same while it waits."""
    return f"Runs at work may need what is left of today's budget of {_usd(day.day_usd)} (`budget.day_usd`)."


def _usd(amount: float) -> str:
    """In cents, or as small as it is: $0.01 of $0.01 would be no news."""
    return f"${amount:.2f}" if amount >= 1 or not amount or amount == round(amount, 2) else f"${amount:.4f}"


def _waits(facts: AdmissionFacts) -> str:
    line = f", and {facts.ahead} {'waits' if facts.ahead == 1 else 'wait'} before this one" if facts.ahead else ""
    runs = "run is" if facts.working == 1 else "runs are"
    return f"{facts.working} {runs} at work (at most {facts.concurrency} at once){line}."


def again_when(facts: AdmissionFacts) -> str:
    """What has to come true before it helps to ask for a refused run again, as the end of a sentence; empty: nothing.

    In the order of the refusals, so that it belongs to the reason that was given.
    """
    off = "agent:off" in (label.lower() for label in facts.thread_labels)
    rows = (
        (not may(facts.role, "write"), "you have that role"),
        (off, "`agent:off` is off"),
        (bool(facts.switched_off), f"`agent:off` is off #{facts.switched_off}"),
        (facts.own_issue, ""),
        (facts.thread_merged, ""),
        (not facts.thread_open, "this is open again"),
        (facts.thread_locked, "the conversation is unlocked"),
        (facts.is_pull_request, ""),
        (facts.empty, "there is a commit"),
        (facts.phase < playbook(facts.playbook).phase, f"`phase` is {playbook(facts.playbook).phase} or more"),
        (not facts.playbook_enabled, f"`playbooks.{facts.playbook}.enabled` is `true`"),
        (facts.autonomy == "diagnose", "`autonomy` is `plan`, `draft` or `ready`"),
        (facts.open_pull_requests >= facts.max_open_pull_requests, "one of them is merged or closed"),
    )
    return next((when for applies, when in rows if applies), "the next day has begun")
