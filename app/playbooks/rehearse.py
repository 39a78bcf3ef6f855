"""Setting a repository up and testing it once, as every run would: no model is asked, and nothing is changed."""

from app.jobs.verb import ISSUE, Verb
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="rehearse",
    does="From a repository to how it is set up and tested here, tried once and without a model.",
    called="rehearsals",
    verbs=(
        Verb(
            name="rehearse",
            role="write",
            places=(ISSUE,),
            works=(ISSUE,),
            help="Set up and test once, without a model, and say what came of it.",
        ),
    ),
    about="repository",
    asks_model=False,
    outcomes=(*ENDINGS, "rehearsed"),
)
