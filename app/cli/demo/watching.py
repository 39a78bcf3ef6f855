"""What a person sees while the product works: the threads of the simulated GitHub, and the ledgers of the runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.cli.demo.panels import Panels
from app.cli.demo.world import World
from app.events.waits import WaitForAnswer
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.simulator.records import Review
from app.simulator.state import Comment, Issue, Pull, ReviewComment, ReviewThread

LOOK_SECONDS = 0.1
SCRIPTED_SECONDS = 180.0  # far more than a step takes; a machine under load should not fail it
CLAUDE_SECONDS = 1800.0


class Watching:
    """Shows each piece of news once, in the order in which it is seen."""

    def __init__(self, world: World, panels: Panels) -> None:
        self._world = world
        self._panels = panels
        self._home = world.home
        self._threads: list[Issue] = []
        self._seen: dict[str, int] = {}  # how far each run's ledger was shown
        self._shown: set[int] = set()  # comments and reviews
        self._reacted: dict[int, int] = {}  # reactions shown, by the thread's number

    @property
    def runs(self) -> list[str]:
        """The runs there are, oldest first."""
        return [run.run_id for run in sorted(self._home.runs(), key=lambda run: run.created_at)]

    def follow(self, thread: Issue) -> None:
        """Show from now on what happens on this issue or pull request."""
        self._threads.append(thread)

    def state(self, run_id: str) -> RunState:
        """The run as its ledger tells it now."""
        return fold(run_id, self._home.events(run_id))

    # ------------------------------------------------------------ waiting

    def until(self, is_so: Callable[[], object], otherwise: str) -> None:
        """Show what happens until it is so. Raises TimeoutError, which says `otherwise`."""
        limit = SCRIPTED_SECONDS if self._world.is_scripted else CLAUDE_SECONDS
        deadline = time.monotonic() + limit
        while not is_so():
            self._show_news()
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(LOOK_SECONDS)
        self._show_news()

    def next_run(self, known: list[str]) -> str:
        """The first run besides those `known`."""
        self.until(lambda: len(self.runs) > len(known), "the delivery was not taken in")
        return next(run_id for run_id in self.runs if run_id not in known)

    def rest_of(self, run_id: str) -> RunState:
        """Show what happens until the run has ended, or waits for a person, and GitHub shows that."""

        def is_still() -> bool:
            state = self.state(run_id)
            if not state.is_active:
                summary = self._home.store.summary(run_id)
                return summary is not None and not summary.unpublished
            waits = isinstance(state.wait, WaitForAnswer) and state.open_question is not None
            return waits and not state.visible_seq > state.settled_seq

        self.until(is_still, "the run does not come to an end")
        return self.state(run_id)

    # ------------------------------------------------------------ showing

    def _show_news(self) -> None:
        for thread in self._threads:
            with self.looking():
                reactions, comments = list(thread.reactions), list(thread.comments)
            for reaction in reactions[self._reacted.get(thread.number, 0) :]:
                self._panels.deed(reaction.user.login, "reacts with 👀")
            self._reacted[thread.number] = len(reactions)
            self._show_events()
            for comment in comments:
                self.show_comment(comment)
            if isinstance(thread, Pull):
                self._show_review(thread)

    def _show_events(self) -> None:
        for run_id in self.runs:
            for event in self._home.events(run_id, after=self._seen.get(run_id, 0)):
                self._seen[run_id] = event.seq
                self._panels.event(event)

    def show_comment(self, comment: Comment) -> None:
        """A comment, if it was not shown before."""
        if self._is_new(comment):
            self._panels.comment(comment.user.login, comment.created_at, comment.body)

    def _show_review(self, pull: Pull) -> None:
        """Reviews, what is said at lines, and which of their threads were resolved."""
        with self.looking():
            reviews = [review for review in pull.reviews if review.submitted_at and review.body]
            lines = pull.review_comments
            resolved = [(thread, thread.resolved_by) for thread in pull.review_threads if thread.resolved_by]
        for review in reviews:
            if self._is_new(review):
                verdict = f"review: {review.state.lower().replace('_', ' ')}"
                self._panels.comment(review.author, review.submitted_at or pull.updated_at, review.body, title=verdict)
        for line in lines:
            if self._is_new(line):
                what = "in the thread at" if line.in_reply_to else "at"
                self._panels.comment(line.author, line.created_at, line.body, title=f"{what} {place(line)}")
        for thread, by in resolved:
            if self._is_new(thread):
                self._panels.deed(by.login, f"resolves the thread at {place(thread.first)}")

    def _is_new(self, said: Comment | Review | ReviewComment | ReviewThread) -> bool:
        is_new = said.id not in self._shown
        self._shown.add(said.id)
        return is_new

    @contextmanager
    def looking(self) -> Iterator[None]:
        """The simulated GitHub answers from other threads meanwhile."""
        with self._world.github.world.lock:
            yield


def place(comment: ReviewComment) -> str:
    """Where a comment stands: `path:line`."""
    return f"{comment.path}:{comment.line}" if comment.line else comment.path
