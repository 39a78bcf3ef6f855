"""The play: scripted workers write ledgers, and the product's own control side shows them on the simulated GitHub."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app import wiring
from app.config.repo_config import RepoConfig
from app.github.access import Access
from app.ports.platform import Queue, Store
from app.ports.rate import Pace, Priority
from app.runs.run_ledger import RunLedger
from app.settings import Settings
from app.simulator import Simulator
from app.workspace import Change
from tests.bench.installation.script import STEP_SECONDS, Story
from tests.bench.installation.turns import Turns
from tests.said import said

ANSWER_SECONDS = 0.2  # GitHub's, for every request
CONFIG = RepoConfig.model_validate({"autonomy": "ready"})


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the control side stands: how many publish at once, how long one may sleep, how often the clock turns."""

    name: str
    publishers: int
    patience_seconds: float
    tick_seconds: float


ONE_MACHINE = Shape(name="one machine", publishers=4, patience_seconds=61.0, tick_seconds=5.0)
CLOUD = Shape(name="AWS", publishers=10, patience_seconds=15.0, tick_seconds=60.0)


_REPLY = {
    "content": [],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 9_000, "output_tokens": 300},
    "cost_usd": 0.01,
    "seconds": 8,
}


class _Slow(httpx.BaseTransport):
    """Every answer takes its time, but for a token's: threads that need one wait for it at a real lock, and with
    simulated time whoever waits there would wait for ever.
    """

    def __init__(self, inner: httpx.BaseTransport, clock: Turns) -> None:
        self._inner, self._clock = inner, clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/access_tokens"):
            self._clock.sleep(ANSWER_SECONDS)
        return self._inner.handle_request(request)


class _Waking:
    """The publish queue: a message wakes whoever publishes."""

    def __init__(self, queue: Queue, clock: Turns) -> None:
        self._queue, self._clock = queue, clock

    def send(self, body: str, *, group: str, dedup_id: str) -> None:
        self._queue.send(body, group=group, dedup_id=dedup_id)
        self._clock.wake()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


class _Counting:
    """Implements `pacer.Slots` over the store, and counts what each priority wrote."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.taken: Counter[Priority] = Counter()

    def take_slot(self, key: str, pace: Pace, *, priority: int = 0, within_seconds: float) -> float:
        moment = self._store.take_slot(key, pace, priority=priority, within_seconds=within_seconds)
        self.taken[Priority(priority)] += 1
        return moment

    def hold_slots(self, key: str, pace: Pace, *, until: float) -> None:
        self._store.hold_slots(key, pace, until=until)

    def slots(self, key: str) -> str:
        return self._store.slots(key)


class _Running:
    """Implements `ports.Launcher`: the play's workers all live."""

    def start(self, run_id: str, attempt: int) -> None: ...

    def running(self, run_ids: Sequence[str]) -> Mapping[str, bool | None]:
        return dict.fromkeys(run_ids, True)

    def stop(self, run_id: str) -> None: ...


class Play:
    """One installation, one repository, and a run for every story."""

    def __init__(self, folder: Path, stories: list[Story], shape: Shape) -> None:
        self.clock, self.stories, self.shape = Turns(), stories, shape
        self.github = Simulator(folder / "github", clock=self.clock.now)
        self.repo = self.github.repository("acme/calc", files={"calc.py": "x = 1\n"})
        app = self.github.app
        settings = Settings(home=folder / "home", app_id=str(app.id), app_slug=app.slug, private_key=app.private_key)
        transport = _Slow(self.github.transport(), self.clock)
        platform = wiring.local_platform(settings, clock=self.clock, transport=transport, launcher=_Running())
        waking: Any = _Waking(platform.publishing, self.clock)
        self.platform = dataclasses.replace(platform, publishing=waking)
        self._slots = _Counting(self.platform.store)
        way = Access(
            settings,
            self.clock,
            self.platform.redactor,
            transport=transport,
            slots=self._slots,
            patience_seconds=shape.patience_seconds,
        )
        self.control = wiring.control(self.platform, way)
        self.runs = [f"{number:016x}" for number in range(1, len(stories) + 1)]
        self.began = self.clock.now()
        self._ended = 0
        self._is_done = False

    def run(self, *, most_seconds: float) -> None:
        """Until every run has ended and GitHub shows it, or the time is over."""
        for run_id, story in zip(self.runs, self.stories, strict=True):
            issue = self.github.maintainer.open_issue(self.repo, f"Bug {run_id}", labels=["agent-fix"])
            worker = _Worker(self, run_id, story, issue.number)
            self.clock.begin(worker.work, after_seconds=story.starts_at)
        for _ in range(self.shape.publishers):
            self.clock.begin(self._publish)
        self.clock.begin(self._tick)
        self.clock.play(lambda: self._is_done, most_seconds=most_seconds)

    @property
    def writes(self) -> Counter[Priority]:
        """How many moments each priority took."""
        return self._slots.taken

    def ledger(self, run_id: str) -> RunLedger:
        return RunLedger(
            self.platform.store,
            run_id,
            clock=self.clock,
            redactor=self.platform.redactor,
            publishing=self.platform.publishing,
        )

    def close(self) -> None:
        for part in (self.platform.store, self.platform.jobs, self.platform.publishing, self.github):
            part.close()

    def has_ended(self) -> None:
        """One worker more has come to its end."""
        self._ended += 1

    def _publish(self) -> None:
        while True:
            if not self.control.drain_publishing():
                self.clock.idle(5.0)  # a message that was given back comes by itself

    def _tick(self) -> None:
        while True:
            self.control.scheduler.tick()
            if self._ended == len(self.runs):
                self._is_done = not self.platform.store.runs(unpublished=True, limit=1)
            self.clock.sleep(self.shape.tick_seconds)


