"""What is shown first when not everything can be, and how often the status comment follows a run at work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.ports.rate import Priority
from app.publication.kinds.comment import Comment
from app.publication.projection import next_effect
from tests.rooms.checkpoints.test_words import ASKED, Telling, proposed, working

_RESULTS = {"branch": {"sha": "b" * 40}, "pull": {"number": 8, "url": ""}}


def publish(story: Telling, *, without=()) -> list[str]:
    """Publish everything; the keys in the order in which it happened."""
    keys = []
    while (effect := next_effect(story.state, now=story.at, without=without)) is not None:
        keys.append(effect.key)
        noted = effect.noted() if isinstance(effect, Comment) else {}
        result = {"id": 1, **noted, **_RESULTS.get(effect.key, {})}
        story.happen("publish.done", key=effect.key, digest=effect.digest, result=result)
    return keys


def test_a_run_begins_with_the_reaction_its_status_and_its_label() -> None:
    assert publish(working()) == ["reaction:issue", "comment:status", "labels"]


def test_a_question_goes_first_and_the_status_last() -> None:
    story = working()
    publish(story)
    story.happen("question.asked", **ASKED).happen("run.parked", reason="question", note="It needs an answer.")
    assert publish(story) == ["comment:question-1", "labels", "comment:status"]


def test_a_result_waits_for_its_pull_request_and_goes_before_its_marks() -> None:
    story = working()
    publish(story)
    story.state.questions.clear()
    done = proposed().state
    for name in ("finish", "verification", "scan", "proposal"):
        setattr(story.state, name, getattr(done, name))
    story.happen("run.ended", outcome="proposed", reason="")
    assert publish(story) == [
        "branch",
        "pull",
        "comment:result",
        "comment:status",
        "check:lamplighter",
        "check:lamplighter/scan",
        "people",
        "labels",
    ]


def test_a_stop_is_acknowledged_before_anything_else() -> None:
    story = working()
    story.happen("steer.received", by="maya", text="hurry", comment_id=4, delivery="e")
    story.happen("cancel.requested", by="maya", comment_id=5, delivery="f", reason="")
    story.happen("run.ended", outcome="cancelled", reason="Stopped by maya.")
    assert publish(story)[:3] == ["reaction:5", "comment:status", "reaction:issue"]


def test_what_has_no_room_does_not_keep_the_rest() -> None:
    story = working()
    assert publish(story, without={"comment:status"}) == ["reaction:issue", "labels"]
    assert next_effect(story.state) is not None


@pytest.mark.parametrize(
    ("kind", "data", "seconds", "is_edited"),
    [
        ("tool.ran", {"tool_use_id": "t", "name": "bash", "summary": "ran ls", "content": []}, 40, False),
        ("tool.ran", {"tool_use_id": "t", "name": "bash", "summary": "ran ls", "content": []}, 60, True),
        ("stage.ended", {"stage": "work", "ok": True, "note": ""}, 1, True),
        ("stage.started", {"stage": "verify", "note": ""}, 1, True),
        ("run.parked", {"reason": "capacity", "note": "No room."}, 1, True),
        ("run.ended", {"outcome": "failed", "reason": "It broke."}, 1, True),
    ],
)
def test_the_status_follows_stages_at_once_and_steps_once_a_minute(kind, data, seconds, is_edited) -> None:
    story = working()
    publish(story)
    edited_at = max(done.at for key, done in story.state.published.items() if key == "comment:status")
    story.happen(kind, **data)
    now = story.at.fromisoformat(edited_at) + timedelta(seconds=seconds)
    effect = next_effect(story.state, now=now)
    assert (effect is not None) == is_edited
    assert next_effect(story.state) is not None  # the newest state is what is shown, whenever that is


def test_the_end_of_the_status_is_as_urgent_as_the_result() -> None:
    story = working()
    publish(story)
    at_work = story.happen("stage.started", stage="verify", note="")
    effect = next_effect(at_work.state)
    assert effect is not None and effect.priority == Priority.STATUS
    effect = next_effect(story.happen("run.ended", outcome="failed", reason="x").state, without={"comment:result"})
    assert effect is not None and (effect.key, effect.priority) == ("comment:status", Priority.PEOPLE)
