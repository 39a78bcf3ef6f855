"""A model whose replies are written down beforehand: for the demo, for tests, for rehearsals. It says that it is so.

It remembers nothing between calls: which reply comes next is the number of assistant messages in the request. So a
worker killed half-way, or a second process, goes on where the conversation stands. Every request is held against the
API's rules (`api_rules`): what the vendor refuses with 400 is refused here in the same words, replies carry signed
thinking, and what was asked to be cleared is cleared.

    script = Script()
    script.will(bash("pytest -q"), edit("calc.py", "a / b", "a / b if b else 0"), finish("Guard the division"))
    script.will([view("a.py"), view("b.py")])                # a list or tuple: parallel calls in one reply
    script.will(fault(529, times=2), say("thinking aloud"))  # faults come before the reply that follows them
    script.when("Crash on empty file").will(…)               # another script for runs whose request holds that text
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.agent.budget import price_of
from app.agent.models import api_rules
from app.agent.models.simulated_cache import SimulatedCache, tokens_of
from app.agent.models.wire import body_of
from app.agent.replies import DISCARDED, THOUGHTS, unsendable
from app.agent.tools import ASK, BASH, BREAKING, EDIT, FINISH, MALFORMED
from app.errors import TransientError, UserError
from app.ports.model import ModelReply, ModelRequest
from app.ports.platform import Clock

Block = dict[str, Any]
Entry = dict[str, Any]
Step = Block | Entry | Sequence[Block]

_REFUSED_STATUSES = (400, 401, 403, 404, 413)
_LOOK_SECONDS = 0.05  # between two looks for the file a reply waits for


def say(text: str) -> Block:
    return {"type": "text", "text": text}


def call(name: str, **arguments: Any) -> Block:
    """Any tool call, also a malformed one."""
    return {"type": "tool_use", "name": name, "input": arguments}


def bash(command: str) -> Block:
    return call(BASH, command=command)


def view(path: str, first: int | None = None, last: int = -1) -> Block:
    where = {} if first is None else {"view_range": [first, last]}
    return call(EDIT, command="view", path=path, **where)


def create(path: str, text: str) -> Block:
    return call(EDIT, command="create", path=path, file_text=text)


def edit(path: str, old: str, new: str) -> Block:
    return call(EDIT, command="str_replace", path=path, old_str=old, new_str=new)


def insert(path: str, line: int, text: str) -> Block:
    return call(EDIT, command="insert", path=path, insert_line=line, insert_text=text)


def question(text: str, *options: str, default: int = 0, consequences: Sequence[str] = ()) -> dict[str, Any]:
    """One question for `ask`; without `consequences`, each option is its own."""
    return {
        "text": text,
        "options": list(options) or ["yes", "no"],
        "default": default,
        "consequences": list(consequences or options or ["yes", "no"]),
    }


def ask(*questions: str | Mapping[str, Any]) -> Block:
    """Texts become yes-or-no questions; use `question` for others."""
    return call(ASK, questions=[question(q) if isinstance(q, str) else dict(q) for q in questions])


def report_breaking_change(what: str, affected: str = "callers", migration: str = "none needed") -> Block:
    return call(BREAKING, what=what, affected=affected, migration=migration)


def finish(title: str, summary: str = "", *, outcome: str = "done", confidence: str = "high", **more: Any) -> Block:
    """`more`: assumptions, not_proven, not_done, decision."""
    return call(FINISH, outcome=outcome, title=title, summary=summary or title, confidence=confidence, **more)


def fault(error: int | str, *, times: int = 1, retry_after_seconds: float = 0.0) -> Entry:
    """An HTTP status or "connection"; each process meets it `times` times, then gets the reply after it."""
    return {"error": error, "times": times, "retry_after_seconds": retry_after_seconds}


def cut(*blocks: Block, times: int = 1) -> Entry:
    """A stream that ends in the middle."""
    return {"cut": True, "content": list(blocks), "times": times}


def reply(*blocks: Block, stop_reason: str = "", delay_seconds: float = 0.0, waits_for: str | Path = "") -> Entry:
    """A reply with a stop reason of its own, or one that takes its time, or does not come until a file is there."""
    entry = {"content": list(blocks), "stop_reason": stop_reason, "delay_seconds": delay_seconds}
    return {**entry, "waits_for": str(waits_for)} if waits_for else entry


class Script:
    """What the model will say: a list of entries, and other lists for requests that hold a certain text."""

    def __init__(self, entries: Sequence[Step] = ()) -> None:
        self.entries: list[Entry] = []
        self.cases: dict[str, Script] = {}
        self.will(*entries)

    def will(self, *steps: Step) -> Script:
        """Add replies: a block is a reply of its own, a list or tuple of blocks is one reply."""
        self.entries += [_entry(step) for step in steps]
        return self

    def when(self, text: str) -> Script:
        """The script for runs whose first user message contains `text`."""
        return self.cases.setdefault(text, Script())

    def for_request(self, opening: str) -> Script:
        return next((script for text, script in self.cases.items() if text in opening), self)

    def to_json(self) -> Any:
        if not self.cases:
            return self.entries
        return {"replies": self.entries, "when": {text: script.entries for text, script in self.cases.items()}}

    @classmethod
    def from_json(cls, data: Any) -> Script:
        """Raises UserError when `data` is no script."""
        entries = data.get("replies", []) if isinstance(data, dict) else data
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise UserError("A model script is a JSON list of replies, or an object with `replies` and `when`.")
        script = cls(entries)
        for text, replies in (data.get("when") or {}).items() if isinstance(data, dict) else ():
            script.when(text).will(*replies)
        return script

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.to_json(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Script:
        """Raises UserError: unreadable, or no script."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise UserError(f"The model script `{path.name}` cannot be read: {error}") from error

    def turn(self, number: int) -> Iterator[tuple[int, Entry]]:
        """The faults before reply `number` (from 0) and that reply, each with its position in the list."""
        seen = 0
        for position, entry in enumerate(self.entries):
            if seen == number:
                yield position, entry
            if counts(entry):
                seen += 1
            if seen > number:
                return


def _entry(step: Step) -> Entry:
    if isinstance(step, Mapping):
        return {"content": [dict(step)]} if "type" in step else dict(step)
    return {"content": [dict(block) for block in step]}


def counts(entry: Entry) -> bool:
    """Whether a reply adds an assistant message; after any other the next request asks for the same number again."""
    if "error" in entry or entry.get("cut") or entry.get("stop_reason") in DISCARDED:
        return False
    return not unsendable([with_id(block, 0, 0) for block in entry.get("content", [])])


def continues(script: Script, number: int) -> bool:
    """Whether the reply before reply `number` only paused, so that the request may end with it."""
    entries = [entry for entry in script.entries if counts(entry)][:number]
    return bool(entries) and entries[-1].get("stop_reason") == "pause_turn"


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


def with_id(block: Block, number: int, position: int) -> Block:
    """A block as the API gives it. A call's `raw` is the text of its input, where that is no JSON."""
    if block["type"] == "thinking":
        return {"signature": "unsigned", **block}
    if block["type"] != "tool_use":
        return dict(block)
    use = {"id": f"toolu_{number:04d}_{position}", **block}
    return use if "raw" not in block else {**use, "input": {MALFORMED: block["raw"]}}


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
