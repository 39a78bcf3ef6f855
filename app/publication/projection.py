"""GitHub as a projection of the ledger: what should be there, compared with what was published.

Pure. `next_effect` names the most urgent difference; the publisher performs it, records it and asks again, because a
result (a pull request's number, say) changes what the rest should say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.checkpoints import pull_text, render
from app.checkpoints.outcomes import OUTCOMES, is_unproven, marks, state_label
from app.events.working import ProposalMade
from app.jobs.job import label_put_on
from app.ledger import canonical
from app.ports.rate import Priority
from app.runs.state.run_state import RunState

# How often the steps within a stage are shown. Every ten seconds, eight runs at work used up in ten minutes what GitHub
# lets an installation write in an hour.
_STATUS_SECONDS = 60.0

Kind = Literal["reaction", "comment", "labels", "branch", "pull", "ready", "check", "people"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing that should be on GitHub. `key` is stable; a changed `digest` means it is to be edited."""

    key: str
    kind: Kind
    data: Mapping[str, Any]
    priority: Priority

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self.data)).hexdigest()


def next_effect(state: RunState, *, now: datetime | None = None, without: Collection[str] = ()) -> Effect | None:
    """The most urgent of the things that are not on GitHub as they should be; None when all is.

    `without` leaves out keys for which there is no room. With `now` details of a run at work wait until the last edit
    is a minute old; they are no news by themselves, because newer ones follow. Nor is asked for what GitHub refused
    before its time.
    """
    differing = [effect for effect in _desired(state) if effect.key not in without and _differs(state, effect)]
    due = [effect for effect in differing if now is None or _is_due(state, effect, now)]
    return min(due, key=lambda effect: effect.priority, default=None)


def _differs(state: RunState, effect: Effect) -> bool:
    done = state.published.get(effect.key)
    return done is None or done.digest != effect.digest


def _is_due(state: RunState, effect: Effect, now: datetime) -> bool:
    delayed = state.delayed.get(effect.key)
    if delayed and now < datetime.fromisoformat(delayed.until):
        return False
    done = state.published.get(effect.key)
    if effect.priority != Priority.STATUS or done is None or done.result.get("stage") != effect.data["stage"]:
        return True
    return (now - datetime.fromisoformat(done.at)).total_seconds() >= _STATUS_SECONDS


def _desired(state: RunState) -> Iterator[Effect]:
    """In the order in which a thread should be read; what is urgent overtakes."""
    if not state.is_created:
        return
    if state.outcome in {"refused", "replied"} and not _is_known(state):
        yield from _answer(state)
        return
    if state.created.playbook == "reply":
        return  # whoever was about to say something died; the job comes again
    yield from _reactions(state)
    yield from _change(state)
    yield from _comments(state)
    yield Effect(key="labels", kind="labels", data=_labels(state), priority=Priority.MARKS)


def _answer(state: RunState) -> Iterator[Effect]:
    """What a request that started nothing gets: its answer, once, and a label that was put on in vain taken off."""
    if state.reason:
        yield from _reactions(state)
        data = _comment(state, "reply", render.reply(state))
        yield Effect(key="comment:reply", kind="comment", data=data, priority=Priority.PEOPLE)
    label = label_put_on(state.created.trigger)
    if state.outcome == "refused" and label and not state.created.keeps_label:
        data = {"state": None, "states": [], "marks": [], "remove": [label]}
        yield Effect(key="labels", kind="labels", data=data, priority=Priority.MARKS)


def _is_known(state: RunState) -> bool:
    """Whether people were told already that it waits or works: then the end has to be told in the same places."""
    return "comment:status" in {*state.published, *state.intended}


def _reactions(state: RunState) -> Iterator[Effect]:
    """👀 on what woke the run and on every comment it has taken in since."""
    targets = [state.created.comment_id]
    targets += [heard.comment_id for heard in state.heard if heard.comment_id]
    stop = state.cancel.comment_id if state.cancel else None
    for target in dict.fromkeys(targets):
        priority = Priority.PEOPLE if stop and target == stop else Priority.MARKS
        key = f"reaction:{target or 'issue'}"
        yield Effect(key=key, kind="reaction", data={"comment_id": target}, priority=priority)


def _comments(state: RunState) -> Iterator[Effect]:
    """The status comment stands first in the thread; once it is there, what a person waits for goes before its edits.

    The word on a pull request names its number, so it waits for it.
    """
    pull, prefix = pull_of(state), state.created.names.prefix
    status = _status(state, pull)
    is_there = "comment:status" in state.published
    if not is_there:
        yield status
    for number, asked in enumerate(state.questions, start=1):
        part = f"question-{number}"
        data = _comment(state, part, render.question(state, asked.said, number, prefix=prefix))
        yield Effect(key=f"comment:{part}", kind="comment", data=data, priority=Priority.PEOPLE)
    for reminder in state.reminders:
        number = reminder.question
        part, question = f"reminder-{number}", state.questions[number - 1].said
        text = render.reminder(state, question, number, until=reminder.until, prefix=prefix)
        yield Effect(key=f"comment:{part}", kind="comment", data=_comment(state, part, text), priority=Priority.PEOPLE)
    is_told = state.outcome and (OUTCOMES[state.outcome].comments or state.next_step)
    if is_told and not _awaits_pull(state):
        owners = state.proposal.owners if state.proposal else []
        part = f"result-{len(state.resumptions) + 1}" if state.resumptions else "result"
        data = _comment(state, part, render.result(state, part, pull=pull, prefix=prefix, owners=owners))
        yield Effect(key=f"comment:{part}", kind="comment", data=data, priority=Priority.PEOPLE)
    if is_there:
        yield status


