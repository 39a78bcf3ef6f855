"""From a branch that is behind its base to one that has all of it, by a merge commit."""

from app.jobs.verb import PULL_REQUEST, START_FLAGS, Verb
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="rebase",
    does="From a pull request that is behind its base, or conflicts with it, to a merge of both.",
    called="merges of the base branch",
    verbs=(
        Verb(
            name="rebase",
            role="write",
            places=(PULL_REQUEST,),
            works=(PULL_REQUEST,),
            flags=START_FLAGS,
            help="Merge the base branch in and resolve conflicts; no history is rewritten.",
        ),
    ),
    merges_base=True,
    gathers="base",
    places=(PULL_REQUEST,),
    phase=2,
    outcomes=(*ENDINGS, "proposed", "nothing_to_do"),
    proposes=True,
    delivers="commits",
)
