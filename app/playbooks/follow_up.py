"""From what is asked on a pull request to commits on its branch."""

from app.jobs.verb import PULL_REQUEST
from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="follow_up",
    does="From words on a pull request to a commit on its branch.",
    called="follow-ups",
    by_words=True,
    places=(PULL_REQUEST,),
    phase=2,
    tools=("bash", "str_replace_based_edit_tool", "ask", "report_breaking_change", "answer_thread", "finish"),
    outcomes=(*ENDINGS, "proposed", "nothing_to_do", "not_reproduced"),
    proposes=True,
    delivers="commits",
)
