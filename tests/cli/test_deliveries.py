"""Polling: what GitHub could not deliver comes in through the same door, once, and in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import wiring
from app.receive import Answer
from app.recovery.missed_deliveries import CURSOR, Poller
from app.settings import Settings
from app.simulator import Simulator
from tests.clock import HeldClock


class Laptop:
    """A server without a public address: GitHub's deliveries fail."""

    def __init__(self, folder: Path) -> None:
        self.clock = HeldClock()
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files={"a.py": "a = 1\n"})
        self.github.deliver = self.unreachable
        self.is_reachable = False
        app = self.github.app
        self.settings = Settings(
            home=folder / "home",
            app_id=str(app.id),
            private_key=app.private_key,
            webhook_secrets=(app.webhook_secret,),
        )
        self.platform = wiring.local_platform(self.settings, clock=self.clock, transport=self.github.transport())
        self.accepted: list[Answer] = []
        self.status = 0
        self.poller = self.restart()

    def restart(self) -> Poller:
        self.poller = Poller(
            github=wiring.access(self.platform).app.client,
            store=self.platform.store,
            clock=self.clock,
            secret=lambda: self.github.app.webhook_secret,
            accept=self.accept,
        )
        return self.poller

    def unreachable(self, delivery):
        if not self.is_reachable:
            raise ConnectionError
        return 202, b"{}"

    def accept(self, delivery) -> Answer:
        if self.status:
            return Answer(status=self.status, body={"error": "away"})
        answer = wiring.door(self.platform)(delivery)
        self.accepted.append(answer)
        return answer

    @property
    def decisions(self) -> list[str]:
        return [answer.body["decision"] for answer in self.accepted if answer.body.get("job")]


@pytest.fixture
def laptop(tmp_path: Path):
    made = Laptop(tmp_path)
    yield made
    made.github.close()


def labelled(laptop: Laptop) -> None:
    issue = laptop.github.maintainer.open_issue(laptop.repo, "Divide by zero")
    laptop.github.maintainer.label(issue, "agent-fix")
    laptop.github.deliver_pending()


def test_what_did_not_arrive_is_taken_in_once(laptop):
    labelled(laptop)
    assert laptop.poller.sweep() > 0
    assert laptop.decisions == ["start"]
    assert laptop.poller.sweep() == 0
    laptop.restart()
    laptop.poller.sweep()
    assert laptop.decisions == ["start"]
    assert len(laptop.platform.jobs.receive(limit=10)) == 1


def test_what_arrived_is_left_alone(laptop):
    laptop.is_reachable = True
    labelled(laptop)
    assert laptop.poller.sweep() == 0
    assert laptop.accepted == []


def test_a_redelivery_that_arrived_settles_the_first(laptop):
    labelled(laptop)
    laptop.is_reachable = True
    for delivery in list(laptop.github.deliveries):
        laptop.github.redeliver(delivery)
    laptop.github.deliver_pending()
    assert laptop.poller.sweep() == 0


def test_the_time_while_the_server_was_down_is_looked_at(laptop):
    laptop.poller.sweep()
    laptop.clock.sleep(36 * 3600)
    labelled(laptop)
    laptop.clock.sleep(24 * 3600)
    laptop.restart().sweep()
    assert laptop.decisions == ["start"]


def test_a_new_installation_does_not_dig_up_old_stories(laptop):
    labelled(laptop)
    laptop.clock.sleep(2 * 3600)
    assert laptop.poller.sweep() == 0


def test_a_door_that_is_away_moves_no_cursor(laptop):
    labelled(laptop)
    laptop.status = 503
    laptop.poller.sweep()
    assert laptop.platform.store.add(CURSOR, 0) == 0
    laptop.clock.sleep(3000)
    laptop.status = 0
    laptop.poller.sweep()
    assert laptop.decisions == ["start"]


def test_a_public_server_has_github_send_it_again_first(laptop):
    labelled(laptop)
    laptop.poller.sweep(ask_github=True)
    assert laptop.accepted == []
    again = [delivery for delivery in laptop.github.pending if delivery.redelivery]
    assert again
    laptop.github.deliver_pending()  # fails again
    laptop.poller.sweep(ask_github=True)
    assert laptop.decisions == ["start"]
