"""Signed thinking, as the vendor documents it for stand-ins: what a thought is bound to, and what becomes of it. Pure.

A thought names its model, everything before it (`system`, `tools`, messages; not the cache marks) and the thought
before it. Sent back to another model it is left out; behind anything that changed, it is refused, or left out where
the request asks for that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.agent.budget import family_of
from app.agent.models.simulated_cache import MARK
from app.agent.models.wire import BINDING_BETA, BOUND
from app.agent.replies import THOUGHTS

UNSPOKEN = "Looking at what came back."  # the summary of a thought nobody wrote a text for
_SEAL = "only a stand-in signs with this"

Block = Mapping[str, Any]


class Refused(Exception):
    """An answer of 400; the text is the API's message."""


def blocks_of(message: Mapping[str, Any]) -> Sequence[Block]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def sign(content: Sequence[Block], body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A scripted reply to `body` as a model that thinks gives it: text before calls comes as thinking, every thought
    is signed. Other models, and replies without content, come as they are.
    """
    blocks = [dict(block) for block in content]
    thinking = body.get("thinking", {})
    if not blocks or not (family_of(str(body["model"])) in BOUND or thinking.get("type") in {"adaptive", "enabled"}):
        return blocks
    last_call = max((at for at, block in enumerate(blocks) if block["type"] == "tool_use"), default=0)
    thoughts = [
        {"type": "thinking", "thinking": block["text"]} if block["type"] == "text" and at < last_call else block
        for at, block in enumerate(blocks)
    ]
    if not any(block["type"] in THOUGHTS for block in thoughts):
        thoughts.insert(0, {"type": "thinking", "thinking": UNSPOKEN})
    is_shown = thinking.get("type") == "between_tools" or thinking.get("display") == "summarized"
    prefix, before = _Prefix(body), ""
    for message in body["messages"]:
        for block in blocks_of(message):
            before = str(block["signature"]) if block["type"] == "thinking" else before
            prefix.add(message["role"], block)
    for block in thoughts:
        if block["type"] == "thinking":
            block["thinking"] = block["thinking"] if is_shown else ""
            block["signature"] = before = _signature(
                _model(body), prefix.digest(), _short(before), _short(block["thinking"])
            )
        prefix.add("assistant", block)
    return thoughts


def readable(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The messages without the thoughts the model may not see, and the report of those. Raises Refused."""
    binding = body.get("thinking", {}).get("block_binding", {})
    drops = binding.get("prefix_mismatch_behavior") == "drop_block"
    prefix, before = _Prefix(body), None
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, str]] = []
    for index, message in enumerate(body["messages"]):
        blocks: list[Block] = []
        for at, block in enumerate(blocks_of(message)):
            path, reason = f"messages.{index}.content.{at}", ""
            if block["type"] == "thinking":
                reason = _fault(block, _model(body), prefix.digest(), before, path)
                before = str(block["signature"])
            if reason == "prefix_binding_mismatch" and not drops:
                raise Refused(_bound_elsewhere(path))
            if reason:
                dropped.append({"type": "thinking_dropped", "path": path, "reason": reason})
            else:
                blocks.append(block)
            prefix.add(message["role"], block)
        kept.append({**message, "content": blocks})
    return kept, dropped


class _Prefix:
    """The digest of `system`, `tools` and every block so far; thoughts and cache marks do not count."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._running = hashlib.sha256()
        for part in [*body.get("tools", []), *body.get("system", [])]:
            self.add("", part)

    def add(self, role: str, block: Block) -> None:
        if block.get("type") not in THOUGHTS:
            bare = {name: item for name, item in block.items() if name != MARK}
            self._running.update(f"{role}:{json.dumps(bare, sort_keys=True)}\n".encode())

    def digest(self) -> str:
        return self._running.hexdigest()[:32]


def _model(body: Mapping[str, Any]) -> str:
    return family_of(str(body["model"])) or str(body["model"])


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else ""


def _signature(*fields: str) -> str:
    """Model, prefix, the thought before and the text, under a seal."""
    return base64.b64encode("|".join([*fields, _short(_SEAL + "|".join(fields))]).encode()).decode()


def _fault(block: Block, model: str, prefix: str, before: str | None, path: str) -> str:
    """Why a thought may not be shown; empty when it may. `before`: the thought before it, None for the first one of
    the request, which may have had others before it. Raises Refused for one that was itself changed.
    """
    try:
        by, bound_to, chain, _text, _seal = base64.b64decode(block["signature"], validate=True).decode().split("|")
    except ValueError:
        raise Refused(f"{path}: Invalid `signature` in `thinking` block") from None
    if _signature(by, bound_to, chain, _short(block["thinking"])) != block["signature"]:
        raise Refused(f"{path}: Invalid `signature` in `thinking` block")
    if by != model:
        return "model_binding_mismatch"
    is_whole = before is None or chain == _short(before)
    return "" if bound_to == prefix and is_whole else "prefix_binding_mismatch"


def _bound_elsewhere(path: str) -> str:
    return (
        f"{path}: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the "
        'block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block". This setting requires the '
        f"`{BINDING_BETA}` value in the `anthropic-beta` header."
    )
