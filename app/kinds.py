"""The vocabulary of a ledger, and who may say what in it: the one table of both.

A worker runs beside hostile code and may be taken over by it. It may tell of its own work and nothing else: not where
the run belongs, what people said to it, what it may cost or what GitHub shows. The control side may say everything: it
speaks for a worker that died. `app.runs.state` takes no notice of what a worker had no right to say, and
`app.runs.worker_store` does not let it be said.
"""

from __future__ import annotations

from collections.abc import Mapping

CONTROL, WORKER = "control", "worker"  # authors, as the platform vouches for them
UNKNOWN = ""  # of events that were written before anybody kept the author

CONTROL_KINDS: Mapping[str, str] = {
    # dispatch, and the clock
    "run.created": "thread, requester, trigger, task (frozen text), playbook, base, config, model, delivery",
    "run.queued": "reason, ahead",
    "run.moved": "thread, clone_url: what the repository is called from now on; its id stays",
    "onboarding.asked": "by, repositories (ids; none: all of the installation), delivery",
    "run.admitted": "reason, cap_usd: what it may cost in all by the day's budget; asks for one more attempt",
    "steer.received": "by, text, delivery",
    "question.answered": "by, text, delivery",
    "cancel.requested": "by, reason, delivery",
    "budget.raised": "by, run_usd, delivery",
    "question.reminded": "question (its number, from 1), until: when the run ends without an answer",
    "proposal.resumed": "by, delivery, comment_id: what was finished but not published is to be published after all",
    "run.resumed": "reason, cap_usd (unless a lost worker is replaced); asks for one more attempt",
    # publish
    "onboarding.listed": "repositories (blob), count, skipped, asks: how many are listed to their end, page: the next",
    "onboarding.began": "ids: repositories that may be written to until `onboarding.progressed`",
    "onboarding.progressed": "listing, cursor, ids, maybe, issues, trouble",
    "publish.intended": "key, digest",
    "publish.withdrawn": "key: a limit refused it, so what was intended was not made",
    "publish.done": "key, digest, result",
    "publish.failed": "key, digest, error",
    "publish.delayed": "key, digest, error, until, maybe_done: GitHub refused it, and it is tried again",
    "publish.settled": "through: GitHub shows every event up to this one",
    "publish.abandoned": "through, reason: the repository is out of reach, so nothing up to here will be shown",
}

WORKER_KINDS: Mapping[str, str] = {
    "attempt.started": "attempt, worker, sandbox, resumed_from",
    "stage.started": "stage, note",
    "stage.ended": "stage, ok, note",
    "workspace.ready": "sha, files, size_bytes, seconds, notes, missing: what the checkout left out",
    "command.ran": "purpose, command, exit_code, seconds, timed_out, output (blob), tail, counts, at",
    "egress.requested": "host, port, method, allowed, reason, size_bytes",
    "briefing.made": "facts, guides, guides_elsewhere: what the first message says besides the task",
    "conversation.opened": "root, begun (blob or object): system, tools and opening as every call sends them",
    "model.called": "call, model, estimate_tokens, max_tokens, effort, cleared: tool uses whose results are left out",
    "model.replied": "call, content (blob or list, exact), said, stop_reason, usage, cost_usd, seconds, model, "
    "applied_edits (what the vendor cleared), input_transformations (what it did not show to the model)",
    "model.failed": "call, error, retry_after_seconds, usage, cost_usd",
    "tool.ran": "tool_use_id, name, summary, content (list), is_error, malformed, seconds, exit_code, output…",
    "notice.given": "about, text: what the harness told the model besides tool results (budget, steering, loop); why",
    "context.trimmed": "through_call: of older ledgers, in which the harness cleared results itself",
    "question.asked": "questions: text, options, default, consequences",
    "breaking.reported": "what, affected, migration",
    "finish.called": "outcome, summary, confidence, assumptions, not_proven, not_done, decision, title",
    "snapshot.taken": "manifest (blob), files, size_bytes",
    "workspace.restored": "snapshot_seq, replayed",
    "verification.ended": "ok, baseline, head, regression, note",
    "scan.ended": "ok, findings",
    "proposal.made": "changes, title, summary, evidence, draft, marks, kept (old contents), unseen",
    "run.parked": "reason, until, note",
    "run.ended": "outcome, reason, next_step",
}

KINDS: Mapping[str, str] = {**CONTROL_KINDS, **WORKER_KINDS}


def may_say(author: str, kind: str) -> bool:
    """Whether `author` has a right to events of `kind`."""
    return author != WORKER or kind in WORKER_KINDS
