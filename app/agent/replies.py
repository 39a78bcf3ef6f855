"""What a reply is worth: whether it can be sent back as it came, and what in it people may read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agent.tools import MALFORMED

Block = Mapping[str, Any]

# Replies that are charged but are no part of the conversation: the same question is asked again, or never again.
DISCARDED = ("refusal", "model_context_window_exceeded")
CUT_SHORT = "max_tokens"
THOUGHTS = ("thinking", "redacted_thinking")
SAID_CHARS = 300


def unsendable(content: Sequence[Block]) -> str:
    """Why the API would not take this content back as it came; empty when it would.

    Such a reply is left out of the conversation as a whole, never altered: what was thought in it is signed over its
    own beginning. The sentence goes to the model.
    """
    said = [block for block in content if block["type"] not in THOUGHTS]
    if not any(block["type"] != "text" or block["text"].strip() for block in said):
        return "it held nothing but thoughts" if content else "it was empty"
    if any(block["type"] == "thinking" and not block.get("signature") for block in content):
        return "a thought in it has no end"
    if content[-1]["type"] in THOUGHTS:
        return "it ended in the middle of a thought"
    if any(block["type"] == "tool_use" and MALFORMED in block["input"] for block in content):
        return "the input of a call in it was not valid JSON"
    return ""


def kept(content: Sequence[Block]) -> list[Block]:
    """The blocks to send back: as they came, to the byte.

    Only where nothing was thought, and so nothing is signed, a text of blanks is left out: the API gives such texts
    and does not take them.
    """
    if any(block["type"] in THOUGHTS for block in content):
        return list(content)
    return [block for block in content if block["type"] != "text" or block["text"].strip()]


def said_in(content: Sequence[Block]) -> str:
    """The beginning of what the model wrote between its calls: text, or the summary of a thought."""
    texts = [str(block.get("text") or block.get("thinking") or "").strip() for block in content]
    return next((text for text in reversed(texts) if text), "")[:SAID_CHARS]
