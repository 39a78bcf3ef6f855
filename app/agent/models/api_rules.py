"""The Messages API's rules, for stand-ins: what it refuses and in which words, what it shows to the model. Pure.

`judge` takes the JSON body of a request and the beta features of its header; `sign` gives a scripted reply the signed
thinking that the real models think by default. The scripted model and the servers of the tests use both, so nothing
passes in a test that the vendor would answer with 400. Sources: the vendor's reference and its pages on preserved
thinking and context editing (November 2026); messages as reported in issue threads of the vendor's own client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.agent.budget import family_of
from app.agent.models.signed_thinking import Refused, blocks_of, readable, sign
from app.agent.models.simulated_cache import MARK, tokens_of
from app.agent.models.wire import ADAPTIVE, BETWEEN_TOOLS, BINDING_BETA, BOUND, CLEAR_TOOL_USES, EDITING_BETA
from app.agent.replies import THOUGHTS

MOST_MARKS = 4
CLEARED = "[cleared to save context]"

Block = Mapping[str, Any]

__all__ = ["Judged", "Refused", "judge", "sign"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A request the API takes: `shown` is the body as the model reads it."""

    shown: Mapping[str, Any]
    applied_edits: Sequence[Mapping[str, Any]] = ()
    input_transformations: Sequence[Mapping[str, Any]] = ()
    reports: Sequence[str] = ()  # which of the two the answer carries

    def additions(self) -> dict[str, Any]:
        """What a response carries besides, as in the API's JSON."""
        found: dict[str, Any] = {}
        if "edits" in self.reports:
            found["context_management"] = {"applied_edits": list(self.applied_edits)}
        if "transformations" in self.reports:
            found["input_transformations"] = list(self.input_transformations)
        return found


def judge(body: Mapping[str, Any], betas: Sequence[str] = (), *, continues: bool = False) -> Judged:
    """What becomes of a request. `continues`: the last reply only paused, so it may stand last.

    Raises Refused.
    """
    _parameters(body, betas)
    _marks(body)
    _conversation(body["messages"], continues=continues)
    kept, dropped = readable(body)
    edits = body.get("context_management", {}).get("edits", [])
    messages, applied = _cleared({**body, "messages": kept}, edits)
    reports = [*(["edits"] if edits else []), *(["transformations"] if BINDING_BETA in betas else [])]
    return Judged(
        shown={**body, "messages": messages}, applied_edits=applied, input_transformations=dropped, reports=reports
    )


# ------------------------------------------------------------ parameters


def _parameters(body: Mapping[str, Any], betas: Sequence[str]) -> None:
    family = family_of(str(body["model"]))
    thinking, effort = body.get("thinking", {}), body.get("output_config", {}).get("effort")
    kind = thinking.get("type")
    if body["max_tokens"] < 1:
        raise Refused("max_tokens: Input should be greater than or equal to 1")
    if "block_binding" in thinking and (BINDING_BETA not in betas or family not in BOUND):
        raise Refused(f"thinking.{kind}.block_binding: Extra inputs are not permitted")
    if "context_management" in body and EDITING_BETA not in betas:
        raise Refused("context_management: Extra inputs are not permitted")
    if body.get("tool_choice", {}).get("type") in {"any", "tool"} and (
        family in BOUND or kind in {"adaptive", "enabled"}
    ):
        raise Refused("Thinking may not be enabled when tool_choice forces tool use.")
    for name in ("temperature", "top_p", "top_k"):
        if name in body and family in BOUND:
            raise Refused(f"{name}: is not supported for this model")
    _thinking(family, thinking, effort, body["max_tokens"])


