"""What a change of a thread as a whole means for the work on it, and what is said of it: one table. Pure.

`said` stands in the status comment, which is edited. Only where somebody has something to do that they may not guess is
there a `next_step`, which makes a comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.text.outgoing import code

Kind = Literal[
    "merged",
    "closed",
    "head deleted",  # and closed with it
    "head renamed",  # and closed with it, as GitHub does
    "retargeted",
    "base renamed",
    "locked",
    "issue closed",
    "issue locked",
    "issue moved",
    "issue deleted",
]


@dataclass(frozen=True, kw_only=True)
class ThreadChange:
    """As GitHub shows it. `was` and `now` are names of a branch, where the change is about one."""

    kind: Kind
    was: str = ""
    now: str = ""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """`stops`: the work ends; otherwise it goes on with the branch's new name, and nothing is said."""

    stops: bool = True
    said: str = ""
    next_step: str = ""


MEANINGS: Mapping[Kind, Meaning] = {
    "merged": Meaning(said="The pull request was merged, so I stopped."),
    "closed": Meaning(said="The pull request was closed, so I stopped. Reopen it first to go on."),
    "head deleted": Meaning(
        said="{was} was deleted, which closed the pull request, so I stopped. Restore the branch, reopen this, and "
        "`{prefix} retry` starts again."
    ),
    "head renamed": Meaning(
        said="{was} is called {now} now, and GitHub closes what comes from a renamed branch, so I stopped.",
        next_step="Open a pull request from {now} and say there what to do.",
    ),
    "retargeted": Meaning(
        said="This goes to {now} now. I had read and tested it against {was}, so I stopped.",
        next_step="`{prefix} retry` starts again, against {now}.",
    ),
    "base renamed": Meaning(stops=False),
    "locked": Meaning(
        said="The conversation was locked, so I stopped. Unlock it, and `{prefix} retry` starts again.",
    ),
    "issue closed": Meaning(said="The issue was closed, so I stopped. Reopen it and ask again."),
    "issue locked": Meaning(said="The conversation was locked, so I stopped. Unlock it and ask again."),
    "issue moved": Meaning(said="The issue moved to another repository, so I stopped. Ask again there."),
    "issue deleted": Meaning(said="The issue was deleted, so I stopped."),
}


def meaning(change: ThreadChange, prefix: str) -> Meaning:
    """The row of the table, with its names filled in."""
    row = MEANINGS[change.kind]
    names = {"was": code(change.was, 80), "now": code(change.now, 80), "prefix": prefix}
    return replace(row, said=row.said.format(**names), next_step=row.next_step.format(**names))
