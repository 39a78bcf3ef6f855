"""The model port: what is asked, what comes back, which errors are raised. Offered by `app.ports` with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One call of the Messages API; all parts are in that API's JSON shapes."""

    model: str  # the vendor's name
    system: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    content: Sequence[Mapping[str, Any]]  # text, thinking, tool_use blocks as the API gave them
    stop_reason: str
    usage: Mapping[str, int]  # input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens
    model: str
    request_id: str = ""
    complete: bool = True  # False: the stream was cut; usage is what was seen, content must not be executed
    extra: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """The vendor behind the agent loop."""

    def reply(self, request: ModelRequest, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Stream one reply to its end.

        Raises TransientError (429, 529, 5xx, connection: with the vendor's retry-after), UserError (key refused,
        unknown model, request refused for good).
        """
