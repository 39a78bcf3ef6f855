"""What a test does to the weather: deliveries lost, doubled and reordered, lists that lag, faults and limits."""

from __future__ import annotations

from app.simulator import events
from app.simulator.deliveries import Deliver, Delivery
from app.simulator.faults import Faults
from app.simulator.front import Front
from app.simulator.limits import Limits
from app.simulator.world import World


class BadDays:
    """The simulated GitHub as far as its deliveries and its misfortunes go."""

    world: World
    front: Front

    @property
    def deliver(self) -> Deliver | None:
        """What takes a delivery and answers (status, body); None leaves everything in the queue."""
        return self.world.outbox.deliver

    @deliver.setter
    def deliver(self, value: Deliver | None) -> None:
        self.world.outbox.deliver = value

    def deliver_pending(self) -> int:
        """Deliver until the queue is empty; answers how many were delivered."""
        return self.world.outbox.pump()

    @property
    def redelivery_mode(self) -> bool:
        """Every delivery is made twice."""
        return self.world.outbox.delivers_twice

    @redelivery_mode.setter
    def redelivery_mode(self, value: bool) -> None:
        self.world.outbox.delivers_twice = value

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Queue a delivery again under its GUID, as the button does."""
        return self.world.outbox.redeliver(delivery)

    def lose_next(self, count: int = 1, event: str | None = None) -> None:
        """Lose the next deliveries (of one event): they are logged as timed out."""
        self.world.outbox.losses += [event] * count

    def reorder_pending(self) -> None:
        """Let the newest waiting delivery come first."""
        self.world.outbox.queue.reverse()

    def ping(self) -> Delivery:
        """Send a ping."""
        return events.emit_ping(self.world)

    @property
    def faults(self) -> Faults:
        """Plan misfortunes here."""
        return self.front.faults

    @property
    def limits(self) -> Limits:
        """What the App wrote for each installation, and whether it kept to GitHub's secondary limits."""
        return self.front.limits

    def stale_lists(self, seconds: float) -> None:
        """From now on things made are absent from LIST answers until they are this old; 0 ends it."""
        self.world.stale_seconds = seconds
        self.world.stale_after_id = self.world.next_id()

    def stale_threads(self, seconds: float) -> None:
        """From now on reading one issue shows labels, state and lock as they were so long ago; 0 ends it."""
        self.world.stale_thread_seconds = seconds
