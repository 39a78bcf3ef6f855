"""What the bot says in a thread of a review. Pure."""

from __future__ import annotations

from app.events.working import ThreadAnswered
from app.runs.state.run_state import RunState
from app.text.outgoing import cut, neutral

_CHARS = 2_000


def answer(state: RunState, said: ThreadAnswered) -> str:
    """What was done about it, and in which commit; or why it was not. The reason is in the model's words."""
    text = neutral(said.text, _CHARS)
    if not said.done:
        return cut(f"Left as it is: {text}")
    sha = str(state.result("branch").get("sha", ""))[:7]
    if state.result("patch"):
        return cut(f"🩹 In the patch: {text}")
    if sha:
        return cut(f"✅ {sha}: {text}")
    return cut(f"Not on the branch: the change was not added. What I had done: {text}")
