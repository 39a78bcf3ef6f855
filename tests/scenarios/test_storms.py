"""A storm of events on one pull request, in any order, each of them twice, the bot at work in between: one coherent
thread comes of it.

What people do is drawn, and how their events and the bot's steps fall into one another; `Expected` says what the thread
has to look like, from what people did alone.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter

import pytest

from app.agent.models.scripted import answer_thread, bash, finish
from tests.scenarios.test_failed_checks import LOG, pull  # noqa: F401 - the fixture
from tests.scenarios.test_unfinished import Meanwhile

TALK = ("Looks fine.", "Why whole numbers?", "+1", "Thanks!", "I would keep it.")
SECONDS = 60.0


class Expected:
    """People write, push and press; what it has to come to is counted."""

    def __init__(self, github, repo, pull, chance) -> None:  # noqa: F811
        self.github, self.repo, self.pull, self.chance = github, repo, pull, chance
        self.theirs = pull.head_sha
        self.asked: list[str] = []  # what the model has to hear, each once
        self.questions = 0  # that are answered at once, each once
        self.commands: list = []  # comments that get one reaction
        self.remarks = 0

    def review(self) -> None:
        self.remarks = self.chance.randint(1, 3)
        lines = [("calc.py", self.chance.choice((4, 5)), "/agent note this") for _ in range(self.remarks)]
        self.github.maintainer.review(self.pull, "commented", f"/agent note {self.word()}", comments=lines)

    def instruct(self) -> None:
        self.commands.append(self.github.maintainer.comment(self.pull, f"/agent note {self.word()}"))

    def ask(self) -> None:
        self.questions += 1
        self.commands.append(self.github.maintainer.comment(self.pull, "/agent status"))

    def talk(self) -> None:
        self.github.contributor.comment(self.pull, self.chance.choice(TALK))

    def fail(self) -> None:
        number = self.chance.randrange(10**9)
        self.github.ci.fail(self.repo, self.theirs, workflow=f"W{number}", job=f"job{number}", log=LOG)

    def word(self) -> str:
        self.asked.append(f"word{len(self.asked)}of{self.chance.randrange(10**6)}")
        return self.asked[-1]


class Weather:
    """What was sent within a minute comes twice, in any order, a few at a time, between any two steps of the bot."""

    def __init__(self, bot, github, chance) -> None:
        self.bot, self.github, self.chance = bot, github, chance
        self.left = [*github.pending, *github.pending]
        chance.shuffle(self.left)
        self.count = len(self.left)
        github.pending.clear()

    def gust(self) -> None:
        several = self.chance.randint(1, 9)
        now, self.left = self.left[:several], self.left[several:]
        self.github.pending[:0] = now
        self.github.deliver_pending()
        self.bot.clock.advance(SECONDS * len(now) / self.count)

    def blow_over(self) -> None:
        """Also while the model thinks: then what comes steers."""
        control = self.bot.control
        steps = (control.drain_jobs, control.drain_publishing, control.scheduler.tick, self.bot.work_waiting)
        real = self.bot.platform.model
        self.bot.use_model(Meanwhile(self.bot, self.chance.randint(1, 2), self.during_a_call))
        while self.left:
            self.gust()
            for _ in range(self.chance.randint(0, 2)):
                self.chance.choice(steps)()
        self.bot.use_model(real())

    def during_a_call(self) -> None:
        self.gust()
        self.bot.control.drain_jobs()


@pytest.mark.parametrize("seed", range(int(os.environ.get("STORMS", "2"))))
def test_sixty_events_in_any_order_make_one_thread(bot, github, repo, model, pull, seed):  # noqa: F811
    chance = random.Random(seed)
    model.will(
        bash("date >> notes.txt; echo noted >> notes.txt"),
        [answer_thread(number, "Noted.") for number in (1, 2, 3)],
        finish("Note it", "It is noted."),
    )
    people = Expected(github, repo, pull, chance)
    deeds = [people.review, people.instruct, people.instruct, people.ask, people.ask]
    deeds += [chance.choice((people.talk, people.fail)) for _ in range(18)] + [people.fail]
    chance.shuffle(deeds)
    for deed in deeds:
        deed()
    weather = Weather(bot, github, chance)
    assert weather.count >= 60
    weather.blow_over()
    bot.run_until_idle()

    assert heard(bot, people.asked) == dict.fromkeys(people.asked, 1)
    assert all("Noted." in thread.comments[-1].read() for thread in pull.review_threads)
    assert [len(thread.comments) for thread in pull.review_threads] == [2] * people.remarks
    for comment in people.commands:
        assert [reaction.content for reaction in comment.reactions] == ["eyes"]
    worked = [run for run in bot.runs if run.cost_usd]
    assert {run.reason for run in worked} == {"proposed"} and 1 <= len(worked) <= 4
    assert [list(commit.parents) for commit in ours(pull, people)] == [
        [sha] for sha in [people.theirs, *(commit.sha for commit in ours(pull, people)[:-1])]
    ]
    assert len(ours(pull, people)) == len(worked)
    kinds = Counter(kinds_of(pull))
    assert (kinds["status"], kinds["result"], kinds["reply"]) == (len(worked), len(worked), people.questions)
    assert kinds["diagnosis"] <= 1 and set(kinds) <= {"status", "result", "reply", "diagnosis"}
    marks = re.findall(r"run=\w+ part=[\w-]+", "\n".join(comment.body for comment in pull.comments))
    assert len(marks) == len(set(marks))
    assert [label for label in pull.labels if label.startswith("agent:")].count("agent:done") == 1
    bot.read_everything(pull)


def heard(bot, words):
    """How often each of the words was said to a run that works: what it was asked until it began, what steered it."""
    states = [bot.state_of(run.run_id) for run in bot.runs if run.cost_usd]
    told = [text for state in states for text in (state.created.task.instructions, *steered(state))]
    return {word: "\n".join(told).count(word) for word in words}


def steered(state):
    return [one.said.text for one in state.steering]


def ours(pull, people):  # noqa: F811
    return [commit for commit in pull.commits if commit.sha != people.theirs]


def kinds_of(pull):  # noqa: F811
    for comment in pull.comments:
        if comment.author.endswith("[bot]"):
            text = comment.read()
            diagnosis = text.startswith("<!-- lamplighter checks")
            yield "diagnosis" if diagnosis else text.split("part=")[1].split(" ")[0]
