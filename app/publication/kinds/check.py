"""The check runs on the head of the pull request: what came of the run, and of the security scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.checkpoints import check_run_text as texts
from app.checkpoints.outcomes import OUTCOMES, is_unproven
from app.github import checks
from app.github.checks import Button
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.publication.kinds.pull import open_pull
from app.runs.state.run_state import RunState
from app.runs.state.told import Published
from app.triggers.checks import APPROVE, CHECK_RUN, PLAN_DIGITS, RETRY, STOP

RUN, SCAN = CHECK_RUN, "lamplighter/scan"
OVER = "over"  # the `moment` of a check run that is completed
_PACE_SECONDS = 60.0  # between two edits of a stage, as of the status comment

_LABELS: Mapping[str, tuple[str, str]] = {
    STOP: ("Stop", "Stop this run"),
    RETRY: ("Retry", "Start this run anew"),
    APPROVE: ("Approve plan", "Carry the plan out as it stands"),
}


@dataclass(frozen=True, kw_only=True)
class CheckShown(Effect):
    """A check run, found again by its `external_id`. Without a `conclusion` the run is at work; whatever `moment` it is
    in is shown at once, and the details of it now and then.
    """

    purpose = "checking"
    is_one_write = True
    searches = "in doubt"

    name: str
    external_id: str
    head_sha: str
    title: str
    summary: str
    conclusion: checks.Conclusion | None = None
    buttons: Sequence[str] = ()  # their identifiers
    moment: str = OVER

    def find(self, target: Target) -> Mapping[str, Any] | None:
        github, repo, sha = target.github, target.repo, self.head_sha
        found = checks.find_check(github, repo, sha, name=self.name, external_id=self.external_id)
        return {"id": found.id} if found else None

    def make(self, target: Target) -> dict[str, Any]:
        made = checks.create_check(target.github, target.repo, self.shown())
        return {"id": made.id, "moment": self.moment}

    def change(self, target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
        changed = checks.update_check(target.github, target.repo, known["id"], self.shown())
        return {"id": changed.id, "moment": self.moment}

    def is_due(self, done: Published, now: datetime) -> bool:
        if self.conclusion:
            return True
        if done.error:
            return False  # the App may not write checks
        is_new = done.result.get("moment") != self.moment
        return is_new or (now - datetime.fromisoformat(done.at)).total_seconds() >= _PACE_SECONDS

    def shown(self, annotations: Sequence[checks.Annotation] = ()) -> checks.Check:
        return checks.Check(
            name=self.name,
            head_sha=self.head_sha,
            external_id=self.external_id,
            status="completed" if self.conclusion else "in_progress",
            conclusion=self.conclusion,
            title=self.title,
            summary=self.summary,
            annotations=annotations,
            buttons=[_button(identifier) for identifier in self.buttons],
        )


class Check(CheckShown):
    """On the commit of the change: at work until its pull request is there, which may take GitHub a while."""

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Check]:
        sha, key = str(state.result("branch").get("sha") or ""), f"check:{RUN}"
        is_known = key in {*state.published, *state.intended}
        if not sha or not (state.outcome == "proposed" or (is_known and state.phase == "ended")):
            return
        is_there = open_pull(state) is not None
        shown = _opened(state) if is_there else _opening(state) if state.outcome == "proposed" else ended(state)
        if is_known and state.result(key).get("moment") == OVER and shown["moment"] != OVER:
            return  # a change that is published after all: GitHub lets no check run begin again
        yield cls(key=key, **_at(state, RUN, sha), **shown)
        if is_there:
            title, summary = texts.scanned(state)
            conclusion: checks.Conclusion = "success" if state.scan and state.scan.ok else "failure"
            scan: dict[str, Any] = {"title": title, "summary": summary, "conclusion": conclusion}
            yield cls(key=f"check:{SCAN}", **_at(state, SCAN, sha), **scan)


def _at(state: RunState, name: str, sha: str) -> dict[str, Any]:
    return {"priority": Priority.MARKS, "name": name, "external_id": f"{state.run_id}:{name}", "head_sha": sha}


def _opened(state: RunState) -> dict[str, Any]:
    title, summary = texts.proposed(state)
    conclusion = "neutral" if is_unproven(state) else OUTCOMES["proposed"].conclusion
    return {"title": title, "summary": summary, "conclusion": conclusion, "buttons": (RETRY,), "moment": OVER}


def _opening(state: RunState) -> dict[str, Any]:
    title, summary = texts.at_work(state)
    return {"title": title, "summary": summary, "buttons": (STOP,), "moment": "opening"}


def ended(state: RunState) -> dict[str, Any]:
    """What the check run of a run shows that has ended without a commit there."""
    assert state.outcome is not None
    title, summary = texts.ended(state)
    is_doubtful = state.outcome == "proposed" and is_unproven(state)
    return {
        "title": title,
        "summary": summary,
        "conclusion": "neutral" if is_doubtful else OUTCOMES[state.outcome].conclusion,
        "buttons": (RETRY,),
        "moment": OVER,
    }


def approving(digest: str) -> str:
    """The identifier of the button that approves the plan of this digest."""
    return f"{APPROVE}:{digest[:PLAN_DIGITS]}"


def _button(identifier: str) -> Button:
    label, description = _LABELS[identifier.partition(":")[0]]
    return Button(label=label, description=description, identifier=identifier)
