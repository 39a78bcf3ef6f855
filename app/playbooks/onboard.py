"""Setting up an installation's repositories: labels, and one onboarding issue in each."""

from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="onboard",
    does="From the App's installation to labels and an issue that says what it does.",
    worked_by="publisher",
    asks_model=False,
    outcomes=(*ENDINGS, "onboarded"),
)
