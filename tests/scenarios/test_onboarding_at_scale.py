"""Many repositories at once: paced, with room for people's work, and nothing lost or doubled by a crash."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.installation.onboarding import PAUSE_SECONDS
from app.installation.setup import WRITES_PER_VISIT
from app.simulator import Simulator
from tests.clock import HeldClock
from tests.scenarios import stories
from tests.scenarios.fuse import Fuse, Killed
from tests.scenarios.ground import ground_of
from tests.scenarios.stage import Bot
from tests.scenarios.test_endings import ask_for_a_fix
from tests.scenarios.test_installation import LABELS, QUIET, new_repository, welcomes

HOURLY_LIMIT = 500  # things an installation may make in an hour; GitHub's documented secondary limit


def writes(github):
    """What the bot wrote into repositories (tokens are no content)."""
    return [
        request
        for request in github.requests
        if request.method in {"POST", "PATCH", "PUT", "DELETE"} and request.path.startswith("/repos/")
    ]


def organisation(github, count):
    repos = github.organisation("acme", count, files=QUIET)
    github.owner.install(repos[0], selects_all=True)
    return repos


def visits(bot):
    """(time, writes so far) is what a ledger tells of the pauses: times at which the onboarding run parked."""
    (run,) = [run for run in bot.runs if not run.number]
    return [event.time for event in bot.platform.store.events(run.run_id) if event.kind == "run.parked"]


def test_visits_are_short_and_far_apart(bot, github):
    repos = organisation(github, 8)
    began = bot.clock.now()
    bot.run_until_idle()

    assert all(len(welcomes(repo)) == 1 and set(repo.labels) == LABELS for repo in repos)
    made = len(writes(github))
    assert made == 8 * (len(LABELS) + 1)
    parked = visits(bot)
    assert all(later - earlier >= timedelta(seconds=PAUSE_SECONDS / 2) for earlier, later in pairwise(parked))
    most_in_a_visit = WRITES_PER_VISIT + len(LABELS)  # the last repository of a visit is finished
    assert made / len(parked) <= most_in_a_visit
    hours = (bot.clock.now() - began).total_seconds() / 3600
    assert made / hours < HOURLY_LIMIT * 0.6

    # Everybody is welcomed before anybody gets the labels that only the bot will use.
    last_issue = max(index for index, request in enumerate(writes(github)) if request.path.endswith("/issues"))
    before = [request.json()["name"] for request in writes(github)[:last_issue] if request.path.endswith("/labels")]
    assert set(before) == {"agent-fix", "agent:off"}


def test_people_s_work_does_not_wait_for_onboarding(bot, github, model):
    repos = organisation(github, 8)
    bot.step_until(lambda: bot.runs)
    bot.control.drain_publishing()  # the first visit
    asked = bot.clock.now()
    issue = ask_for_a_fix(github, repos[-1])
    stories.fix(model)
    bot.step_until(lambda: bot.workers.waiting)
    bot.work_waiting()
    bot.control.drain_publishing()

    assert len(repos[-1].pulls) == 1
    assert (bot.clock.now() - asked).total_seconds() < PAUSE_SECONDS
    bot.run_until_idle()
    assert all(len(welcomes(repo)) == 1 for repo in repos)
    bot.read_everything(issue)


def test_a_repository_added_meanwhile_comes_first(bot, github):
    organisation(github, 8)
    bot.step_until(lambda: bot.runs)
    bot.control.drain_publishing()
    newest = new_repository(github, "acme/newest")
    github.owner.create(newest)
    bot.step_until(lambda: len(bot.state_of(bot.runs[0].run_id).onboarding.asks) >= 2)
    bot.clock.advance(2 * PAUSE_SECONDS)
    bot.control.scheduler.tick()
    bot.control.drain_publishing()

    assert len(welcomes(newest)) == 1
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["onboarded"]


def test_a_limit_of_github_s_is_waited_out(bot, github):
    github.faults.secondary_limit(match="POST /repos/*/*/labels", retry_after=900)
    repos = organisation(github, 3)
    began = bot.clock.now()
    bot.run_until_idle()

    assert all(len(welcomes(repo)) == 1 and set(repo.labels) == LABELS for repo in repos)
    assert (bot.clock.now() - began).total_seconds() >= 900


def test_an_issue_whose_answer_was_lost_is_not_opened_twice(bot, github):
    github.stale_lists(10)
    github.faults.add("POST /repos/*/*/issues", status=502, when="after", times=2)
    repos = organisation(github, 3)
    bot.run_until_idle()

    assert [len(welcomes(repo)) for repo in repos] == [1, 1, 1]


def test_one_repository_that_refuses_does_not_stop_the_others(bot, github):
    github.faults.add("POST /repos/acme/r-2/issues", status=403, times=99, message="Resource not accessible")
    repos = organisation(github, 4)
    bot.run_until_idle()

    assert [len(welcomes(repo)) for repo in repos] == [1, 0, 1, 1]
    assert "1 could not be set up (such as acme/r-2:" in bot.state_of(bot.runs[0].run_id).reason


def test_suspension_ends_onboarding_and_its_end_begins_it_anew(bot, github):
    repos = organisation(github, 8)
    bot.step_until(lambda: bot.runs)
    bot.control.drain_publishing()
    github.owner.suspend(repos[0])
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["cancelled"]

    github.owner.unsuspend(repos[0])
    bot.run_until_idle()
    assert [run.reason for run in bot.runs] == ["cancelled", "onboarded"]
    assert all(len(welcomes(repo)) == 1 for repo in repos)


class Moving:
    """Repositories of one installation, set up by as many processes as it takes."""

    def __init__(self, folder: Path, count: int = 1) -> None:
        self.clock = HeldClock()
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.ground = ground_of("local", folder / "home", self.clock)
        self.repos = organisation(self.github, count)
        self.effects: list[str] = []

    def process(self, *, dies_after: int | None) -> bool:
        fuse = Fuse(dies_after)
        bot = Bot(self.ground, self.github, None, self.clock, change=fuse)
        try:
            bot.run_until_idle()
            assert bot.verify_ledgers() == []
        except Killed:
            if bot.arriving:
                self.github.redeliver(bot.arriving)
            return False
        finally:
            self.effects += fuse.effects
            bot.close()
        return True


@pytest.mark.parametrize("shard", range(4))
def test_dying_after_any_effect_of_onboarding_loses_nothing_and_doubles_nothing(tmp_path: Path, shard: int) -> None:
    calm = Moving(tmp_path / "calm")
    assert calm.process(dies_after=None)
    for at in range(1 + shard, len(calm.effects) + 1, 4):
        play = Moving(tmp_path / f"at-{at}")
        play.github.stale_lists(10)
        assert not play.process(dies_after=at), f"effect {at} was never reached"
        assert play.process(dies_after=None)
        for repo in play.repos:
            found = (len(welcomes(repo)), set(repo.labels))
            assert found == (1, LABELS), f"after effect {at} ({calm.effects[at - 1]})"
        play.github.close()
    calm.github.close()


def test_ten_thousand_repositories_are_a_normal_case(tmp_path: Path) -> None:
    """Listed in a hundred requests; forks and archives cost nothing; killed in the middle of visits, it goes on."""
    play = Moving(tmp_path, count=10_000)
    for number, repo in enumerate(play.repos):
        repo.archived, repo.fork = number % 2 == 1, number % 2 == 0 and number % 400 != 0
    usable = [repo for repo in play.repos if not repo.archived and not repo.fork]
    assert len(usable) == 25
    began = play.clock.now()
    for effects in (6, 40, 90):
        assert not play.process(dies_after=effects)
    assert 0 < sum(len(welcomes(repo)) for repo in usable) < 25
    assert play.process(dies_after=None)

    assert all(len(welcomes(repo)) == 1 and set(repo.labels) == LABELS for repo in usable)
    listed = [request for request in play.github.requests if request.path == "/installation/repositories"]
    assert len(listed) <= 100 + 2 * 10  # the last page of each thousand once more, and a visit that was killed
    made = writes(play.github)
    assert len(made) == 25 * (len(LABELS) + 1)
    assert len({request.path.split("/")[3] for request in made}) == 25
    assert len(made) / ((play.clock.now() - began).total_seconds() / 3600) < HOURLY_LIMIT * 0.6
    play.github.close()
