"""The labels of a thread: the one of the run's state, the marks it has earned, and what comes off at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checkpoints.outcomes import marks, state_label
from app.events.waits import WaitForQuiet
from app.github import issues
from app.jobs.job import label_put_on
from app.ports.rate import Priority
from app.publication.effect import Effect, Target
from app.runs.state.run_state import RunState

_STATES: Mapping[str, tuple[str, str]] = {  # of which a thread has one at most
    "queued": ("d4c5f9", "Lamplighter: waiting for its turn"),
    "working": ("fbca04", "Lamplighter: at work"),
    "needs-info": ("d876e3", "Lamplighter: waits for an answer"),
    "needs-approval": ("d876e3", "Lamplighter: waits for approval"),
    "parked": ("c5def5", "Lamplighter: paused, goes on by itself"),
    "done": ("0e8a16", "Lamplighter: finished"),
    "failed": ("b60205", "Lamplighter: ended without a result"),
}
LABEL_COLOURS: Mapping[str, tuple[str, str]] = {
    **_STATES,
    "uncertain": ("f9d0c4", "Lamplighter is not sure of this"),
    "breaking-change": ("b60205", "Contains a breaking change"),
    "tests-changed": ("f9d0c4", "Changes what existing tests check"),
    "needs-human": ("e99695", "A person has to look at this"),
}


@dataclass(frozen=True, kw_only=True)
class Labels(Effect):
    state: str | None
    states: Sequence[str]  # all that `state` may be; none: a request that started nothing, and changes no run's
    marks: Sequence[str]
    remove: Sequence[str]

    @classmethod
    def wanted(cls, state: RunState) -> Iterator[Labels]:
        names = state.created.names.labels
        if state.is_silent:  # what stands there is another run's
            found = [names[mark] for mark in marks(state)] if state.outcome == "diagnosed" else []
            if found:
                yield cls(key="labels", priority=Priority.MARKS, state=None, states=[], marks=found, remove=[])
            return
        label, earned = state_label(state), marks(state)
        outdated = ["needs-human"] if state.resumptions and "needs-human" not in earned else []
        over = state.phase == "ended" and label != "working"
        yield cls(
            key="labels",
            priority=Priority.MARKS,
            state=names[label] if label else None,
            states=sorted(names[name] for name in _STATES),
            marks=[names[mark] for mark in earned],
            remove=[names[word] for word in ["trigger", *outdated]] if over else [],
        )

    @classmethod
    def answering(cls, state: RunState) -> Iterator[Labels]:
        """A label that was put on in vain comes off."""
        label = label_put_on(state.created.trigger)
        if state.outcome == "refused" and label and not state.created.keeps_label:
            yield cls(key="labels", priority=Priority.MARKS, state=None, states=[], marks=[], remove=[label])

    def make(self, target: Target) -> dict[str, Any]:
        github, repo, number = target.github, target.repo, target.number
        if self.states and not target.state.is_active and (other := _other_run(target)):
            return {"left_to": other}  # its labels are the thread's now, and the trigger label may be what asked for it
        names = target.state.created.names.labels
        wanted = [name for name in [self.state, *self.marks] if name]
        colours = {names[word]: LABEL_COLOURS[word] for word in LABEL_COLOURS if names[word] in wanted}
        if colours:
            issues.ensure_labels(github, repo, colours)
        if self.states:
            issues.set_state_label(github, repo, number, state=self.state, among=self.states)
        issues.add_labels(github, repo, number, self.marks)
        for name in self.remove:
            issues.remove_label(github, repo, number, name)
        return {}


def _other_run(target: Target) -> str | None:
    """The run whose labels the thread's are now; one that waits for quiet has not begun, and may never say a word."""
    active = target.store.runs(active=True, thread_key=target.state.created.thread.key)
    others = (run for run in active if run.run_id != target.state.run_id and run.reason != WaitForQuiet().kind)
    return next((run.run_id for run in others), None)
