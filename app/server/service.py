"""`serve` on one machine: the door over HTTP, and the loops that dispatch, publish, watch the clock and poll GitHub.

Everything it knows is in the home directory: killed at any moment and started again, it finds everything. Workers are
processes of their own and outlive it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Literal

from app import log, wiring
from app.errors import LamplighterError, UserError
from app.local.queue import SqliteQueue
from app.local.tokens import TokenBroker
from app.outcomes.watch import TURN_SECONDS as OUTCOMES_SECONDS
from app.receive import Answer, Delivery, ensure_ready
from app.recovery.missed_deliveries import Poller
from app.recovery.retention import TURN_SECONDS
from app.server import asgi
from app.server.connections import server

Poll = Literal["auto", "always", "never"]

BUSY_SECONDS = 0.05  # between two looks into a queue that other processes write to, while something is going on
IDLE_SECONDS = 1.0
BUSY_FOR_SECONDS = 60.0  # something is going on: a message was taken, or a run is at work, no longer ago than this
PUBLISHERS = 4  # one run's slow write (a search after a crash waits 15 s) must not keep the others waiting
SHUTDOWN_SECONDS = 5.0
FAST_POLL_SECONDS = 5.0  # 720 an hour of the App's 5,000 requests
CONFLICT_SECONDS = 900.0  # nobody waits for it: whoever does says `/agent rebase`
LABELS_SECONDS = 900.0  # the last net, for what neither came nor stands in the list of deliveries
SLOW_POLL_SECONDS = 300.0  # webhooks arrive by themselves; this only finds what was lost


class Loop:
    """One thread that calls `turn` until stopped, at once when woken; a turn that raises is logged and tried again."""

    def __init__(self, name: str, turn: Callable[[], int], pause: Callable[[bool], float]) -> None:
        self.name = name
        self._turn = turn
        self._pause = pause
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._wake.set()

    def stop(self) -> None:
        """Ask the thread to end after its turn; `join` waits for that."""
        self._stop.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        self._thread.join(timeout=max(0.0, seconds))

    def _run(self) -> None:
        active_at = time.monotonic()
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if self._turn():
                    active_at = time.monotonic()
            except LamplighterError as error:
                log.event("service.turn_failed", level=log.WARNING, loop=self.name, reason=str(error))
            except Exception as error:  # a defect in one turn must not end the service
                log.event("service.defect", level=log.ERROR, error=error, loop=self.name)
                self._stop.wait(IDLE_SECONDS)
            self._wake.wait(self._pause(time.monotonic() - active_at < BUSY_FOR_SECONDS))


class Service:
    """One server over one home. `start`, then `close`; in between everything happens in threads."""

    def __init__(self, platform: wiring.Platform, *, host: str, port: int, poll: Poll = "auto") -> None:
        """Raises SettingsError without a webhook secret, UserError without an App or when the port is taken."""
        ensure_ready(platform.settings)
        if not platform.settings.app_id or not platform.settings.private_key:
            raise UserError("LAMPLIGHTER_APP_ID and LAMPLIGHTER_PRIVATE_KEY are needed to act as the App.")
        self._platform = platform
        self._door = wiring.door(platform)
        self._access = wiring.access(platform)
        self._control = wiring.control(platform, self._access)
        self._broker = TokenBroker(platform.settings.home, platform.store, wiring.minting(self._access))
        self._poll = poll
        self._webhook_at: float | None = None  # when a delivery last came in over HTTP
        self._poller = Poller(
            github=self._access.app.client,
            store=platform.store,
            clock=platform.clock,
            secret=lambda: wiring.revealed(platform).webhook_secrets[0],
            accept=self._accept,
        )
        self._jobs = Loop("jobs", self._dispatch, _brisk)
        self._publishers = [
            Loop(f"publish-{number}", self._control.drain_publishing, _brisk) for number in range(PUBLISHERS)
        ]
        self._loops = [self._jobs, *self._publishers, *self._others()]
        self._socket = _bind(host, port)
        self.address = "http://{}:{}".format(*self._socket.getsockname()[:2])
        self._http = server(asgi.application(self._webhook))
        self._http_thread = threading.Thread(target=self._serve_http, name="http", daemon=True)

    def _others(self) -> list[Loop]:
        loops = [Loop("schedule", self._control.scheduler.tick, lambda _busy: IDLE_SECONDS)]
        loops.append(Loop("retention", wiring.retention(self._platform).turn, lambda _busy: TURN_SECONDS))
        outcomes = wiring.outcomes(self._platform, self._access)
        loops.append(Loop("outcomes", outcomes.turn, lambda _busy: OUTCOMES_SECONDS))
        if self._poll != "never":
            loops.append(Loop("deliveries", self._sweep, self._poll_pause))
            looking = wiring.overlooked(self._platform, self._access, self._accept)
            watch = wiring.conflict_watch(self._platform, self._access)
            loops.append(Loop("conflicts", watch.look, lambda _busy: CONFLICT_SECONDS))
            loops.append(Loop("overlooked", looking.sweep, lambda _busy: LABELS_SECONDS))
        return loops

    def start(self) -> None:
        """Take the home (UserError when another server has it), start the loops, then open the door."""
        try:
            self._broker.start()
        except BaseException:
            self._socket.close()
            raise
        self._take_over()
        for loop in self._loops:
            loop.start()
        self._http_thread.start()
        while not self._http.started and self._http_thread.is_alive():
            time.sleep(0.005)
        log.event("service.started", address=self.address, home=str(self._platform.settings.home))

    def _take_over(self) -> None:
        """Free what a killed server held: this one has the home's lock, so whoever held it is dead.

        Without this everything would come back by itself, but only after minutes.
        """
        for queue in (self._platform.jobs, self._platform.publishing):
            if isinstance(queue, SqliteQueue):
                queue.take_back()
        store = self._platform.store
        keys = [f"publish:{run.run_id}" for run in store.runs(unpublished=True, limit=None)]
        for key, held in store.holders(keys).items():
            store.release(key, held.owner)

    @property
    def is_alive(self) -> bool:
        """Whether the door is open."""
        return self._http_thread.is_alive()

    def close(self) -> None:
        """Close the door, let turns end, give up the home; a few seconds at most. Workers go on by themselves."""
        self._http.should_exit = True
        for loop in self._loops:
            loop.stop()
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for loop in self._loops:
            loop.join(deadline - time.monotonic())
        self._http_thread.join(timeout=SHUTDOWN_SECONDS)
        self._socket.close()
        self._broker.close()
        self._access.app.close()
        log.event("service.stopped")

    def _serve_http(self) -> None:
        self._http.run(sockets=[self._socket])

    def _webhook(self, delivery: Delivery) -> Answer:
        answer = self._accept(delivery)
        if answer.status < 300:
            self._webhook_at = time.monotonic()
        return answer

    def _accept(self, delivery: Delivery) -> Answer:
        answer = self._door(delivery)
        if answer.status < 300 and answer.body["job"]:
            self._jobs.wake()
        return answer

    def _dispatch(self) -> int:
        taken = self._control.drain_jobs()
        if taken:
            for publisher in self._publishers:  # the 👀 should be there before the person looks away
                publisher.wake()
        return taken

    def _sweep(self) -> int:
        return self._poller.sweep(ask_github=self._poll == "auto" and self._webhook_at is not None)

    def _poll_pause(self, _busy: bool) -> float:
        reached = self._poll == "auto" and self._webhook_at is not None
        return SLOW_POLL_SECONDS if reached else FAST_POLL_SECONDS


def _brisk(busy: bool) -> float:
    return BUSY_SECONDS if busy else IDLE_SECONDS


def _bind(host: str, port: int) -> socket.socket:
    """Listen before anything starts, so that a port that is taken is a plain mistake and not a half-started server."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise UserError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None
    return listener
