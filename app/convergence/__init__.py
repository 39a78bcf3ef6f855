"""Whether rounds of work on one pull request come nearer to an end, or go in circles. Pure.

    rounds = since_asked(all_rounds)          # a person's request begins anew: they may ask to undo something
    is_again(failures, rounds)                # what fails is what one of them was for: before anything is spent
    circle(rounds, now)                       # the change about to be published undoes one of them

A round is one commit of ours on the pull request, with what had failed before it.
"""

from __future__ import annotations

from app.convergence.circles import Circle, circle, is_again, since_asked
from app.convergence.rounds import Failure, File, Round

__all__ = ["Circle", "Failure", "File", "Round", "circle", "is_again", "since_asked"]
