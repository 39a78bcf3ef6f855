"""What the parts of the loop share: the ledger and the transcript folded from it, the limits, the caller's turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from app.agent import budget, prompt
from app.agent.budget import Budget, Spent
from app.agent.stops import Options, Stop
from app.agent.tools import TOOLS
from app.agent.transcript import RESTORED, Transcript
from app.ledger import canonical
from app.ports.platform import Clock
from app.runs.run_ledger import RunLedger

BYTES_PER_TOKEN = 4  # of English and code; for decisions where the worst case would be too cautious


class Session:
    """One run as its agent sees it."""

    def __init__(
        self,
        *,
        ledger: RunLedger,
        model_name: str,
        task: prompt.Task,
        root: str,
        limits: Budget,
        clock: Clock,
        on_step: Callable[[], bool],
        options: Options,
    ) -> None:
        self.ledger, self.clock, self.limits, self.options = ledger, clock, limits, options
        self.model_name = model_name
        self.root = root
        opened = next((event.data for event in ledger.events if event.kind == "conversation.opened"), None)
        self.is_open = opened is not None
        begun = ledger.read(opened["begun"]) if opened else self._begin(task)
        # As the first attempt sent them: a newer prompt or another work tree would unsettle all that was thought.
        self.system, self.tools, opening = begun["system"], begun["tools"], begun["opening"]
        self.transcript = Transcript(opening, nonce=prompt.nonce_of(ledger.run_id), read=ledger.read)
        self._on_step = on_step
        self._fixed_bytes = len(canonical([self.system, self.tools]))
        self._taken = 0

    def _begin(self, task: prompt.Task) -> dict[str, Any]:
        frozen = self.ledger.state.created.get("task", {})
        opening = prompt.opening(task, frozen, run_id=self.ledger.run_id, root=self.root)
        # Through JSON, so that the first call sends what the ledger gives to every later one.
        return json.loads(canonical({"system": prompt.system(task), "tools": list(TOOLS), "opening": opening}))  # type: ignore[no-any-return]

    def open(self) -> None:
        """Keep the conversation's beginning in the ledger, and tell the model when its tree stands elsewhere now."""
        self.catch_up()
        if not self.is_open:
            begun = {"system": self.system, "tools": self.tools, "opening": self.transcript.opening}
            self.append("conversation.opened", root=self.root, begun=self.ledger.kept(begun))
            self.is_open = True
        stood = [
            str(e.data["root"]) for e in self.ledger.events if e.kind == "conversation.opened" or e.data.get("root")
        ]
        if stood[-1] != self.root:
            self.append("notice.given", about=RESTORED, text=MOVED.format(root=self.root), root=self.root)

    def append(self, kind: str, **data: Any) -> None:
        self.ledger.append(kind, **data)
        self.catch_up()

    def catch_up(self) -> None:
        for event in self.ledger.events[self._taken :]:
            self.transcript.take(event)
        self._taken = len(self.ledger.events)

    def leave(self) -> Stop | None:
        """What others wrote meanwhile, then the caller's turn: heartbeat, snapshot, SIGTERM.

        A cancellation comes first: whoever cancelled may have closed the sandbox already.
        """
        self.ledger.refresh()
        self.catch_up()
        cancel = self.ledger.state.cancel
        if cancel:
            return Stop(kind="cancelled", detail=str(cancel.get("reason", "")))
        interrupted = self._on_step()
        self.catch_up()
        return Stop(kind="interrupted") if interrupted else None

    def spent(self) -> Spent:
        state = self.ledger.state
        return Spent(usd=state.cost_usd, turns=state.turns, minutes=self.ledger.worked_seconds() / 60)

    def budget(self) -> Budget:
        """The limits, with a budget raised since the start."""
        raised, limits = self.ledger.state.run_usd, self.limits
        return limits if raised is None else Budget(usd=raised, turns=limits.turns, minutes=limits.minutes)

    def command_seconds(self) -> float:
        """How long a command may take: never longer than the run."""
        left = (self.budget().minutes - self.spent().minutes) * 60
        return max(1.0, min(self.options.command_seconds, left))

    def prompt_tokens(self) -> int:
        """An upper bound for the next prompt: what the vendor counted last, and the worst case for what came since."""
        since = budget.worst_tokens(self.transcript.new_bytes)
        if self.transcript.prompt_tokens:
            return self.transcript.prompt_tokens + since
        return budget.HIDDEN_PROMPT_TOKENS + budget.worst_tokens(self._fixed_bytes) + since

    def cleared(self) -> int | Stop:
        """Of how many tool uses, the oldest ones, the vendor should leave the results out of the next prompt.

        It only grows, and in large pieces: what is left out stays the same from call to call, so the cache holds.
        """
        transcript, options = self.transcript, self.options
        price = budget.price_of(self.model_name)
        window = int(price.window * options.window_share) - options.thought.reply_tokens
        if transcript.overflow or self.prompt_tokens() > window:
            if transcript.clearable_bytes(1):
                return transcript.answered - 1
            detail = f"The conversation no longer fits the model's context ({price.window:,} tokens)."
            return Stop(kind="context_exhausted", detail=detail)
        likely = transcript.prompt_tokens + transcript.new_bytes // BYTES_PER_TOKEN
        saving = transcript.clearable_bytes(options.keep_results) // BYTES_PER_TOKEN
        due = likely > options.clear_above_tokens and saving >= options.clear_at_least_tokens
        return transcript.answered - options.keep_results if due else transcript.cleared


MOVED = "The work tree is at {root} now; where an earlier message names another place, read this one."
