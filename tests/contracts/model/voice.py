"""A model and the script behind it, as the contract speaks to it."""

from __future__ import annotations

import copy
from typing import Any

from app.agent.models.scripted import Script
from app.agent.tools import TOOLS
from app.ports.model import Clearing, Effort, ModelReply, ModelRequest

KEY = "sk-test-not-a-key"


def spoken(reply: ModelReply) -> list[Any]:
    """What a reply holds besides thoughts."""
    return [block for block in reply.content if block["type"] != "thinking"]


class Voice:
    """A model and the script behind it."""

    def __init__(self, model: Any, script: Script) -> None:
        self.model = model
        self.will = script.will

    def say(
        self,
        *history: Any,
        on_text: Any = None,
        max_tokens: int = 1000,
        change: Any = None,
        clearing: Clearing | None = None,
        effort: Effort | None = None,
    ) -> ModelReply:
        """The reply to a conversation with these assistant contents so far; `change` spoils its messages."""
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": [{"type": "text", "text": "Mend the bug. " * 400}]}
        ]
        for content in history:
            messages.append({"role": "assistant", "content": copy.deepcopy(list(content))})
            results = [
                {"type": "tool_result", "tool_use_id": block["id"], "content": [{"type": "text", "text": "ok"}]}
                for block in content
                if block["type"] == "tool_use"
            ]
            messages.append({"role": "user", "content": results or [{"type": "text", "text": "Go on."}]})
        if change:
            change(messages)
        last = messages[-1]["content"] if isinstance(messages[-1]["content"], list) else [{}]
        last = last or [{}]
        last[-1] = {**last[-1], "cache_control": {"type": "ephemeral"}}
        request = ModelRequest(
            model="claude-sonnet-5-5",
            system=[{"type": "text", "text": "You mend bugs."}],
            tools=TOOLS,
            messages=messages,
            max_tokens=max_tokens,
            clearing=clearing,
            effort=effort,
        )
        reply: ModelReply = self.model.reply(request, on_text)
        return reply
