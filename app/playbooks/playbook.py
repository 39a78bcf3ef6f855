"""What a kind of work is. Pure, and for the door: the standard library only, a named tuple as in `app.jobs.job`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from app.jobs.verb import ISSUE, Verb

WorkedBy = Literal["worker", "publisher", "nobody"]
About = Literal["thread", "repository"]

Delivers = Literal["pull request", "commits", "undo"]

# How work may end whatever it is; `app.events.parts` says what each means.
ENDINGS = ("needs_decision", "out_of_budget", "gave_up", "failed", "cancelled", "out_of_reach", "refused")


class Playbook(NamedTuple):
    """One kind of run. The rest of the product asks its record and names none of them: commands and help, admission,
    configuration and its schema, the onboarding issue, the prompt, the room a worker opens, what may be published.

    Its prompt is the file `NAME.md` beside its module.
    """

    name: str  # as in ledgers and under `playbooks:` in the configuration
    does: str  # one sentence
    called: str = ""  # several of its kind, as people read of them: "fixes"
    verbs: tuple[Verb, ...] = ()  # which start it
    by_label: bool = False  # the trigger label starts it
    by_checks: bool = False  # failed checks start it
    by_words: bool = False  # plain words start it, where nothing is at work
    merges_base: bool = False  # it brings the base branch into the branch it stands on
    gathers: str = ""  # it reads GitHub when its turn comes, and a request like it joins one that waits
    places: tuple[str, ...] = (ISSUE,)  # what it works on
    phase: int = 1  # of the adoption road, in which it begins; see `phase` of the configuration
    worked_by: WorkedBy = "worker"
    about: About = "thread"  # or the repository, whichever thread it was asked for on: the onboarding issue will do
    asks_model: bool = True  # a worker does; else it costs no money
    tools: tuple[str, ...] | None = None  # that the model is offered, by name; None: all
    model: str = ""  # its alias, where neither command nor configuration names one
    outcomes: tuple[str, ...] = ENDINGS
    proposes: bool = False  # its change may be written to GitHub; else nobody gets the token for that
    delivers: Delivers = "pull request"  # or commits on the pull request's branch; or one taken back

    def verb(self, name: str) -> Verb:
        """Its verb of this name. Raises StopIteration for a name that is none."""
        return next(verb for verb in self.verbs if verb.name == name)