def _status(state: RunState, pull: Mapping[str, Any] | None) -> Effect:
    """Its end is as urgent as the result: a run that has ended must not be shown at work."""
    cap = state.run_usd or state.created.config.budget.run_usd
    body = render.status(state, pull=pull, cap_usd=cap, prefix=state.created.names.prefix)
    is_first_of_several = "comment:status" not in state.published and state.questions
    if is_first_of_several or (state.phase == "ended" and not _awaits_pull(state)):
        priority = Priority.PEOPLE
    else:
        priority = Priority.STATUS if "comment:status" in state.published else Priority.MARKS
    data = _comment(state, "status", body) | {"stage": _stage(state, pull)}
    return Effect(key="comment:status", kind="comment", data=data, priority=priority)


def _stage(state: RunState, pull: Mapping[str, Any] | None) -> str:
    """Changes when there is something to tell: with every stage, park and end, but not with every step."""
    stages = ",".join(f"{stage.name}:{stage.ok}" for stage in state.stages)
    refused = ",".join(sorted(state.delayed))
    return f"{state.phase} {state.waits_for} {state.outcome} {bool(pull)} {state.attempt} {stages} {refused}"


def _awaits_pull(state: RunState) -> bool:
    """The last word waits for what it is about: the pull request, and whether it is a draft."""
    if state.outcome != "proposed" or state.proposal is None:
        return False
    pull = pull_of(state)
    if pull is None:
        return True
    return bool(pull.get("draft")) and not state.proposal.draft and "ready" not in state.published


def _comment(state: RunState, part: str, body: str) -> dict[str, Any]:
    return {"marker": render.marker(state.run_id, part), "body": body}


def _labels(state: RunState) -> dict[str, Any]:
    names = state.created.names.labels
    label, earned = state_label(state), marks(state)
    outdated = ["needs-human"] if state.resumptions and "needs-human" not in earned else []
    over = state.phase == "ended" and label != "working"
    return {
        "state": names[label] if label else None,
        "states": sorted(names[name] for name in STATE_NAMES),
        "marks": [names[mark] for mark in earned],
        "remove": [names[word] for word in ["trigger", *outdated]] if over else [],
    }


STATE_NAMES = ("queued", "working", "needs-info", "needs-approval", "parked", "done", "failed")


def _change(state: RunState) -> Iterator[Effect]:
    """Branch with its one commit, draft pull request, checks, people: only for a proposal that ended the run."""
    proposal = state.proposal
    if state.outcome != "proposed" or proposal is None:
        return
    created = state.created
    yield Effect(
        key="branch",
        kind="branch",
        priority=Priority.PROPOSAL,
        data={
            "branch": created.branch,
            "base_sha": created.base.sha,
            "changes": [change.model_dump(exclude_unset=True) for change in proposal.changes],
            "message": pull_text.commit_message(
                state, requester_id=created.requester.id, requester=created.requester.login
            ),
        },
    )
    head_sha = state.result("branch").get("sha")
    if head_sha:
        yield from _pull(state, proposal, head_sha)


def _pull(state: RunState, proposal: ProposalMade, head_sha: str) -> Iterator[Effect]:
    created = state.created
    yield Effect(
        key="pull",
        kind="pull",
        priority=Priority.PROPOSAL,
        data={
            "title": pull_text.title(state),
            "body": pull_text.body(state, template=proposal.template, closes=created.base.default),
            "head": created.branch,
            "base": created.base.ref,
        },
    )
    pull = pull_of(state)
    if pull is None:
        return
    if pull.get("draft") and not proposal.draft:
        yield Effect(key="ready", kind="ready", data={"number": pull["number"]}, priority=Priority.PROPOSAL)
    title, summary = render.check_summary(state, pull)
    conclusion = "neutral" if is_unproven(state) else OUTCOMES["proposed"].conclusion
    yield _check(state, "lamplighter", head_sha, conclusion, title, summary)
    scan_title, scan_summary = render.scan_summary(state)
    conclusion = "success" if state.scan and state.scan.ok else "failure"
    yield _check(state, "lamplighter/scan", head_sha, conclusion, scan_title, scan_summary)
    people = {
        "number": pull["number"],
        "assignee": created.requester.login,
        "reviewers": proposal.reviewers,
        "labels": [created.names.labels[mark] for mark in marks(state)],
    }
    yield Effect(key="people", kind="people", data=people, priority=Priority.MARKS)


def _check(state: RunState, name: str, head_sha: str, conclusion: str, title: str, summary: str) -> Effect:
    data = {
        "name": name,
        "external_id": f"{state.run_id}:{name}",
        "head_sha": head_sha,
        "conclusion": conclusion,
        "title": title,
        "summary": summary,
    }
    return Effect(key=f"check:{name}", kind="check", data=data, priority=Priority.MARKS)


def pull_of(state: RunState) -> Mapping[str, Any] | None:
    """`{"number", "url", "draft"}` of the pull request as it was made, once it is there."""
    made = state.result("pull")
    return made if "number" in made else None
