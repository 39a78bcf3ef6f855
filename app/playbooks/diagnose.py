"""From an issue to what is wrong, and no change: what `autonomy: diagnose` makes of a fix."""

from app.playbooks.playbook import ENDINGS, Playbook

PLAYBOOK = Playbook(
    name="diagnose",
    does="From an issue to what is wrong, and no change.",
    called="diagnoses",
    tools=("bash", "str_replace_based_edit_tool", "ask", "report_diagnosis", "finish"),
    outcomes=(*ENDINGS, "explained", "nothing_to_do", "not_reproduced"),
)
