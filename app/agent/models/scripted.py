"""What a model will say, written down beforehand: words for replies, and the script that holds them, also as a file.
`scripted_model` plays it.

    script = Script()
    script.will(bash("pytest -q"), edit("calc.py", "a / b", "a / b if b else 0"), finish("Guard the division"))
    script.will([view("a.py"), view("b.py")])                # a list or tuple: parallel calls in one reply
    script.will(fault(529, times=2), say("thinking aloud"))  # faults come before the reply that follows them
    script.when("Crash on empty file").will(…)               # another script for runs whose request holds that text
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.agent.replies import DISCARDED, unsendable
from app.agent.tools import ASK, BASH, BREAKING, EDIT, FINISH, MALFORMED
from app.errors import UserError

Block = dict[str, Any]
Entry = dict[str, Any]
Step = Block | Entry | Sequence[Block]


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


def plan(*steps: str, files: Sequence[str] = (), risks: Sequence[str] = (), **more: Any) -> Block:
    return call("propose_plan", steps=list(steps), files=list(files), risks=list(risks), estimate="small", **more)


def diagnose(what: str, where: Sequence[str], why: str, fix: str, *, confidence: str = "high") -> Block:
    return call("report_diagnosis", what=what, where=list(where), why=why, fix=fix, confidence=confidence)


def answer_thread(number: int, text: str, *, done: bool = True) -> Block:
    return call("answer_thread", thread=number, done=done, text=text)


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


def with_id(block: Block, number: int, position: int) -> Block:
    """A block as the API gives it. A call's `raw` is the text of its input, where that is no JSON."""
    if block["type"] == "thinking":
        return {"signature": "unsigned", **block}
    if block["type"] != "tool_use":
        return dict(block)
    use = {"id": f"toolu_{number:04d}_{position}", **block}
    return use if "raw" not in block else {**use, "input": {MALFORMED: block["raw"]}}
