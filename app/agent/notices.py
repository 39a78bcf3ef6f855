"""What the harness says to the model between two calls, and when saying it once more is of no use. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.agent import budget
from app.agent.budget import Budget, Spent
from app.agent.loop_detector import circle
from app.agent.replies import CUT_SHORT
from app.agent.stops import Options, Stop
from app.agent.transcript import Transcript


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Words for the model; `about` tells one that was given from one that is due."""

    about: str
    text: str


def due(transcript: Transcript, options: Options, limits: Budget, spent: Spent) -> Notice | Stop | None:
    """What has to be said before the next call; a stop where the work leads nowhere. Ask again once it was said."""
    if transcript.idle >= options.idle_replies or transcript.pauses > options.idle_replies:
        return Stop(kind="stuck", detail=f"{options.idle_replies} replies in a row did nothing.")
    if transcript.needs_nudge:
        return Notice(about="nudge", text=_nudge(transcript))
    found = circle(transcript.actions)
    if found:
        earlier = [about for about in transcript.notices if about.startswith("circle")]
        if f"circle {found}" in earlier or len(earlier) >= options.circle_notices:
            return Stop(kind="stuck", detail=f"It went round in circles: {found}.")
        return Notice(about=f"circle {found}", text=CIRCLE.format(found=found))
    warning = budget.warning(limits, spent)
    about = f"budget {limits.usd:g} USD, {limits.turns} turns, {limits.minutes:g} minutes"
    return Notice(about=about, text=warning) if warning and about not in transcript.notices else None


def _nudge(transcript: Transcript) -> str:
    was_cut = (transcript.reply or {}).get("stop_reason") == CUT_SHORT
    if transcript.unsent:
        return NUDGE_UNSENT.format(why=transcript.unsent, then=NUDGE_CUT if was_cut else NUDGE_AGAIN)
    return NUDGE_CUT if was_cut else NUDGE


NUDGE = (
    "Your turn ended without a tool call, so nothing happened. Go on with the work, or call finish to report how it "
    "ended; a question to the people goes through ask."
)
NUDGE_CUT = "Your reply was cut at the output limit. Go on in smaller pieces."
NUDGE_UNSENT = (
    "Your last reply is not part of this conversation, and nothing of it was carried out, because {why}. {then}"
)
NUDGE_AGAIN = "Go on with a tool call, or call finish to report how the work ended."
CIRCLE = (
    "You did the same thing {found}. Repeating it will not help. Look at the cause from another side, or call finish "
    "and say what you know and what is missing."
)
MOVED = "The work tree is at {root} now; where an earlier message names another place, read this one."
