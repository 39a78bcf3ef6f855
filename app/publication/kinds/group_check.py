"""The check runs on the commit of a merge queue: a required check of ours that never came would hold the queue up."""

from __future__ import annotations

from collections.abc import Iterator

from app.checkpoints import check_run_text as texts
from app.jobs.job import group_commit
from app.ports.rate import Priority
from app.publication.kinds.check import RUN, SCAN, CheckShown
from app.runs.state.run_state import RunState
from app.triggers.checks import OF_GROUP


class GroupCheck(CheckShown):
    """Both of ours at once, with what is true of them."""

    @classmethod
    def answering(cls, state: RunState) -> Iterator[GroupCheck]:
        sha = group_commit(state.created.trigger)
        title, summary = texts.nothing_to_run()
        for name in (RUN, SCAN) if sha else ():
            yield cls(
                key=f"check:{name}",
                priority=Priority.PEOPLE,
                name=name,
                external_id=f"{OF_GROUP}{state.run_id}:{name}",
                head_sha=sha,
                conclusion="neutral",
                title=title,
                summary=summary,
            )
