"""The check run on the commit of a pull request on which a run stands, from its start on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.checkpoints import check_run_text as texts
from app.ports.rate import Priority
from app.publication.kinds.check import OVER, RUN, CheckShown, approving, ended
from app.runs.state.run_state import RunState
from app.triggers.checks import STOP

_KEY = "check:on:"  # followed by the commit


class WorkCheck(CheckShown):
    """At work, until the run has ended or put a commit on top, which has a check of its own. None of the commits on
    which it has ever stood is left with a check at work.
    """

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[WorkCheck]:
        if state.created.target is None:
            return
        now = state.created.base.sha if state.launched and not state.is_silent else ""
        keys = [key for key in {**state.published, **state.intended} if key.startswith(_KEY)]
        for sha in dict.fromkeys([*(key.removeprefix(_KEY) for key in keys), *([now] if now else [])]):
            shown = _shown(state) if sha == now else _completed(*texts.gone_on(now or "another commit"))
            is_over = state.result(f"{_KEY}{sha}").get("moment") == OVER
            if is_over and shown["moment"] != OVER:
                continue  # a change that is published after all: GitHub lets no check run begin again
            yield cls(
                key=f"{_KEY}{sha}",
                priority=Priority.STATUS if _is_detail(state, sha, shown["moment"]) else Priority.MARKS,
                name=RUN,
                external_id=f"{state.run_id}:{RUN}",
                head_sha=sha,
                **shown,
            )


def _shown(state: RunState) -> dict[str, Any]:
    """On the commit on which the run stands."""
    landed = str(state.result("branch").get("sha") or "")
    if landed:
        return _completed(*texts.gone_on(landed))
    if state.phase == "ended" and state.outcome and (state.outcome != "proposed" or state.result("patch")):
        return ended(state)  # a patch stands in a comment, and nothing comes on top of this commit
    title, summary = texts.at_work(state)
    plan = state.open_plan.digest if state.open_plan and state.phase == "parked" else ""
    buttons = (*([approving(plan)] if plan else []), STOP)
    moment = f"{state.phase} {state.waits_for} {plan[:8]}".rstrip()
    return {"title": title, "summary": summary, "buttons": buttons, "moment": moment}


def _completed(title: str, summary: str) -> dict[str, Any]:
    return {"title": title, "summary": summary, "conclusion": "neutral", "buttons": (), "moment": OVER}


def _is_detail(state: RunState, sha: str, moment: str) -> bool:
    return state.result(f"{_KEY}{sha}").get("moment") == moment
