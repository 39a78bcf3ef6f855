"""What a job asks for, one command after another. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.commands.verbs import INSTRUCT, RETRY, lookup
from app.jobs.job import Command, Job, is_red_fix, label_put_on
from app.playbooks import BY_BASE, BY_CHECKS, BY_VERB, LABEL_VERB, NONE

_STARTS = frozenset({RETRY, *BY_VERB})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One command of a job, and what the bot is called where it was said."""

    job: Job
    command: Command
    prefix: str
    trigger_label: str

    @property
    def verb(self) -> str:
        return lookup(self.command.verb).name

    @property
    def label(self) -> str:
        return label_put_on(self.job.trigger)

    @property
    def run(self) -> str:
        """The run on whose check a button was pressed; empty for what people write, who name none."""
        return self.command.flags.get("run", "").partition(":")[0]

    @property
    def starts(self) -> bool:
        """Whether it begins work where none is at it: plain words do on a pull request."""
        return self.verb in _STARTS or (self.verb == INSTRUCT.name and self.job.thread.is_pull_request)

    @property
    def is_spoken(self) -> bool:
        """Somebody addressed us; a label or a plain reply among people did not."""
        return bool(self.job.commands)


def asked_of(job: Job, prefix: str, trigger_label: str) -> list[Asked]:
    """What a job asks for, one after another; what a label, a plain reply or the end of a thread means.
    Raises LookupError for what means nothing: a defect.
    """
    if job.commands:
        commands: tuple[Command, ...] = job.commands
    elif is_withdrawal(job):
        commands = (Command(verb="stop"),)
    elif label_put_on(job.trigger):
        commands = (Command(verb=LABEL_VERB),)
    elif job.is_by_checks:
        commands = (Command(verb=BY_CHECKS.verbs[0].name),)
    elif is_red_fix(job.gathers):
        commands = (Command(verb=LABEL_VERB),)
    elif job.is_unasked:
        commands = (Command(verb=BY_BASE.verbs[0].name),)
    elif job.action == "answer":
        commands = (Command(verb="answer", text=job.source.comment),)
    else:
        raise LookupError(f"a job of {job.trigger} without a command asks for nothing")
    return [
        Asked(job=_gathered(job, command), command=command, prefix=prefix, trigger_label=trigger_label)
        for command in commands
    ]


def _gathered(job: Job, command: Command) -> Job:
    """What a person asks for is gathered with its own kind, where that reads GitHub when its turn comes."""
    own = BY_VERB.get(command.verb, NONE).gathers if job.commands and not command.error else ""
    return job._replace(gathers=own or job.gathers)


def is_withdrawal(job: Job) -> bool:
    """Whether the thread or its label is gone, rather than somebody saying stop."""
    return job.action == "cancel" and not job.commands
