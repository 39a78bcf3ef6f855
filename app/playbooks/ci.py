"""From failed checks of a pull request to what broke and whose it is; on ours, to a commit that repairs it."""

from app.jobs.verb import PULL_REQUEST, START_FLAGS, Verb
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="ci",
    does="From failed checks of a pull request to their cause, and to a repair.",
    called="repairs of failed checks",
    verbs=(
        Verb(
            name="ci",
            role="write",
            places=(PULL_REQUEST,),
            works=(PULL_REQUEST,),
            flags=START_FLAGS,
            help="Find out why checks failed, and repair it.",
        ),
    ),
    by_checks=True,
    gathers="asked",
    places=(PULL_REQUEST,),
    phase=2,
    outcomes=(*ENDINGS, "proposed", "nothing_to_do", "not_reproduced", "diagnosed"),
    proposes=True,
    delivers="commits",
)
