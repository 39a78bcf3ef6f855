"""The request for a fix of what is red on the default branch, once its issue is there: a job, as a person's word is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.checkpoints import branch_text
from app.jobs.job import RED_TRIGGER, Job, Person, Source, red_fix
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState


@dataclass(frozen=True, kw_only=True)
class RedFix(Effect):
    """Asking twice is asking once: the job has a name, by which dispatch finds what it did. Of GitHub it needs nothing,
    and its token is that of the issue before it.
    """

    signature: str
    number: int
    title: str
    body: str

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[RedFix]:
        read = state.checks
        for failure in read.failures if read and state.outcome == "diagnosed" else ():
            issue = state.result(f"issue:{failure.signature}")
            if read and failure.signature in read.fixes and "number" in issue and not issue.get("declined"):
                yield cls(
                    key=f"fix:{failure.signature}",
                    priority=Priority.MARKS,
                    signature=failure.signature,
                    number=issue["number"],
                    title=branch_text.title(read, failure),
                    body=branch_text.body(state, read, failure),
                )

    def make(self, target: Target) -> dict[str, Any]:
        run_id, thread = target.state.run_id, target.state.created.thread._replace(number=self.number)
        job = Job(
            id=f"red-{run_id}-{self.signature}",
            action="start",
            reason="It fails on the default branch.",
            trigger=RED_TRIGGER,
            thread=thread,
            sender=Person(login=target.bot_login, id=0, type="Bot"),
            received_at=target.clock.now(),
            source=Source(title=self.title, body=self.body, author=target.bot_login),
            gathers=red_fix(self.signature),
        )
        target.jobs.send(job.to_json(), group=thread.key, dedup_id=job.id)
        return {"job": job.id}
