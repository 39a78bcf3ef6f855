"""The acts in their order, and how they ended."""

from __future__ import annotations

import time

from app.cli.demo.acts import IssueAct, ReviewAct
from app.cli.demo.panels import Panels
from app.cli.demo.watching import Watching
from app.cli.demo.world import World
from app.cli.verification import examine
from app.simulator.state import Pull

TITLES = {1: "Act 1: an issue becomes a pull request", 2: "Act 2: a review, and a check that turns red"}


class Plot:
    """Plays act 1, act 2, or (None) both, and shows what a person would see."""

    def __init__(self, world: World, panels: Panels, *, act: int | None = None) -> None:
        self._world = world
        self._panels = panels
        self._act = act
        self._watching = Watching(world, panels)
        self._started = time.monotonic()

    def play(self) -> bool:
        """True when what was played ended well and every ledger is whole."""
        pull = self._first()
        is_well = pull is not None
        if pull is not None and self._act != 1:
            self._panels.act(TITLES[2])
            is_well = ReviewAct(self._world, self._panels, self._watching, pull).play()
        return self._verdict() and is_well

    def _first(self) -> Pull | None:
        """Act 1; unseen where only the second is wanted, whose pull request has to come from somewhere."""
        act = IssueAct(self._world, self._panels, self._watching)
        if self._act != 2:
            self._panels.act(TITLES[1])
            return act.play()
        self._panels.say("Act 1 is played unseen first: its pull request is what act 2 is about. Half a minute.", "dim")
        with self._panels.unseen():
            return act.play()

    def _verdict(self) -> bool:
        home = self._world.home
        states = [self._watching.state(run_id) for run_id in self._watching.runs]
        events = 0
        problems: list[str] = []
        for state in states:
            count, found, _retired = examine(home, state.run_id)
            events += count
            problems += found
        seconds = time.monotonic() - self._started
        self._panels.verdict(states, events=events, problems=problems, seconds=seconds, world=self._world)
        return not problems and all(state.outcome == "proposed" for state in states)
