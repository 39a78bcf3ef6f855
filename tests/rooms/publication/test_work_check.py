"""The check run on the commit on which a run stands: what it shows in every state, and that it always ends."""

from __future__ import annotations

import pytest

from app.publication.kinds.check import CheckShown
from app.publication.projection import next_effect
from tests.rooms.checkpoints.test_words import ASKED, CREATED, Telling

HEAD, NEXT, DIGEST = "a" * 40, "b" * 40, "0123456789ab" + "c" * 52
TARGET = {"base_ref": "main", "base_sha": "d" * 40, "url": "", "ours": True}
ON_PULL = CREATED | {"playbook": "follow_up", "target": TARGET, "branch": "halves"}
PLAN = ASKED | {"plan": {"steps": ["Test half"], "digest": DIGEST}}


def begun(**more: object) -> Telling:
    story = Telling().happen("run.created", **ON_PULL, **more).happen("run.admitted", reason="room")
    return story.happen("attempt.started", attempt=1, worker="w", sandbox="bubblewrap")


def parked(asked: dict[str, object]) -> Telling:
    return begun().happen("question.asked", **asked).happen("run.parked", wait={"kind": "question"})


def ended(outcome: str) -> Telling:
    return begun().happen("run.ended", outcome=outcome, reason="So it is.")


def shown(story: Telling) -> dict[str, tuple[str, list[str]]]:
    """By commit, how its check run ends (empty: at work) and which buttons it has, once all is published."""
    found = {}
    while (effect := next_effect(story.state)) is not None:
        result: dict[str, object] = {"id": 1}
        if isinstance(effect, CheckShown):
            found[effect.head_sha] = (effect.conclusion or "", list(effect.buttons))
            result["moment"] = effect.moment
        if effect.key == "branch":
            result["sha"] = NEXT
        story.happen("publish.done", key=effect.key, digest=effect.digest, result=result)
    return found


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (Telling().happen("run.created", **ON_PULL).happen("run.queued", reason="Full."), None),
        (begun(), ("", ["stop"])),
        (parked(ASKED), ("", ["stop"])),
        (parked(PLAN), ("", ["approve:0123456789ab", "stop"])),
        (ended("cancelled"), ("cancelled", ["retry"])),
        (ended("failed"), ("failure", ["retry"])),
        (ended("nothing_to_do"), ("neutral", ["retry"])),
        (ended("needs_decision"), ("action_required", ["retry"])),
        (ended("out_of_budget"), ("failure", ["retry"])),
    ],
)
def test_what_stands_on_the_commit(story, expected):
    assert shown(story).get(HEAD) == expected


def test_a_run_that_nobody_asked_for_and_that_has_not_begun_shows_none():
    story = Telling().happen("run.created", **ON_PULL | {"playbook": "ci"}, gathers=f"checks:{HEAD}")
    assert shown(story.happen("run.admitted", reason="room")) == {}


def test_the_check_before_ends_when_the_run_stands_on_another_commit():
    story = begun()
    assert shown(story) == {HEAD: ("", ["stop"])}
    story.happen("head.taken", sha=NEXT, base_sha="d" * 40)
    assert shown(story) == {HEAD: ("neutral", []), NEXT: ("", ["stop"])}


def test_the_check_on_a_fork_ends_when_the_patch_is_offered():
    story = begun(admission={"from_fork": True}).happen("run.ended", outcome="proposed", reason="")
    assert shown(story) == {HEAD: ("", ["stop"])}
    story.happen("publish.done", key="patch", digest="d", result={"id": 7})
    assert shown(story) == {HEAD: ("success", ["retry"])}


def test_a_check_that_has_ended_does_not_begin_again():
    story = ended("failed")
    assert shown(story) == {HEAD: ("failure", ["retry"])}
    story.happen("proposal.resumed", by="maya", delivery="e")
    assert HEAD not in shown(story)
