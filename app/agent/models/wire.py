"""A request as the Messages API takes it: which fields and beta headers a model understands. Pure.

The adapter sends what this gives, and the scripted model judges it by the same rules as the stand-ins on a socket.
Sources: the vendor's pages on preserved thinking, thinking, effort and context editing (November 2026).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.agent.budget import family_of
from app.ports.model import Effort, ModelRequest

EDITING_BETA = "context-management-2025-06-27"
BINDING_BETA = "thinking-binding-controls-2026-08-01"
CLEAR_TOOL_USES = "clear_tool_uses_20250919"

# Thinking of these is bound to the conversation before it. They alone take `block_binding`.
BOUND = frozenset(
    {
        "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "claude-fable-5-2",
        "claude-mythos-5-1", "claude-mythos-5-2",
    }
)  # fmt: skip
_LATE = frozenset({"claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5", "claude-fable-5"}) | BOUND
ADAPTIVE = _LATE | {"claude-opus-4-6", "claude-sonnet-4-6"}
EFFORT = ADAPTIVE | {"claude-opus-4-5"}
BETWEEN_TOOLS = frozenset({"claude-sonnet-5-5"})

# What a vendor may not know, the newest first: a deployment that refuses one is asked without it from then on.
OPTIONAL = ("block_binding", "context_management", "effort", "thinking")
_NAMED_BY = {
    "block_binding": ("block_binding", BINDING_BETA),
    "context_management": ("context_management", "context management", CLEAR_TOOL_USES, EDITING_BETA),
    "effort": ("output_config", "effort"),
    "thinking": ("thinking.", "`thinking`", "thinking:", "adaptive thinking"),
}


def body_of(request: ModelRequest, without: Collection[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """The body of POST /v1/messages, without `stream`, and the beta features it needs; `without` some of OPTIONAL."""
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": list(request.system),
        "tools": list(request.tools),
        "messages": list(request.messages),
    }
    betas: list[str] = []
    effort = _effort(request)
    if effort and "effort" not in without:
        body["output_config"] = {"effort": effort}
    thinking = _thinking(request, effort, without)
    if thinking and "thinking" not in without:
        body["thinking"] = thinking
        betas += [BINDING_BETA] if "block_binding" in thinking else []
    if request.clearing and "context_management" not in without:
        body["context_management"] = {"edits": [_clearing(request)]}
        betas.append(EDITING_BETA)
    return body, betas


def refused_feature(message: str, body: dict[str, Any], without: Collection[str]) -> str:
    """Which of OPTIONAL a refusal's `message` names, if this `body` held it; empty when it is about something else."""
    if "bound to a different conversation" in message or "budget_tokens" in message:
        return ""
    thinking = body.get("thinking", {})
    held = {
        "block_binding": "block_binding" in thinking,
        "context_management": "context_management" in body,
        "effort": "output_config" in body,
        "thinking": bool(thinking),
    }
    return next(
        (
            name
            for name in OPTIONAL
            if held[name] and name not in without and any(word in message for word in _NAMED_BY[name])
        ),
        "",
    )


def with_marks(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """`messages` with cache marks at the ends of the last user message and of the one before.

    The API allows four marks; one is in the system blocks. It looks for what it stored at most 20 blocks before a
    mark, so the earlier one finds the last call's even behind many parallel calls. Marks do not count as a change.
    """
    marked = list(messages)
    users = [index for index, message in enumerate(marked) if message["role"] == "user"]
    for index in users[-2:]:
        blocks = list(marked[index]["content"])
        blocks[-1] = {**blocks[-1], "cache_control": {"type": "ephemeral"}}
        marked[index] = {**marked[index], "content": blocks}
    return marked


def _effort(request: ModelRequest) -> Effort | None:
    family = family_of(request.model)
    if family not in EFFORT:
        return None
    return "high" if request.effort == "xhigh" and family not in _LATE else request.effort


def _thinking(request: ModelRequest, effort: Effort | None, without: Collection[str]) -> dict[str, Any]:
    """Summaries are asked for by name: on some models thoughts come back empty otherwise."""
    family = family_of(request.model)
    if family not in ADAPTIVE or not request.tools:
        return {}
    if not request.up_front and family in BETWEEN_TOOLS and effort in {"low", "medium", "high"}:
        return {"type": "between_tools"}
    thinking: dict[str, Any] = {"type": "adaptive", "display": "summarized"}
    if family in BOUND and "block_binding" not in without:
        thinking["block_binding"] = {"prefix_mismatch_behavior": "drop_block"}
    return thinking


def _clearing(request: ModelRequest) -> dict[str, Any]:
    assert request.clearing is not None
    return {
        "type": CLEAR_TOOL_USES,
        "trigger": {"type": "input_tokens", "value": request.clearing.above_tokens},
        "keep": {"type": "tool_uses", "value": request.clearing.keep},
        "clear_at_least": {"type": "input_tokens", "value": request.clearing.at_least_tokens},
    }
