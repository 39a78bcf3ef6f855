"""A short answer that starts no work: a refusal, `status`, `help`."""

from app.playbooks.playbook import Playbook

PLAYBOOK = Playbook(
    name="reply",
    does="One comment, and a refused label off.",
    worked_by="nobody",
    asks_model=False,
    outcomes=("replied", "refused"),
)
