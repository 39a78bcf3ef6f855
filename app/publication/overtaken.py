"""The head of a pull request's branch has moved since a change for it was finished: the run goes back to work, to merge
the two and to verify them together. What is published is always what was verified.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from app.checkpoints import moved_text
from app.errors import UserError
from app.events.deciding import HeadMoved
from app.github import comparisons
from app.github.records import part, text
from app.publication.effect import Target

MOST_MERGES = 2  # for one request; after that people are pushing faster than tests run
_LEAVES_SECONDS = 5.0  # which the worker that proposed may need to let go of the run
_NAMED = 3  # authors


class Overtaken(Exception):
    """Nothing was written; `said` takes the run back to work."""

    def __init__(self, said: HeadMoved) -> None:
        super().__init__(f"the head is {said.sha} now")
        self.said = said


def ask_again(target: Target, *, branch: str, was: str, head: str) -> NoReturn:
    """The change was made on commit `was`, and the branch stands at `head`. Raises Overtaken, or UserError when that
    has happened too often.
    """
    if target.state.moves >= MOST_MERGES:
        raise UserError(moved_text.too_often(branch, target.state.moves + 1))
    found = comparisons.compare(target.github, target.repo, was, head)
    is_replaced = found is None or not found.is_forward
    commits = found.commits if found and not is_replaced else ()
    names = (text(part(commit, "author"), "login") for commit in commits)
    said = HeadMoved(
        sha=head,
        was=was,
        replaced=is_replaced,
        commits=len(commits),
        by=list(dict.fromkeys(name for name in names if name))[:_NAMED],
        note=moved_text.goes_back(branch, replaced=is_replaced),
        until=(target.clock.now() + timedelta(seconds=_LEAVES_SECONDS)).isoformat(),
    )
    raise Overtaken(said)
