"""A model that plays a script: for the demo, for tests, for rehearsals. It says that it is so.

It remembers nothing between calls: which reply comes next is the number of assistant messages in the request. So a
worker killed half-way, or a second process, goes on where the conversation stands. Every request is held against the
API's rules (`api_rules`): what the vendor refuses with 400 is refused here in the same words, replies carry signed
thinking, and what was asked to be cleared is cleared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.agent.budget import price_of
from app.agent.models import api_rules
from app.agent.models.scripted import Block, Entry, Script, Step, continues, counts, with_id
from app.agent.models.simulated_cache import SimulatedCache, tokens_of
from app.agent.models.wire import body_of
from app.agent.replies import DISCARDED, THOUGHTS
from app.errors import TransientError, UserError
from app.ports.model import ModelReply, ModelRequest
from app.ports.platform import Clock

_REFUSED_STATUSES = (400, 401, 403, 404, 413)
_LOOK_SECONDS = 0.05  # between two looks for the file a reply waits for


class ScriptedModel:
    """Plays a script, or the file of one, which is read anew when it changes. Usage is computed as the vendor would."""

    def __init__(self, script: Script | Path, *, clock: Clock | None = None) -> None:
        self._script = script if isinstance(script, Script) else Script()
        self._path = script if isinstance(script, Path) else None
        self._read_at = 0
        self._cache = SimulatedCache()
        self._met: dict[tuple[int, int], int] = {}  # faults this process has met
        self._sleep = clock.sleep if clock else time.sleep
        self.requests: list[ModelRequest] = []  # what was asked, for tests and benchmarks

    def will(self, *steps: Step) -> Script:
        return self._script.will(*steps)

    def when(self, text: str) -> Script:
        return self._script.when(text)

    def reply(self, request: ModelRequest, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Raises TransientError or UserError where the script has a fault, UserError when the script is over."""
        self._refresh()
        self.requests.append(request)
        script = self._script.for_request(_opening(request))
        number = sum(message["role"] == "assistant" for message in request.messages)
        body, betas = body_of(request)
        try:
            judged = api_rules.judge(body, betas, continues=continues(script, number))
        except api_rules.Refused as refusal:
            raise UserError(f"The model's vendor refused the request (HTTP 400): {refusal}") from refusal
        usage = self._cache.usage(judged.shown)
        if sum(usage.values()) + request.max_tokens > price_of(request.model).window:
            return ModelReply(content=[], stop_reason=DISCARDED[1], usage={"output_tokens": 0}, model=request.model)
        entry = self._next(script, number)
        if entry is None:
            raise UserError(f"The scripted model has no reply number {number + 1}.")
        if entry.get("delay_seconds"):
            self._sleep(float(entry["delay_seconds"]))
        while entry.get("waits_for") and not Path(entry["waits_for"]).exists():
            self._sleep(_LOOK_SECONDS)
        if "error" in entry:
            raise _failure(entry)
        content = api_rules.sign([with_id(block, number, i) for i, block in enumerate(entry.get("content", []))], body)
        for block in content:
            if on_text and block["type"] in {"text", "thinking"}:
                on_text(block["text"] if block["type"] == "text" else block["thinking"])
        called = any(block["type"] == "tool_use" for block in content)
        return ModelReply(
            content=content,
            stop_reason=entry.get("stop_reason") or ("tool_use" if called else "end_turn"),
            usage={**usage, **output_usage(content), **entry.get("usage", {})},
            model=request.model,
            request_id=f"req_scripted_{number}",
            complete=not entry.get("cut"),
            applied_edits=judged.applied_edits,
            input_transformations=judged.input_transformations,
            extra={"scripted": True},
        )

    def _next(self, script: Script, number: int) -> Entry | None:
        last: Entry | None = None
        for position, entry in script.turn(number):
            key, last = (id(script), position), entry
            if counts(entry):
                return entry
            if self._met.get(key, 0) < int(entry.get("times", 1)):
                self._met[key] = self._met.get(key, 0) + 1
                return entry
        return last  # a script that ends in a fault goes on failing

    def _refresh(self) -> None:
        if self._path is None:
            return
        changed_at = self._path.stat().st_mtime_ns if self._path.exists() else 0
        if changed_at != self._read_at or not changed_at:
            self._script, self._read_at = Script.load(self._path), changed_at
            self._met.clear()


def _opening(request: ModelRequest) -> str:
    content = request.messages[0]["content"] if request.messages else ""
    return content if isinstance(content, str) else " ".join(str(block.get("text", "")) for block in content)


def output_usage(content: Sequence[Block]) -> dict[str, int]:
    """The output side of the API's usage; thinking is part of the output."""
    thought = [block for block in content if block["type"] in THOUGHTS]
    return {
        "output_tokens": tokens_of(content) if content else 3,
        "thinking_tokens": tokens_of(thought) if thought else 0,
    }


def _failure(entry: Entry) -> Exception:
    error = entry["error"]
    if error in _REFUSED_STATUSES:
        return UserError(f"The model's vendor refused the request (HTTP {error}, scripted).")
    wait = float(entry.get("retry_after_seconds") or 0.0)
    return TransientError(f"the model did not answer ({error}, scripted)", retry_after_seconds=wait)
