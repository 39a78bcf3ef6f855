"""One call of the model: what it may cost, the intent, the reply, and patience with a vendor that does not answer.

What the vendor sends goes into the ledger as it came: the next call has to send the same bytes. Shapes of secrets are
masked where people read. Only a secret that this process holds is never stored: then the run ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from app import log
from app.agent import budget
from app.agent.models.wire import with_marks
from app.agent.replies import said_in
from app.agent.session import Session
from app.agent.stops import Stop
from app.errors import TransientError, UserError
from app.ports.model import Clearing, Model, ModelReply, ModelRequest
from app.runs.run_ledger import SecretHeld

LONGEST_WAIT_SECONDS = 60.0
SLICE_SECONDS = 2.0  # between two looks for a cancellation, a signal, a heartbeat that is due
PARK_SECONDS = 300.0


class Caller:
    """Asks the model for the agent's next reply."""

    def __init__(self, session: Session, model: Model, on_text: Callable[[str], None] | None) -> None:
        self.session = session
        self.model = model
        self.on_text = on_text
        # Spreads the retries of many runs; which value it takes decides nothing.
        self._jitter = random.Random(session.ledger.run_id)  # noqa: S311

    def close_dangling(self) -> None:
        """A call without an end in the ledger: its worker died. It is charged as if the vendor had read the prompt."""
        call = self.session.transcript.pending_call
        if call:
            event = next(e for e in reversed(self.session.ledger.events) if e.kind == "model.called")
            cost = budget.worst_prompt_usd(str(event.data["model"]), int(event.data["estimate_tokens"]))
            self.session.append("model.failed", call=call, error="the worker died during the call", cost_usd=cost)
            self._charged(cost)

    def query(self) -> Stop | None:
        """Make the next reply stand in the ledger. Raises UserError when the vendor refuses for good."""
        failures, first_failure = 0, None
        while True:
            stop, started = None, self.session.clock.now()
            request = self._intend()
            if not isinstance(request, ModelRequest):
                return request
            try:
                reply = self.model.reply(request, self.on_text)
            except TransientError as error:
                self._failed(str(error), {}, error.retry_after_seconds)
                problem, retry_after = str(error), error.retry_after_seconds
            except UserError as error:
                self._failed(str(error), {}, None)
                raise
            else:
                if reply.complete:
                    return self._replied(reply, (self.session.clock.now() - started).total_seconds())
                self._failed("the model's stream was cut", reply.usage, None)
                problem, retry_after = "the model's stream was cut", 0.0
            failures += 1
            first_failure = first_failure or started
            waited = (self.session.clock.now() - first_failure).total_seconds()
            stop = self._wait(failures, retry_after, self.session.options.patience_seconds - waited, problem)
            if stop:
                return stop

    def _intend(self) -> ModelRequest | Stop:
        """Record that a call is about to be made; the stop instead when the budget does not allow it."""
        session, thought = self.session, self.session.options.thought
        if session.ledger.state.has_used_the_day:
            return Stop(kind="out_of_budget", which="usd", detail="What today's budget has for this is spent.")
        cleared = session.cleared()
        if isinstance(cleared, Stop):
            return cleared
        estimate = session.prompt_tokens()
        tokens = budget.affordable_tokens(
            session.budget(),
            session.spent(),
            session.model_name,
            prompt_tokens=estimate,
            wanted=thought.reply_tokens,
        )
        if not isinstance(tokens, int):
            return Stop(kind="out_of_budget", which=tokens, detail=_over(tokens, session.budget()))
        call = session.transcript.calls + 1
        session.append(
            "model.called",
            call=call,
            model=session.model_name,
            estimate_tokens=estimate,
            max_tokens=tokens,
            effort=thought.effort,
            cleared=cleared,
        )
        return ModelRequest(
            model=session.model_name,
            system=session.system,
            tools=session.tools,
            messages=with_marks(session.transcript.messages()),
            max_tokens=tokens,
            effort=thought.effort,
            up_front=thought.up_front,
            clearing=self._clearing(),
        )

    def _clearing(self) -> Clearing:
        """The results to leave out, said as the API takes it: by how many of the last are kept."""
        transcript, options = self.session.transcript, self.session.options
        keep = transcript.answered - transcript.cleared
        return Clearing(
            above_tokens=options.clear_above_tokens,
            keep=keep if transcript.cleared else max(keep, options.keep_results),
            # A piece that a full window forces may be smaller; it still has to be cleared, then and ever after.
            at_least_tokens=min(options.clear_at_least_tokens, transcript.cleared_bytes // 8),
        )

    def _replied(self, reply: ModelReply, seconds: float) -> Stop | None:
        ledger = self.session.ledger
        content: Any = [dict(block) for block in reply.content]
        cost = budget.cost_usd(self.session.model_name, reply.usage)
        told = {"applied_edits": reply.applied_edits, "input_transformations": reply.input_transformations}
        try:
            self.session.append(
                "model.replied",
                call=self.session.transcript.calls,
                content=ledger.kept(content),
                said=said_in(content),
                stop_reason=reply.stop_reason,
                usage=dict(reply.usage),
                cost_usd=cost,
                seconds=round(seconds, 3),
                model=reply.model,
                request_id=reply.request_id,
                **{name: [dict(item) for item in items] for name, items in told.items() if items},
                **({"scripted": True} if reply.extra.get("scripted") else {}),
            )
        except SecretHeld as error:
            self._failed(str(error), reply.usage, None)
            return Stop(kind="secret_met", detail=f"The model's reply held {error}; nothing of it was kept or done.")
        self._charged(cost)
        return None

    def _failed(self, problem: str, usage: Mapping[str, int], retry_after: float | None) -> None:
        cost = budget.cost_usd(self.session.model_name, usage)
        self.session.append(
            "model.failed",
            call=self.session.transcript.calls,
            error=problem,
            retry_after_seconds=retry_after,
            usage=dict(usage),
            cost_usd=cost,
        )
        self._charged(cost)

    def _charged(self, cost_usd: float) -> None:
        """Once in the log for every charge in the ledger: an alarm may add them up."""
        if cost_usd:
            log.event("agent.charged", run=self.session.ledger.run_id, cost_usd=cost_usd)

    def _wait(self, failures: int, retry_after: float, patience: float, problem: str) -> Stop | None:
        """Wait before the next try, in slices, leaving when asked to."""
        backoff = min(LONGEST_WAIT_SECONDS, 2.0 ** (failures - 1))
        seconds = max(retry_after, backoff) * (1 + self._jitter.random() / 4)
        if seconds > patience:
            return Stop(kind="model_unavailable", detail=problem, retry_after_seconds=max(retry_after, PARK_SECONDS))
        while seconds > 0:
            stop = self.session.leave()
            if stop:
                return stop
            self.session.clock.sleep(min(SLICE_SECONDS, seconds))
            seconds -= SLICE_SECONDS
        return self.session.leave()


def _over(which: budget.Which, limits: budget.Budget) -> str:
    if which == "usd":
        return f"The budget of ${limits.usd:.2f} does not allow another call of the model."
    if which == "turns":
        return f"All {limits.turns} turns are used."
    return f"All {limits.minutes:g} minutes of working time are used."
