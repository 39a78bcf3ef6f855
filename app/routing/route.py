"""Which rule decides about a command on a thread: the first that has something to say. Pure.

    step = route(asked, found)
    print("\\n".join(step.why.lines()))

The order of the table is the order in which people want to hear about things: whether anybody asked, whether they may,
what is wrong with what they said, what it means for what is at work here, and last that something new starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.checkpoints import replies
from app.commands.grammar import amount_of, wrong_model
from app.commands.verbs import INSTRUCT, RETRY, lacking
from app.jobs.job import is_red_fix
from app.routing.asked import Asked
from app.routing.autofix import autofix
from app.routing.found import Found
from app.routing.steps import (
    Answer,
    CallOff,
    ChangeModel,
    DenyRole,
    Explain,
    Gather,
    Ignore,
    RaiseBudget,
    RecordLabelEvent,
    Resume,
    ResumeOwnRun,
    RetryLater,
    Say,
    SayHowToStart,
    Start,
    Steer,
    Step,
    Stop,
    Undo,
    Why,
)
from app.routing.withdrawn import withdrawn

Rule = Callable[[Asked, Found], Step | None]


def route(asked: Asked, found: Found) -> Step:
    """What to do, and why. Raises LookupError for a verb that no rule knows: a defect."""
    passed: list[Why] = []
    for rule in _RULES:
        step = rule(asked, found)
        if step is not None:
            return replace(step, why=_explained(asked, found, passed, rule, step))
        passed.append(Why(said=f"no: {_sentence(rule)}"))
    raise LookupError(f"no rule says what `{asked.verb}` means")


def _explained(asked: Asked, found: Found, passed: list[Why], rule: Rule, step: Step) -> Why:
    what = f"{asked.job.sender.login}: {asked.command.verb} ({asked.job.trigger})"
    return Why(
        said=f"{step.name}: {_sentence(rule)}",
        below=(
            Why(said=f"asked by {what}"),
            Why(said="found", below=tuple(Why(said=text) for text in found.sentences())),
            Why(said="rules", below=(*passed, Why(said=f"yes: {_sentence(rule)}"))),
        ),
    )


def _sentence(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().rstrip(".")


# ---------------------------------------------------------------- the rules


def _here_before(_asked: Asked, found: Found) -> Step | None:
    """This job was here before and made its run."""
    return ResumeOwnRun() if found.own else None


def _nobody(_asked: Asked, found: Found) -> Step | None:
    """Nobody asked us: the label is not ours, or off again."""
    return Ignore() if found.role is None else None


def _heard(_asked: Asked, found: Found) -> Step | None:
    """A run that has ended since took this in already."""
    return Ignore() if found.was_heard else None


def _not_allowed(asked: Asked, found: Found) -> Step | None:
    """The role is too low; but whoever asked for a run may answer its question."""
    if asked.job.is_unasked:
        return None
    is_own = asked.verb == "answer" and any(run.requester == asked.job.sender.login for run in found.active)
    if is_own or not lacking(asked.command, found.role or ""):
        return None
    # a plain reply among people is not for us to turn down
    return DenyRole(role=found.role or "") if asked.is_spoken or asked.label else Ignore()


def _mistaken(asked: Asked, _found: Found) -> Step | None:
    """The command cannot be obeyed as it was written."""
    return Say(text=asked.command.error, refused=True) if asked.command.error else None


def _label_on_pull(asked: Asked, _found: Found) -> Step | None:
    """A label on a pull request starts nothing."""
    is_so = asked.label and asked.job.thread.is_pull_request
    return Say(text=replies.label_on_pull_request(asked.label, asked.prefix), refused=True, when="") if is_so else None


def _gather(asked: Asked, found: Found) -> Step | None:
    """What belongs together is gathered into one run, which begins when it is quiet."""
    if not asked.job.gathers or not asked.starts:
        return None
    run = next((run for run in found.active if run.gathers == asked.job.gathers), None)
    if run:
        return Gather(run=run)
    is_looked_after = is_red_fix(asked.job.gathers) and bool(found.active or found.waiting)
    has_heard = any(run.has_heard for run in found.active)
    return Ignore() if has_heard or is_looked_after else Start(role=found.role or "")


def _approval(asked: Asked, found: Found) -> Step | None:
    """Approve and revise are for the plan that is open now."""
    if asked.verb not in {"approve", "revise"}:
        return None
    run = next((run for run in found.active if run.plan or run.was_answered), None)
    if run is None:
        return Say(text=replies.no_plan(asked.prefix))
    named = asked.command.text.strip().strip("`").lower() if asked.verb == "approve" else ""
    if named and run.plan and not run.plan.startswith(named):
        return Say(text=replies.outdated_plan(named, run.plan, asked.prefix), refused=True)
    return Answer(run=run, approves=run.plan if asked.verb == "approve" else "")


def _answer(asked: Asked, found: Found) -> Step | None:
    """Words for an open question answer it."""
    if asked.verb not in {"answer", INSTRUCT.name}:
        return None
    run = next((run for run in found.active if run.is_asking or run.was_answered), None)
    return Answer(run=run) if run else None


def _no_question(asked: Asked, _found: Found) -> Step | None:
    """An answer, and no question is open."""
    if asked.verb != "answer":
        return None
    return Say(text=replies.no_open_question(asked.prefix)) if asked.is_spoken else Ignore()


def _steer(asked: Asked, found: Found) -> Step | None:
    """Plain words are for the run at work; on an issue without one they start nothing."""
    if asked.verb != INSTRUCT.name:
        return None
    if found.at_work:
        return Steer(run=found.at_work)
    return None if asked.job.thread.is_pull_request else SayHowToStart()


def _help(asked: Asked, _found: Found) -> Step | None:
    """Help says what can be said."""
    return Say(text=replies.help_text(asked.prefix, asked.trigger_label)) if asked.verb == "help" else None


def _status(asked: Asked, found: Found) -> Step | None:
    """Status says where the runs of the thread stand."""
    return Say(text=replies.status(found.worked)) if asked.verb == "status" else None


def _explain(asked: Asked, found: Found) -> Step | None:
    """Explain says why the newest run did what it did."""
    if asked.verb != "explain":
        return None
    run = found.at_work.row if found.at_work else next(iter(found.worked), None)
    return Explain(run_id=run.run_id) if run else Say(text=replies.no_active_run("explain", asked.prefix))


def _resume(asked: Asked, found: Found) -> Step | None:
    """Resume lets a parked run go on; one that asks needs its answer."""
    if asked.verb != "resume":
        return None
    run = found.at_work
    if run is None:
        return Say(text=replies.no_active_run("resume", asked.prefix))
    if run.is_asking:
        return Say(text=replies.answer_first(asked.prefix))
    return Resume(run=run) if run.row.phase == "parked" else Say(text=replies.already_active(run.row, asked.prefix))


def _budget(asked: Asked, found: Found) -> Step | None:
    """Budget changes what the run at work may spend."""
    if asked.verb != "budget":
        return None
    amount = amount_of(asked.command.text)
    if amount is None:
        return Say(text=replies.no_amount(asked.prefix), refused=True)
    if found.at_work is None:
        return Say(text=replies.no_budget_to_change(asked.prefix, amount))
    return RaiseBudget(run=found.at_work, run_usd=amount)


def _model(asked: Asked, found: Found) -> Step | None:
    """Model changes which one the run at work asks."""
    if asked.verb != "model":
        return None
    wanted = asked.command.text.strip().strip("`")
    if mistake := wrong_model(wanted, f"{asked.prefix} model "):
        return Say(text=mistake, refused=True)
    if found.at_work is None:
        return Say(text=replies.no_model_to_change(asked.prefix, wanted))
    return ChangeModel(run=found.at_work, alias=wanted)


def _stop(asked: Asked, found: Found) -> Step | None:
    """Stop ends what is at work or waits to be published."""
    if asked.verb != "stop":
        return None
    runs = tuple(run for run in found.active if asked.run in {"", run.row.run_id})
    if runs:
        return Stop(runs=runs, reason="asked to stop")
    if found.waiting and asked.run in {"", found.waiting.row.run_id}:
        return CallOff(run=found.waiting)
    if asked.run:
        return Say(text=replies.over_already(asked.run, asked.prefix))
    return Say(text=replies.no_active_run("stop", asked.prefix))


def _undo(asked: Asked, found: Found) -> Step | None:
    """Undo takes our last commit back, where nothing is at work on the branch."""
    if asked.verb != "undo":
        return None
    if found.at_work is None:
        return Undo(worked=found.worked)
    if found.at_work.is_cancelled:
        return RetryLater(reason="the run is about to stop")
    return Say(text=replies.stop_first(found.at_work.row, asked.prefix))


def _at_work(asked: Asked, found: Found) -> Step | None:
    """A run is at work here already, or about to stop."""
    run = found.at_work or (found.waiting if asked.verb != RETRY else None)
    if run is None or not asked.starts:
        return None
    if run.is_cancelled:
        return RetryLater(reason="the run before is about to stop")
    if not asked.is_spoken and run.by_label:
        return RecordLabelEvent()  # the label is on and its run is at work: nobody asked for more
    return Say(text=replies.already_active(run.row, asked.prefix))


def _start(asked: Asked, found: Found) -> Step | None:
    """The command starts a run, and none is at work."""
    if not asked.starts:
        return None
    if asked.verb == RETRY and asked.job.thread.is_pull_request and not found.worked:
        return Say(text=replies.nothing_to_retry(asked.prefix))
    before = found.worked[:1] if asked.verb == RETRY else ()
    before = tuple(row for row in found.worked if before and row.run_id == asked.run) or before
    return Start(role=found.role or "", before=before[0].run_id if before else "")


_RULES: tuple[Rule, ...] = (
    withdrawn,
    _here_before,
    _nobody,
    _heard,
    _not_allowed,
    _mistaken,
    _label_on_pull,
    _gather,
    _approval,
    _answer,
    _no_question,
    _steer,
    _help,
    _status,
    _explain,
    _resume,
    _budget,
    _stop,
    _model,
    autofix,
    _undo,
    _at_work,
    _start,
)