def _thinking(family: str, thinking: Mapping[str, Any], effort: str | None, max_tokens: int) -> None:
    kind = thinking.get("type")
    if kind == "enabled" and thinking["budget_tokens"] >= max_tokens:
        raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`")
    if family in BOUND and kind in {"enabled", "disabled"}:
        instead = '"thinking.type.adaptive" and "output_config.effort"'
        raise Refused(f'"thinking.type.{kind}" is not supported for this model. Use {instead} to control thinking.')
    if kind == "adaptive" and family not in ADAPTIVE:
        raise Refused("adaptive thinking is not supported on this model")
    if kind == "between_tools" and (family not in BETWEEN_TOOLS or effort in {"xhigh", "max"}):
        raise Refused('"thinking.type.between_tools" is not supported for this model at this effort')


def _marks(body: Mapping[str, Any]) -> None:
    blocks = [*body.get("tools", []), *body.get("system", [])]
    blocks += [block for message in body["messages"] for block in blocks_of(message)]
    count = sum(MARK in block for block in blocks)
    if count > MOST_MARKS:
        raise Refused(f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {count}.")


# ------------------------------------------------------------ the conversation's form


def _conversation(messages: Sequence[Mapping[str, Any]], *, continues: bool) -> None:
    if not messages or messages[0]["role"] != "user":
        raise Refused('messages: first message must use the "user" role')
    turns: list[tuple[str, list[Block]]] = []
    for index, message in enumerate(messages):
        blocks = blocks_of(message)
        if not blocks:
            raise Refused(f"messages.{index}: all messages must have non-empty content")
        _content(index, message["role"], blocks)
        if turns and turns[-1][0] == message["role"]:  # the API joins them
            turns[-1][1].extend(blocks)
        else:
            turns.append((message["role"], list(blocks)))
    if turns[-1][0] == "assistant" and not continues:
        raise Refused(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    for index, (role, blocks) in enumerate(turns):
        if role == "user":
            _results(index, turns[index - 1][1] if index else [], blocks)


def _content(index: int, role: str, blocks: Sequence[Block]) -> None:
    thought = any(block["type"] in THOUGHTS for block in blocks)
    for at, block in enumerate(blocks):
        inner = block.get("content", []) if block["type"] == "tool_result" else [block]
        texts = [inner] if isinstance(inner, str) else [part["text"] for part in inner if part["type"] == "text"]
        # What a model wrote beside its thoughts is taken back as it came: it was signed over.
        if any(not text.strip() for text in texts) and not (role == "assistant" and thought):
            raise Refused("messages: text content blocks must contain non-whitespace text")
        if block["type"] == "tool_use" and not isinstance(block["input"], dict):
            raise Refused(f"messages.{index}.content.{at}.tool_use.input: Input should be a valid dictionary")
    if role == "assistant" and blocks[-1]["type"] in THOUGHTS:
        raise Refused(f"messages.{index}: The final block in an assistant message cannot be `thinking`.")


def _results(index: int, before: Sequence[Block], blocks: Sequence[Block]) -> None:
    uses = [block["id"] for block in before if block["type"] == "tool_use"]
    first = [block["tool_use_id"] for block in blocks[: len(uses)] if block["type"] == "tool_result"]
    missing = [use for use in uses if use not in first]
    if missing:
        raise Refused(
            f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
            "message."
        )
    for at, block in enumerate(blocks):
        if block["type"] == "tool_result" and (at >= len(uses) or block["tool_use_id"] not in uses):
            raise Refused(
                f"messages.{index}.content.{at}: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` block in the "
                "previous message."
            )


# ------------------------------------------------------------ clearing


def _cleared(body: Mapping[str, Any], edits: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
    """The messages after the edits, and what was applied: the oldest results first, all but the last `keep`."""
    messages, applied = list(body["messages"]), []
    for edit in edits:
        if edit["type"] != CLEAR_TOOL_USES:
            raise Refused(f"context_management.edits: Input tag '{edit['type']}' found using 'type' does not match")
        total = sum(tokens_of(part) for part in [*body.get("system", []), *body.get("tools", []), *messages])
        if total <= edit.get("trigger", {"value": 100_000})["value"]:
            continue
        results = list(_clearable(messages, edit.get("exclude_tools") or ()))
        victims = results[: max(0, len(results) - edit.get("keep", {"value": 3})["value"])]
        saved = sum(tokens_of(messages[i]["content"][j]["content"]) - tokens_of(CLEARED) for i, j in victims)
        if not victims or saved < (edit.get("clear_at_least") or {"value": 0})["value"]:
            continue
        messages = list(messages)
        for i, j in victims:
            blocks = list(messages[i]["content"])
            blocks[j] = {**blocks[j], "content": CLEARED}
            messages[i] = {**messages[i], "content": blocks}
        applied.append({"type": CLEAR_TOOL_USES, "cleared_tool_uses": len(victims), "cleared_input_tokens": saved})
    return messages, applied


def _clearable(messages: Sequence[Mapping[str, Any]], excluded: Sequence[str]) -> Iterator[tuple[int, int]]:
    names: dict[str, str] = {}
    for index, message in enumerate(messages):
        for at, block in enumerate(blocks_of(message)):
            if block["type"] == "tool_use":
                names[block["id"]] = block["name"]
            elif block["type"] == "tool_result" and names.get(block["tool_use_id"]) not in excluded:
                yield index, at
