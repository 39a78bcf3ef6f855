"""What happens in the demo: Maya opens an issue, labels it, answers a question; the rest is the product's doing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.cli.demo.panels import Panels
from app.cli.demo.world import World
from app.cli.verification import examine
from app.events.waits import WaitForAnswer
from app.runs.state import fold
from app.runs.state.run_state import RunState
from app.simulator.state import Comment, Issue

LOOK_SECONDS = 0.1
SCRIPTED_SECONDS = 180.0  # far more than it takes; a machine under load should not fail it
CLAUDE_SECONDS = 1800.0
ANSWER = "1a please. Whoever sits at the front can spare a cent."


class Plot:
    """Plays the story once and shows what a person would see."""

    def __init__(self, world: World, panels: Panels) -> None:
        self._world = world
        self._panels = panels
        self._home = world.home
        self._started = time.monotonic()
        self._run_id = ""
        self._seen = 0
        self._shown: set[int] = set()  # comments
        self._reacted = 0

    def play(self) -> bool:
        """True when the pull request is there and the ledger is whole."""
        world, panels = self._world, self._panels
        issue = world.maya.open_issue(world.repo, world.title, body=world.body.strip())
        panels.comment(issue.author, issue.created_at, issue.body or "", title=f"#{issue.number} {issue.title}")
        world.maya.label(issue, "agent-fix")
        panels.deed(world.maya.login, "puts the label `agent-fix` on it")
        self._until(lambda: self._find_run() or issue.reactions, "the delivery was not taken in", issue)
        state = self._follow(issue)
        while state.is_active:
            self._answer(issue, state)
            state = self._follow(issue)
        self._until(self._is_published, "the result did not reach GitHub", issue)
        return self._finale(issue)

    def _find_run(self) -> bool:
        runs = self._home.runs()
        if runs and not self._run_id:
            self._run_id = runs[-1].run_id
        return bool(self._run_id)

    def _state(self) -> RunState:
        return fold(self._run_id, self._home.events(self._run_id))

    def _is_published(self) -> bool:
        summary = self._home.store.summary(self._run_id)
        return summary is not None and not summary.unpublished

    def _follow(self, issue: Issue) -> RunState:
        """Show what happens until the run ends or waits for a person, and GitHub shows that."""

        def is_still() -> bool:
            state = self._state()
            waits = isinstance(state.wait, WaitForAnswer) and state.open_question is not None
            return not state.is_active or (waits and not state.visible_seq > state.settled_seq)

        self._until(is_still, "the run does not come to an end", issue)
        return self._state()

    def _answer(self, issue: Issue, state: RunState) -> None:
        """Maya answers: in the script's own story in her words, otherwise with the first choice of everything."""
        question = state.open_question
        count = len(question.said.questions) if question else 1
        text = ANSWER if self._world.is_scripted else " ".join(f"{number}a" for number in range(1, count + 1))
        self._panels.rest()
        comment = self._world.maya.comment(issue, text)
        self._show_comment(comment)
        answered = len(state.answers)
        self._until(lambda: len(self._state().answers) > answered, "the answer was not heard", issue)

    # ------------------------------------------------------------ watching

    def _until(self, is_so: Callable[[], object], otherwise: str, issue: Issue) -> None:
        limit = SCRIPTED_SECONDS if self._world.is_scripted else CLAUDE_SECONDS
        deadline = time.monotonic() + limit
        while not is_so():
            self._show_news(issue)
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(LOOK_SECONDS)
        self._show_news(issue)

    def _show_news(self, issue: Issue) -> None:
        with self._looking():
            reactions, comments = list(issue.reactions), list(issue.comments)
        for reaction in reactions[self._reacted :]:
            self._panels.deed(reaction.user.login, "reacts with 👀")
            self._reacted += 1
        for event in self._home.events(self._run_id, after=self._seen) if self._run_id else []:
            self._seen = event.seq
            self._panels.event(event)
        for comment in comments:
            self._show_comment(comment)

    def _show_comment(self, comment: Comment) -> None:
        if comment.id not in self._shown:
            self._shown.add(comment.id)
            self._panels.comment(comment.user.login, comment.created_at, comment.body)

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """The simulated GitHub answers from other threads meanwhile."""
        with self._world.github.world.lock:
            yield

    # ------------------------------------------------------------ the end

    def _finale(self, issue: Issue) -> bool:
        panels, state = self._panels, self._state()
        with self._looking():
            pulls = list(self._world.repo.pulls)
            status = next((c for c in issue.comments if "part=status" in c.body), None)
        if status is not None:
            panels.comment(status.user.login, status.updated_at, status.body, title="the status comment, edited")
        for pull in pulls:
            panels.pull(self._world.repo, pull)
        events, problems, _retired = examine(self._home, self._run_id)
        well = len(pulls) == 1 and not problems and state.outcome == "proposed"
        panels.verdict(
            state, events=events, problems=problems, seconds=time.monotonic() - self._started, world=self._world
        )
        return well
