"""Claude over the Messages API, streamed: Anthropic's own endpoint, or Bedrock's.

The SDK takes seconds to import, so it is imported on first use; `warm()` does that early, in a thread, while the clone
runs. Its retries are off: the loop waits itself, because only the loop can be cancelled and knows the budget.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable
from typing import Any

from app import log
from app.agent.models import vendor
from app.agent.models.assembly import USAGE, Assembly
from app.agent.models.wire import OPTIONAL, body_of, refused_feature
from app.errors import TransientError, UserError
from app.ports.model import ModelReply, ModelRequest
from app.text.untrusted import one_line

# Silence on the wire: the vendor sends pings every few seconds, so five minutes without a byte is a dead connection.
READ_TIMEOUT_SECONDS = 300.0
CONNECT_TIMEOUT_SECONDS = 10.0
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
        assembly = Assembly(request.model, on_text)
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
