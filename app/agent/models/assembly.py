"""A reply put together from the raw events of its stream.

Not by the SDK's accumulator, which gives up on a tool input that is no JSON and forgets the usage of a stream that was
cut.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from app.agent.tools import MALFORMED
from app.ports.model import ModelReply

USAGE = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "thinking_tokens",  # part of the output
)
# Of a stream that was cut the vendor's count of output is missing; text has at least three characters a token.
CHARS_PER_TOKEN = 3
MALFORMED_CHARS = 500


class Assembly:
    """A reply in the making, from the raw events of its stream."""

    def __init__(self, model: str, on_text: Callable[[str], None] | None) -> None:
        self.started = False
        self.broken = ""
        self._model = model
        self._on_text = on_text
        self._blocks: dict[int, dict[str, Any]] = {}
        self._json: dict[int, list[str]] = {}
        self._usage = dict.fromkeys(USAGE, 0)
        self._stop_reason = ""
        self._edits: list[dict[str, Any]] = []
        self._transformations: list[dict[str, Any]] = []
        self._ended = False
        self._chars = 0

    def take_all(self, events: Iterable[Any]) -> None:
        for event in events:
            kind = event.type
            if kind == "message_start":
                self.started = True
                self._model = event.message.model or self._model
                self._count(event.message.usage)
                self._note(event.message)
            elif kind == "content_block_start":
                self._blocks[event.index] = event.content_block.model_dump(mode="json", exclude_none=True)
            elif kind == "content_block_delta":
                self._delta(event.index, event.delta)
            elif kind == "message_delta":
                self._stop_reason = event.delta.stop_reason or self._stop_reason
                self._count(event.usage)
                self._note(event)
            elif kind == "message_stop":
                self._ended = True

    def _count(self, usage: Any) -> None:
        """Counts in the stream are cumulative; a later event may leave some out."""
        for name in USAGE:
            value = getattr(usage, name, None)
            if value is not None:
                self._usage[name] = int(value)
        details = getattr(usage, "output_tokens_details", None)
        if details is not None:
            self._usage["thinking_tokens"] = int(details.thinking_tokens or 0)

    def _note(self, event: Any) -> None:
        """What the vendor says it did to the prompt, at the beginning of the stream or at its end."""
        management = getattr(event, "context_management", None)
        if management is not None:
            self._edits = [edit.model_dump(mode="json") for edit in management.applied_edits]
        transformed = getattr(event, "input_transformations", None)
        if transformed is not None:
            self._transformations = [entry.model_dump(mode="json") for entry in transformed]

    def _delta(self, index: int, delta: Any) -> None:
        block = self._blocks[index]
        if delta.type == "text_delta":
            block["text"] = block.get("text", "") + delta.text
            self._chars += len(delta.text)
            if self._on_text:
                self._on_text(delta.text)
        elif delta.type == "input_json_delta":
            self._json.setdefault(index, []).append(delta.partial_json)
            self._chars += len(delta.partial_json)
        elif delta.type == "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta.thinking
            self._chars += len(delta.thinking)
            if self._on_text:
                self._on_text(delta.thinking)
        elif delta.type == "signature_delta":
            block["signature"] = delta.signature

    def reply(self, request_id: str) -> ModelReply:
        complete = self._ended and not self.broken and bool(self._stop_reason)
        if not complete:
            self._usage["output_tokens"] = max(self._usage["output_tokens"], self._chars // CHARS_PER_TOKEN)
        for index, block in self._blocks.items():
            if block["type"] == "tool_use":
                block["input"] = _input("".join(self._json.get(index, [])), block.get("input"))
        return ModelReply(
            content=[self._blocks[index] for index in sorted(self._blocks)],
            stop_reason=self._stop_reason,
            usage=self._usage,
            model=self._model,
            request_id=request_id,
            complete=complete,
            applied_edits=self._edits,
            input_transformations=self._transformations,
            extra={"broken": self.broken} if self.broken else {},
        )


def _input(text: str, given: Any) -> dict[str, Any]:
    """A tool call's input; what is no JSON object is marked, so that it is refused with a clear word."""
    if not text.strip():
        return given if isinstance(given, dict) else {}
    try:
        value = json.loads(text)
    except ValueError:
        return {MALFORMED: text[:MALFORMED_CHARS]}
    return value if isinstance(value, dict) else {MALFORMED: text[:MALFORMED_CHARS]}
