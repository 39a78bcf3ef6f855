"""What the parts of the loop share: the ledger and the transcript folded from it, the limits, the caller's turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.agent import budget, prompt
from app.agent.budget import Budget, Spent
from app.agent.stops import Options, Stop
from app.agent.tools import TOOLS
from app.agent.transcript import Transcript
from app.ledger import canonical
from app.ports import Clock
from app.run_ledger import RunLedger


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
        self.system = prompt.system(task)
        opening = prompt.opening(task, ledger.state.created.get("task", {}), run_id=ledger.run_id, root=root)
        self.transcript = Transcript(opening, nonce=prompt.nonce_of(ledger.run_id), read=ledger.read)
        self._on_step = on_step
        self._fixed_bytes = len(canonical([self.system, list(TOOLS)]))
        self._taken = 0

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
