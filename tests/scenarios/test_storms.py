"""A storm of events on one pull request, in any order and each of them twice: one coherent thread comes of it."""

from __future__ import annotations

import random

import pytest

from app.agent.models.scripted import answer_thread, bash, create, finish
from tests.scenarios.test_failed_checks import LOG, pull  # noqa: F401 - the fixture

TALK = ("Looks fine.", "Why whole numbers?", "+1", "Thanks!", "I would keep it.")


@pytest.mark.parametrize("seed", range(2))
def test_sixty_events_in_any_order_make_one_thread(bot, github, repo, model, pull, seed):  # noqa: F811
    chance = random.Random(seed)
    model.will(
        bash("true"),
        create("notes.txt", "Noted.\n"),
        answer_thread(1, "Noted."),
        answer_thread(2, "It stays.", done=False),
        finish("Note it", "It is noted."),
    )
    theirs = pull.head_sha
    github.maintainer.review(
        pull,
        "commented",
        "/agent note it",
        comments=[("calc.py", 5, "/agent note this"), ("calc.py", 4, "/agent and this")],
    )
    for number in range(12):
        github.ci.fail(repo, theirs, workflow=f"W{number}", job=f"job{number}", log=LOG)
    for _ in range(8):
        github.contributor.comment(pull, chance.choice(TALK))
    for _ in range(2):
        github.maintainer.comment(pull, "/agent status")
    storm = [*github.pending, *github.pending]
    chance.shuffle(storm)
    github.pending[:] = storm
    assert len(storm) >= 60
    bot.run_until_idle()

    answers = [thread.comments[-1].read() for thread in pull.review_threads]
    assert "Noted." in answers[0] and "Left as it is" in answers[1]
    [ours] = [commit for commit in pull.commits if commit.sha != theirs]
    assert list(ours.parents) == [theirs]
    assert [len(thread.comments) for thread in pull.review_threads] == [2, 2]
    said = [comment.read() for comment in pull.comments if comment.author.endswith("[bot]")]
    kinds = [
        "diagnosis" if text.startswith("<!-- lamplighter checks") else text.split("part=")[1].split(" ")[0]
        for text in said
    ]
    assert {kind: kinds.count(kind) for kind in ("status", "result", "reply")} == {"status": 1, "result": 1, "reply": 2}
    assert kinds.count("diagnosis") <= 1 and len(kinds) <= 5
    worked = [run for run in bot.runs if run.cost_usd]
    assert [run.reason for run in worked] == ["proposed"]
    assert pull.labels.count("agent:done") == 1 and "agent:working" not in pull.labels
    bot.read_everything(pull)
