"""The first event of a run: everything that was known when it was asked for. Shared by dispatch and local runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.admission.github_facts import Facts, names_of
from app.agent.budget import UNKNOWN, price_of
from app.checkpoints import patch_text, replies
from app.events.deciding import Base, Continued, Names, RunCreated, Task
from app.events.parts import CheckFailure
from app.jobs.job import Command, Job
from app.runs.task import branch_name, task_of
from app.settings import Settings


def _asked(job: Job) -> dict[str, Any]:
    """Who asked, where and by what: what every first event says."""
    return {
        "thread": job.thread,
        "requester": job.sender,
        "trigger": job.trigger,
        "reason": job.reason,
        "delivery": job.id,
        "comment_id": job.source.comment_id,
    }


def request_of(
    job: Job, *, playbook: str, names: Names, task: Task, keeps_label: bool = False, **more: Any
) -> RunCreated:
    """The first event of a run that only says something, or sets up an installation: who asked, where and by what.
    `more` are further fields of it.
    """
    return RunCreated(
        **_asked(job),
        playbook=playbook,
        names=names,
        task=task,
        keeps_label=keeps_label,
        **more,
    )


def created(
    job: Job,
    command: Command,
    facts: Facts,
    run_id: str,
    *,
    role: str,
    clone_url: str,
    settings: Settings,
    before: RunCreated | None = None,
    notes: Sequence[str] = (),
    why: Sequence[str] = (),
    gathers: str = "",
    continued: Continued | None = None,
    failures: Sequence[CheckFailure] = (),
) -> RunCreated:
    """The first event of a run that works. `before` is that of the run that is tried again, `continued` what it goes on
    from; `notes` are for whoever asked, `why` says which rule let it begin, a line each, `gathers` what may join it,
    `failures` what is known to have failed.
    """
    config = facts.config.kept().model_copy(update={"budget": facts.budget})
    model = model_of(command, facts, settings)
    return RunCreated(
        **_asked(job),
        task=task_of(job, command, facts.comments, before.task if before else None).model_copy(
            update={"failures": list(failures)}
        ),
        playbook=facts.book.name,
        base=Base(ref=facts.base_ref, sha=facts.base_sha, default=facts.target is None),
        branch=facts.base_ref if facts.target else branch_name(config.branch_prefix, job, run_id),
        target=facts.target,
        gathers=gathers,
        continued=continued,
        plan_first=bool(before and before.plan_first) or plans_first(command, facts, gathers),
        clone_url=clone_url,
        config=config,
        config_source=facts.config_source,
        config_notes=[*_told(facts, settings, model), *notes],
        names=names_of(facts.config, settings.command_prefix),
        alias=alias_of(command, facts),  # with the playbook's effort it says how hard to think
        effort=facts.config.playbook(facts.book.name).effort,
        model=model,
        admission=facts.admission.model_copy(update={"role": role}),
        protection=facts.protection,
        why=list(why),
    )


def plans_first(command: Command, facts: Facts, gathers: str) -> bool:
    """Whether nothing is changed before a person has approved a plan. With `autonomy: plan` that holds for what is
    asked for in words; what a review, failed checks and merges want is said already, and a patch for a fork changes
    nothing.
    """
    if command.verb == "plan" or facts.config.autonomy != "plan":
        return command.verb == "plan"
    is_in_words = facts.book.by_words and gathers != "review"
    return facts.target is None or (is_in_words and not facts.target.fork)


def _told(facts: Facts, settings: Settings, model: str) -> list[str]:
    """What whoever asked has to know before the work begins."""
    cannot_push = [patch_text.cannot_push()] if facts.target and facts.target.fork else []
    unpriced = [replies.unpriced(model)] if price_of(model) is UNKNOWN else []
    return [*cannot_push, *facts.config.unbuilt(settings.sandbox_images), *unpriced]


def model_of(command: Command, facts: Facts, settings: Settings) -> str:
    """The name of the model that the run asks. Raises UserError when its provider knows no such name."""
    return settings.model(alias_of(command, facts))


def alias_of(command: Command, facts: Facts) -> str:
    """`fast`, `default`, `deep`, or a model's own name."""
    wanted = facts.config.playbook(facts.book.name).model or facts.book.model or facts.config.model
    return str(command.flags.get("model") or wanted)
