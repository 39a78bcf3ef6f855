"""Taking our last commit on a branch back, with one new commit. No model is asked."""

from app.playbooks.playbook import Playbook

PLAYBOOK = Playbook(
    name="undo",
    does="From our last commit on a branch to one that takes it back.",
    worked_by="nobody",
    asks_model=False,
    outcomes=("replied", "refused"),
    proposes=True,
    delivers="undo",
)