class _Worker:
    """Writes one run's ledger as a worker, a dispatcher and a person would."""

    def __init__(self, play: Play, run_id: str, story: Story, number: int) -> None:
        self._play, self._story, self._clock = play, story, play.clock
        self._ledger = play.ledger(run_id)
        self._number = number
        self._attempt = 0

    def work(self) -> None:
        self._dispatch()
        story = self._story
        self._clock.sleep(story.launch_seconds)
        self._start()
        self._stage("clone", story.clone_seconds)
        self._stage("setup", story.setup_seconds)
        self._stage("baseline", story.baseline_seconds)
        self._append("stage.started", stage="work", note="reading the issue")
        self._steps()
        self._end()
        self._play.has_ended()

    def _steps(self) -> None:
        stop_at = self._story.steps // 2 if self._story.ending == "cancelled" else None
        for step in range(self._story.steps):
            if step == self._story.asks_at_step:
                self._ask()
            if step == stop_at:
                return
            self._clock.sleep(STEP_SECONDS)
            self._append("model.replied", call=step + 1, **_REPLY)

    def _ask(self) -> None:
        self._append("question.asked", questions=[{"text": "Which?", "options": ["a", "b"], "default": 0}])
        self._append("run.parked", reason="question", note="It needs an answer.")
        self._clock.sleep(self._story.answer_seconds)
        self._append("question.answered", by="maya", text="1a", delivery="d")
        self._append("run.resumed", reason="answered")
        self._start()

    def _end(self) -> None:
        if self._story.ending == "cancelled":
            self._append("cancel.requested", by="maya", reason="stop", delivery="d")
            self._append("run.ended", outcome="cancelled", reason="Stopped by maya.", next_step="")
            return
        self._stage("verify", self._story.verify_seconds)
        if self._story.ending == "gave_up":
            self._append("run.ended", outcome="gave_up", reason="It cannot be proven.", next_step="Retry.")
            return
        self._append("scan.ended", ok=True, findings=[])
        content = f"x = {self._number}\n".encode()
        digest = self._play.platform.store.put_blob(content)
        change = Change(
            path="calc.py", kind="modify", mode="100644", digest=digest, size=len(content), old_mode="100644"
        )
        self._append(
            "proposal.made",
            changes=[dataclasses.asdict(change)],
            title="Mend it",
            draft=False,
            draft_reason="",
            marks=[],
            owners=[],
            reviewers=[],
            template=None,
            evidence=[],
            ledger_head="f" * 64,
        )
        self._append("run.ended", outcome="proposed", reason="")

    def _dispatch(self) -> None:
        repo, installation = self._play.repo, next(iter(self._play.github.world.installations))
        thread = {
            "installation_id": installation,
            "repository_id": repo.id,
            "repository": "acme/calc",
            "number": self._number,
            "is_pull_request": False,
        }
        self._append(
            "run.created",
            thread=thread,
            requester={"login": "maya", "id": 42, "type": "User"},
            trigger="issues.labeled:agent-fix",
            delivery=f"d-{self._number}",
            comment_id=None,
            task={"title": "A bug", "body": "It raises."},
            playbook="fix",
            base={"ref": "main", "sha": repo.branches["main"], "default": True},
            branch=f"agent/{self._number}-bug",
            config=CONFIG.model_dump(mode="json"),
            admission={"role": "write", "max_open_pull_requests": 1_000},  # the pace is measured, not that limit
            names={"prefix": "/agent", "labels": CONFIG.label_names()},
            model="claude-sonnet-5-5",
            protection={"protected": False, "approvals_required": 0},
        )
        self._append("run.admitted", reason="room")

    def _start(self) -> None:
        self._attempt += 1
        self._append("attempt.started", attempt=self._attempt, worker="w", sandbox="bubblewrap")

    def _stage(self, name: str, seconds: float) -> None:
        self._append("stage.started", stage=name, note="")
        self._clock.sleep(seconds)
        self._append("stage.ended", stage=name, ok=True, note="done")

    def _append(self, kind: str, **data: object) -> None:
        self._ledger.append(said(kind, **data))
