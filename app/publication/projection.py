"""GitHub as a projection of the ledger: what should be there, compared with what was published.

`next_effect` names the most urgent difference; the publisher performs it, records it and asks again, because a result
(a pull request's number, say) changes what the rest should say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from app.playbooks import playbook
from app.publication.effect import Effect
from app.publication.kinds import (
    branch,
    check,
    comment,
    diagnosis,
    diagnosis_check,
    group_check,
    labels,
    merge_commit,
    patch,
    pull,
    reaction,
    red_fix,
    red_issue,
    rerun,
    thread,
    undo,
    unfinished,
    work_check,
)
from app.runs.state.run_state import RunState

# In the order in which a thread should be read; what is urgent overtakes.
KINDS: Sequence[type[Effect]] = (
    reaction.Reaction,
    branch.Branch,
    branch.Commit,
    merge_commit.MergeCommit,
    pull.Pull,
    pull.Ready,
    check.Check,
    group_check.GroupCheck,
    pull.People,
    rerun.Rerun,
    patch.Patch,
    diagnosis.Diagnosis,
    diagnosis_check.DiagnosisCheck,
    red_issue.RedIssue,
    red_issue.GreenAgain,
    red_fix.RedFix,
    undo.Undone,
    unfinished.Unfinished,
    comment.Reply,
    undo.UndoReply,
    comment.Status,
    work_check.WorkCheck,
    comment.Question,
    comment.Reminder,
    thread.ThreadReply,
    thread.ThreadResolved,
    comment.Result,
    labels.Labels,
)


def wanted(state: RunState, kinds: Sequence[type[Effect]] = KINDS) -> Iterator[Effect]:
    """All that should be on GitHub. A request that started nothing is only answered, unless people were told already
    that it waits or works: then the end has to be told in the same places. Of a `reply` that says nothing yet whoever
    was about to say it died; the job comes again. What takes the token for contents is for work that may propose.
    """
    if state.is_silent and state.outcome not in {None, "diagnosed"}:
        return
    is_known = "comment:status" in {*state.published, *state.intended}
    is_answered = state.outcome in {"refused", "replied"} and not is_known
    book = playbook(state.created.playbook)
    if not is_answered and (not state.is_created or book.worked_by == "nobody"):
        return
    for kind in kinds:
        if kind.purpose != "proposing" or book.proposes:
            yield from kind.answering(state) if is_answered else kind.wanted(state)


def next_effect(
    state: RunState,
    kinds: Sequence[type[Effect]] = KINDS,
    *,
    now: datetime | None = None,
    without: Collection[str] = (),
) -> Effect | None:
    """The most urgent of the things that are not on GitHub as they should be, what is new before what is edited; None
    when all is.

    `without` leaves out keys for which there is no room. With `now` details of a run at work wait until the last edit
    is a minute old; they are no news by themselves, because newer ones follow. Nor is asked for what GitHub refused
    before its time.
    """
    differing = [effect for effect in wanted(state, kinds) if effect.key not in without and _differs(state, effect)]
    due = [effect for effect in differing if now is None or _is_due(state, effect, now)]
    return min(due, key=lambda effect: (effect.priority, effect.key in state.published), default=None)


def _differs(state: RunState, effect: Effect) -> bool:
    done = state.published.get(effect.key)
    return done is None or done.digest != effect.digest


def _is_due(state: RunState, effect: Effect, now: datetime) -> bool:
    done, delayed = state.published.get(effect.key), state.delayed.get(effect.key)
    if delayed and now < datetime.fromisoformat(delayed.until):
        return False
    return done is None or effect.is_due(done, now)
