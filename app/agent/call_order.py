"""The calls of one reply: in which order they are carried out, and which are not. Pure."""

from __future__ import annotations

from app.agent.replies import CUT_SHORT
from app.agent.tools import ASK, FINISH, PLAN
from app.agent.transcript import Block, Transcript

_RANK = {ASK: 1, PLAN: 1, FINISH: 2}


def in_order(transcript: Transcript) -> list[Block]:
    """The calls that have no result yet: questions after actions, finish after all."""
    return sorted(transcript.missing, key=lambda use: _RANK.get(use["name"], 0))


def out_of_order(use: Block, transcript: Transcript, question_rounds: int) -> str:
    """Why a well-formed call is not carried out in this reply, for the model; empty when it is."""
    uses = list(transcript.tool_uses.values())
    first = next(other for other in uses if other["name"] == use["name"])
    if (transcript.reply or {}).get("stop_reason") == CUT_SHORT:
        return "your reply was cut at the output limit, so the call may be incomplete; send it in smaller pieces"
    if use["name"] in {ASK, PLAN, FINISH} and first is not use:
        return f"call {use['name']} once"
    if use["name"] == FINISH and any(other["name"] in {ASK, PLAN} for other in uses):
        return "you asked something in the same turn; read the answer first"
    if use["name"] == PLAN and any(other["name"] == ASK for other in uses):
        return "you asked something in the same turn; read the answer first"
    if use["name"] == FINISH and transcript.reply_erred:
        return "a call before it in the same turn failed; look at that first"
    if use["name"] == ASK and transcript.rounds >= question_rounds:
        return (
            f"you have asked {transcript.rounds} times already; decide yourself, and state what you assumed in finish"
        )
    return ""
