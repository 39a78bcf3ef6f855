"""The model port: what is asked, what comes back, which errors are raised. Offered by `app.ports` with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

# How hard to think. Each is a word of the API; a model that does not know the word gets the nearest it knows.
Effort = Literal["low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """What the vendor leaves out of the prompt before the model reads it: old tool results, the oldest first.

    The conversation that is sent stays whole; the last `keep` tool uses are shown in full.
    """

    above_tokens: int  # shorter prompts are left alone
    keep: int
    at_least_tokens: int  # a smaller saving is not worth the cache that it breaks


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One call of the Messages API; the parts that are sequences are in that API's JSON shapes.

    `messages` of a later call begin with those of every earlier one, byte for byte: the model's thinking is signed
    over all that was before it.
    """

    model: str  # the vendor's name
    system: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int  # of the reply, thinking included
    effort: Effort | None = None  # None: the vendor's default
    up_front: bool = True  # False: think between calls only, where the model can be told so
    clearing: Clearing | None = None


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    content: Sequence[Mapping[str, Any]]  # text, thinking, tool_use blocks as the API gave them
    stop_reason: str
    # input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens; thinking_tokens are those of
    # the output that were thought, 0 where the vendor does not say.
    usage: Mapping[str, int]
    model: str
    request_id: str = ""
    complete: bool = True  # False: the stream was cut; usage is what was seen, content must not be executed
    applied_edits: Sequence[Mapping[str, Any]] = ()  # what the vendor cleared, in its words
    input_transformations: Sequence[Mapping[str, Any]] = ()  # what of the conversation it did not show to the model
    extra: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """The vendor behind the agent loop."""

    def reply(self, request: ModelRequest, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Stream one reply to its end. `on_text` is given text and summaries of thoughts as they come.

        Raises TransientError (429, 529, 5xx, connection: with the vendor's retry-after), UserError (key refused,
        unknown model, request refused for good).
        """
