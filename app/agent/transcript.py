"""The conversation with the model: a pure fold of the ledger's events, and it only ever grows.

Everything the model ever sees comes from here, so a worker that finds a dead one's ledger goes on with the same
words. A block that was sent is sent again as it was, on every later call: the model's thinking is signed over all that
was before it. What arrives while a call is under way (a person's comment, a notice) waits for the next user message;
which events belong to which call is decided by their place before `model.called`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.agent.loop_detector import Action
from app.agent.prompt import fenced_person
from app.agent.replies import CUT_SHORT, DISCARDED, kept, unsendable
from app.ledger import Event, canonical

Block = Mapping[str, Any]
Message = dict[str, Any]

RESTORED = "workspace restored"  # what a notice is about that changes nothing about the work
COUNTED = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
SILENT = "(no output)"  # in place of a text of blanks, which the API does not take


class Transcript:
    """Fold events with `take`; read `messages`, `missing`, and the counters the loop decides by.

    `opening` is the first user message's blocks; `read` turns a blob reference into its JSON value; `nonce` fences
    what people wrote.
    """

    def __init__(self, opening: Sequence[Block], *, nonce: str, read: Callable[[Any], Any]) -> None:
        self.opening = list(opening)
        self._read = read
        self._nonce = nonce
        self._closed: list[Message] = []
        self._open: list[Block] = list(opening)  # the user message the next call will answer
        self._texts: list[Block] = []  # what came since the last call, besides results
        self._order: list[str] = []  # tool calls of the last reply
        self._results: dict[str, Block] = {}
        self._sizes: list[tuple[int, int]] = []  # (call, bytes of the result) of every tool use that was answered
        self.calls = 0
        self.pending_call = 0  # a call whose end is not in the ledger
        self.reply: Mapping[str, Any] | None = None  # the last reply's event
        self.tool_uses: dict[str, Block] = {}  # of the last reply
        self.actions: list[Action] = []
        self.idle = 0  # replies in a row that did nothing
        self.pauses = 0  # replies in a row that only paused
        self.refused = False  # the last call was declined and nobody has said anything since
        self.overflow = False  # the last call did not fit and nothing more was cleared since
        self.unsent = ""  # why the last reply is no part of the conversation, though it was given
        self.cleared = 0  # tool uses whose results the vendor was last asked to leave out, the oldest ones
        self.rounds = 0  # questions asked
        self.notices: list[str] = []  # what the notices were about
        self.question: str | None = None  # tool call of the question nobody has answered
        self.finished: str | None = None  # tool call of a finish nothing was said about since
        self.prompt_tokens = 0  # the vendor's count up to and including the last reply
        self.new_bytes = sum(_size(block) for block in opening)  # said since that count

    # ------------------------------------------------------------ what the next call sees

    @property
    def missing(self) -> list[Block]:
        """Tool calls of the last reply that have no result yet, in order."""
        return [self.tool_uses[name] for name in self._order if name not in self._results]

    @property
    def reply_erred(self) -> bool:
        """A call of the last reply could not be carried out."""
        return any(self._results[name].get("is_error") for name in self._order if name in self._results)

    @property
    def needs_nudge(self) -> bool:
        """The last reply called no tool, or could not be kept, and nobody has said anything since."""
        quiet = not self._texts and not self._order and (not self._open or bool(self.unsent))
        return quiet and self.idle > 0 and self.pauses == 0

    @property
    def answered(self) -> int:
        """Tool uses so far that have their result."""
        return len(self._sizes)

    def messages(self) -> list[Message]:
        """The conversation as the next call sends it. The caller must not change the blocks."""
        blocks = self._open
        return [*self._closed, {"role": "user", "content": blocks}] if blocks else list(self._closed)

    @property
    def cleared_bytes(self) -> int:
        return sum(size for _call, size in self._sizes[: self.cleared])

    def clearable_bytes(self, keep: int) -> int:
        """What leaving out all results but the last `keep` would save beyond what is left out already."""
        return sum(size for _call, size in self._sizes[self.cleared : max(self.cleared, self.answered - keep)])

    # ------------------------------------------------------------ the fold

    def take(self, event: Event) -> None:
        fold = _FOLDS.get(event.kind)
        if fold:
            fold(self, event.data)

    def _called(self, data: Mapping[str, Any]) -> None:
        self.calls = self.pending_call = data["call"]
        self._open += [self._results[name] for name in self._order]
        self._open += self._texts
        self._order, self._results, self._texts = [], {}, []
        self.tool_uses, self.unsent = {}, ""
        if data.get("cleared", 0) > self.cleared:
            self.prompt_tokens = max(0, self.prompt_tokens - self._saved(int(data["cleared"])) // 5)
            self.cleared, self.overflow = int(data["cleared"]), False

    def _failed(self, _data: Mapping[str, Any]) -> None:
        self.pending_call = 0

    def _replied(self, data: Mapping[str, Any]) -> None:
        self.pending_call = 0
        self.reply = data
        self.refused = data["stop_reason"] == "refusal"
        self.overflow = data["stop_reason"] == "model_context_window_exceeded"
        if data["stop_reason"] in DISCARDED:
            return
        content = self._read(data["content"])
        self.finished = None
        self.pauses = self.pauses + 1 if data["stop_reason"] == "pause_turn" else 0
        self.unsent = unsendable(content)
        if self.unsent:
            self.idle += 1
            return
        content = kept(content)
        if self._open:
            self._closed.append({"role": "user", "content": self._open})
            self._open = []
        self._closed.append({"role": "assistant", "content": content})
        self.prompt_tokens = sum(int(data["usage"].get(name) or 0) for name in COUNTED)
        self.new_bytes = 0
        uses = [block for block in content if block["type"] == "tool_use"]
        self._order = [block["id"] for block in uses]
        self.tool_uses = {block["id"]: block for block in uses}
        productive = bool(uses) and data["stop_reason"] != CUT_SHORT
        self.idle = 0 if productive else self.idle + (self.pauses == 0)

    def _tool_ran(self, data: Mapping[str, Any]) -> None:
        name = data["tool_use_id"]
        use = self.tool_uses.get(name)
        if use is None or name in self._results:
            return
        content = [_spoken(block) for block in self._read(data["content"])]
        block = {"type": "tool_result", "tool_use_id": name, "content": content}
        if data["is_error"]:
            block["is_error"] = True
        failed = bool(data["is_error"]) or data.get("exit_code") not in {0, None}
        self._answer(name, block)
        doing = ["malformed"] if data.get("malformed") else [use["name"], use["input"], content]
        signature = hashlib.sha256(canonical(doing)).hexdigest()
        self.actions.append(Action(signature=signature, failed=failed, summary=str(data["summary"])))

    def _answer(self, name: str, block: dict[str, Any]) -> None:
        self._results[name] = block
        self.new_bytes += _size(block)
        self._sizes.append((self.calls, _size(block)))

    def _asked(self, data: Mapping[str, Any]) -> None:
        self.rounds += 1
        self.question = data["tool_use_id"]

    def _answered(self, data: Mapping[str, Any]) -> None:
        text = fenced_person(data.get("by", ""), data["text"], self._nonce, what="answer")
        if self.question in self.tool_uses and self.question not in self._results:
            block = {"type": "tool_result", "tool_use_id": self.question, "content": [{"type": "text", "text": text}]}
            self._answer(str(self.question), block)
        else:
            self._say(text)
        self.question = None

    def _steered(self, data: Mapping[str, Any]) -> None:
        self._say(fenced_person(data.get("by", ""), data["text"], self._nonce, what="message"))
        self.idle = 0

    def _noticed(self, data: Mapping[str, Any]) -> None:
        self.notices.append(str(data.get("about", "")))
        self.actions.append(Action(signature=f"notice {len(self.notices)}", failed=False, summary="was told"))
        self._say(str(data["text"]), reopens=data.get("about") != RESTORED)

    def _say(self, text: str, *, reopens: bool = True) -> None:
        """Words for the next user message; `reopens`: they are a reason to go on after a finish or a refusal."""
        block = _spoken({"type": "text", "text": text})
        self._texts.append(block)
        self.new_bytes += _size(block)
        if reopens:
            self.refused = False
            self._accept_finish()

    def _finish_called(self, data: Mapping[str, Any]) -> None:
        self.finished = data["tool_use_id"]

    def _accept_finish(self) -> None:
        """The run goes on after a finish: the call gets its result, the reason follows as text."""
        name, self.finished = self.finished, None
        if name in self.tool_uses and name not in self._results:
            said = [{"type": "text", "text": "Received. The work is not over:"}]
            self._answer(str(name), {"type": "tool_result", "tool_use_id": name, "content": said})

    def _trimmed(self, data: Mapping[str, Any]) -> None:
        """Of an older ledger: we cleared ourselves then. The vendor is asked to leave out the same results."""
        self.cleared = max(self.cleared, sum(call <= data["through_call"] for call, _size in self._sizes))
        self.overflow = False

    def _saved(self, cleared: int) -> int:
        """Bytes of the results that are left out with `cleared` and were not before."""
        return sum(size for _call, size in self._sizes[self.cleared : cleared])


def _size(block: Block) -> int:
    content = block.get("content", block.get("text", ""))
    if isinstance(content, str):
        return len(content.encode("utf-8", "replace")) + 50
    return sum(_size(item) for item in content) + 50


def _spoken(block: Block) -> Block:
    """A block of ours as the API takes it: never a text of blanks."""
    return block if block["type"] != "text" or block["text"].strip() else {**block, "text": SILENT}


_FOLDS: Mapping[str, Callable[[Transcript, Mapping[str, Any]], None]] = {
    "model.called": Transcript._called,
    "model.failed": Transcript._failed,
    "model.replied": Transcript._replied,
    "tool.ran": Transcript._tool_ran,
    "question.asked": Transcript._asked,
    "question.answered": Transcript._answered,
    "steer.received": Transcript._steered,
    "notice.given": Transcript._noticed,
    "finish.called": Transcript._finish_called,
    "context.trimmed": Transcript._trimmed,
}
