"""What GitHub, the configuration and the store said when a run was asked for. Pure."""

from __future__ import annotations

from app.events.parts import Part


class AdmissionFacts(Part):
    """What admission depends on. Amounts in US dollars, counts of this repository unless said otherwise."""

    role: str = ""  # the sender's, from `app.github.repositories.role`
    label: str = ""  # the one that was put on; empty when it was a command
    trigger_label: str = "agent-fix"
    thread_labels: tuple[str, ...] = ()
    switched_off: int | None = None  # number of the repository's onboarding issue when it carries `agent:off`
    own_issue: bool = False  # the onboarding issue: there is nothing in it to work on
    thread_open: bool = True
    thread_merged: bool = False
    thread_locked: bool = False
    is_pull_request: bool = False
    from_fork: bool = False  # the pull request's branch is in another repository
    by_checks: bool = False  # failed checks began it, and nobody: it reads, and writes to branches of ours at most
    head_is_default: bool = False  # its branch is this repository's default branch
    archived: bool = False
    empty: bool = False  # no commit on the base branch
    playbook: str = "fix"  # the kind of run that is asked for
    playbook_enabled: bool = True
    autonomy: str = "draft"
    phase: int = 2
    open_pull_requests: int = 0  # the bot's own
    max_open_pull_requests: int = 5
    needed_role: str = "write"  # the least that may ask for this, from `verbs.needed_role`
    label_off: bool = False  # the run was started by the trigger label, and that is not on the thread
    spent_today_usd: float = 0.0
    day_usd: float = 20.0
    wanted_usd: float = 0.0  # what the run may cost
    active_run: str | None = None  # on this thread, parked ones included
    ahead: int = 0  # runs of the whole installation that wait in line before this one
    working: int = 0  # runs of the whole installation at work now
    concurrency: int = 8
