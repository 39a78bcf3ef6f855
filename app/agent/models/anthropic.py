"""Claude over the Messages API, streamed: Anthropic's own endpoint, or Bedrock's.

The SDK takes seconds to import, so it is imported on first use; `warm()` does that early, in a thread, while the clone
runs. Its retries are off: the loop waits itself, because only the loop can be cancelled and knows the budget. The
stream's events are put together here and not by the SDK's accumulator, which gives up on a tool input that is no JSON
and forgets the usage of a stream that was cut.
"""

from __future__ import annotations

import contextlib
import gc
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from app import log
from app.agent.models import vendor
from app.agent.models.wire import OPTIONAL, body_of, refused_feature
from app.agent.tools import MALFORMED
from app.errors import TransientError, UserError
from app.ports.model import ModelReply, ModelRequest
from app.text.untrusted import one_line

# Silence on the wire: the vendor sends pings every few seconds, so five minutes without a byte is a dead connection.
READ_TIMEOUT_SECONDS = 300.0
CONNECT_TIMEOUT_SECONDS = 10.0
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
TOO_LONG = ("prompt is too long", "exceed context limit", "exceeds the context window")


class AnthropicModel:
    """`provider`: "anthropic" (key and, where needed, base URL) or "bedrock" (AWS credentials of the process).

    `read_key` in place of `api_key` gives the key when it is first needed, and, asked with True, the newest one after
    the vendor refused the last.
    """

    def __init__(
        self,
        *,
        api_key: str = "",
        base_url: str = "",
        provider: str = "anthropic",
        read_key: Callable[[bool], str] | None = None,
    ) -> None:
        self._api_key = api_key
        self._read_key = read_key
        self._base_url = base_url
        self._provider = provider
        self._client: Any = None
        self._without: set[str] = set()  # optional features this vendor refused
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Import the SDK and make the client. Safe in a thread; what goes wrong shows at the first call."""
        with contextlib.suppress(Exception):
            self._ready()

    def _ready(self) -> None:
        with self._lock:
            if self._client is None:
                self._client = self._connect()

    def _connect(self) -> Any:
        gc.disable()  # the SDK makes 150,000 objects that stay: looking through them is a third of its import
        try:
            import anthropic  # noqa: PLC0415

            gc.freeze()  # nor is it looked through again, at no step of the run
        finally:
            gc.enable()
        timeout = anthropic.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        common: dict[str, Any] = {"base_url": self._base_url or None, "max_retries": 0, "timeout": timeout}
        if self._provider == "bedrock":
            return anthropic.AnthropicBedrock(**common)
        if self._read_key and not self._api_key:
            self._api_key = self._read_key(False)
        return anthropic.Anthropic(api_key=self._api_key or None, **common)

    def _has_newer_key(self) -> bool:
        """Whether the key was rotated under the run; the next call then uses the new one."""
        if self._read_key is None or self._provider == "bedrock":
            return False
        newest = self._read_key(True)
        if newest == self._api_key:
            return False
        with self._lock:
            self._api_key, self._client = newest, None
        return True

    def _stream(self, body: dict[str, Any], betas: list[str]) -> Any:
        self._ready()
        if betas:
            return self._client.beta.messages.create(**body, betas=betas, stream=True)
        return self._client.messages.create(**body, stream=True)

    def _can_ask_again(self, error: Any, body: dict[str, Any]) -> bool:
        """Whether there is a newer key, or an optional feature to do without from now on, for a refused request."""
        if error.status_code == 401:
            return self._has_newer_key()
        if error.status_code != 400:
            return False
        feature = refused_feature(str(error.api_message or error.message), body, self._without)
        if not feature:
            return False
        self._without.add(feature)
        log.event("model.without", level=log.WARNING, model=body["model"], feature=feature)
        return len(self._without) <= len(OPTIONAL)

    def reply(self, request: ModelRequest, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Stream one reply. Raises TransientError and UserError as the port says."""
        import anthropic  # noqa: PLC0415

        body, betas = body_of(request, self._without)
        try:
            stream = self._stream(body, betas)
        except anthropic.APIStatusError as error:
            if self._can_ask_again(error, body):
                return self.reply(request, on_text)
            return self._refusal(error, request.model)
        except anthropic.APIConnectionError as error:
            raise vendor.unreachable(error, str(error.request.url)) from error
        except (
            anthropic.AnthropicError,
            TypeError,
            ValueError,
            RuntimeError,
            ImportError,
        ) as error:  # no key, no region
            raise UserError(f"The model cannot be called: {one_line(str(error), 300)}") from error
        vendor.ensure_stream(stream)
        assembly = _Assembly(request.model, on_text)
        try:
            with stream:
                assembly.take_all(stream)
        except anthropic.APIStatusError as error:  # an `error` event inside the stream
            if not assembly.started:
                return self._refusal(error, request.model)
            assembly.broken = str(error.type or "error")
        except Exception as error:
            # Whatever ends the stream half-way (connection, protocol, bytes that are no JSON) is a cut stream.
            if not assembly.started:
                raise TransientError(
                    f"the reply did not start: {type(error).__name__}", retry_after_seconds=0
                ) from error
            assembly.broken = type(error).__name__
        return assembly.reply(str(stream.response.headers.get("request-id", "")))

    def _refusal(self, error: Any, model: str) -> ModelReply:
        """What an HTTP error means: raises, or gives the empty reply of a prompt that is too long."""
        status, message = int(error.status_code), str(error.api_message or error.message)
        if status == 413 or (status == 400 and any(words in message for words in TOO_LONG)):
            return ModelReply(
                content=[],
                stop_reason="model_context_window_exceeded",
                usage=dict.fromkeys(USAGE, 0),
                model=model,
                request_id=str(error.request_id or ""),
            )
        raise vendor.meaning(error, model, bedrock=self._provider == "bedrock") from error


class _Assembly:
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
