"""From an issue to a pull request."""

from app.jobs.verb import ISSUE, PULL_REQUEST, START_FLAGS, Verb
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="fix",
    does="From an issue to a pull request.",
    called="fixes",
    verbs=(
        Verb(
            name="fix",
            role="write",
            places=(ISSUE, PULL_REQUEST),
            works=(ISSUE, PULL_REQUEST),
            flags=START_FLAGS,
            help="Work on this issue; on a pull request, do what is said behind it.",
        ),
        Verb(
            name="plan",
            role="write",
            places=(ISSUE, PULL_REQUEST),
            works=(ISSUE, PULL_REQUEST),
            flags=START_FLAGS,
            help="Propose a plan and wait for approval.",
        ),
    ),
    by_label=True,
    phase=2,
    outcomes=(*ENDINGS, "proposed", "nothing_to_do", "not_reproduced"),
    proposes=True,
)
