"""The loop: run → step → execute → query. Its history only grows, its stops are a vocabulary, its memory is the ledger.

The order that makes a crash cheap: a reply is in the ledger before its tools run, a tool's result is in the ledger
before the model sees it. Every decision is taken from the transcript, never from a variable that dies with the process.

What the vendor sends goes into the ledger as it came: the next call has to send the same bytes. Shapes of secrets are
masked where people read. Only a secret that this process holds is never stored: then the run ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app import log
from app.agent import budget, clearing, notices, prompt
from app.agent.beginning import beginning, last_root
from app.agent.budget import Budget, Spent
from app.agent.call_order import in_order, out_of_order
from app.agent.models.wire import with_marks
from app.agent.patience import Patience
from app.agent.replies import said_in
from app.agent.stops import Options, Stop, thought_for
from app.agent.tools import BREAKING, DIAGNOSIS, THREAD, Toolbox, ToolResult, not_executed
from app.agent.transcript import RESTORED, Block, Transcript
from app.errors import TransientError, UserError
from app.events.conversing import ConversationOpened, ModelCalled, ModelFailed, ModelReplied, NoticeGiven, ToolRan
from app.events.record import Record, read
from app.ports.model import Model, ModelReply, ModelRequest
from app.ports.platform import Clock
from app.ports.sandbox import Sandbox
from app.runs.run_ledger import RunLedger, SecretHeld


class Agent:
    """One run's agent. See the package docstring for the contract of `run`."""

    def __init__(
        self,
        *,
        ledger: RunLedger,
        sandbox: Sandbox,
        model: Model,
        model_name: str,
        task: prompt.Task,
        budget: Budget,
        clock: Clock,
        on_step: Callable[[], bool] = lambda: False,
        on_text: Callable[[str], None] | None = None,
        options: Options | None = None,
    ) -> None:
        """Raises UserError for a playbook that does not exist."""
        self._ledger, self._clock, self._limits, self._options = ledger, clock, budget, options or Options()
        self._model, self._model_name, self._on_step, self._on_text = model, model_name, on_step, on_text
        self._begun, self._root = beginning(ledger, task, sandbox.root), sandbox.root
        self._toolbox = Toolbox(sandbox, self._begun.tool_names)
        self.transcript = Transcript(self._begun.opening, nonce=prompt.nonce_of(ledger.run_id), read=ledger.read)
        self._taken = 0  # events of the ledger that the transcript has seen

    def run(self) -> Stop:
        """Work until there is a reason to stop."""
        self._open()
        self._close_dangling()
        while True:
            stop = self.step()
            if stop:
                return stop

    def step(self) -> Stop | None:
        return self._leave() or self._settled() or self._execute() or self._notify() or self._query()

    def _open(self) -> None:
        """Keep the conversation's beginning in the ledger, and tell the model when its tree stands elsewhere now."""
        self._catch_up()
        told = last_root(self._ledger)
        if told is None:
            self._append(ConversationOpened(root=self._root, begun=self._ledger.kept(self._begun.recorded())))
        elif told != self._root:
            text = notices.MOVED.format(root=self._root)
            self._append(NoticeGiven(about=RESTORED, text=text, root=self._root))

    def _close_dangling(self) -> None:
        """A call without an end in the ledger: its worker died. It is charged as if the vendor had read the prompt."""
        call = self.transcript.pending_call
        if call:
            event = next(e for e in reversed(self._ledger.events) if e.kind == "model.called")
            cost = budget.worst_prompt_usd(str(event.data["model"]), int(event.data["estimate_tokens"]))
            self._append(ModelFailed(call=call, error="the worker died during the call", cost_usd=cost))

    def _leave(self) -> Stop | None:
        """What others wrote meanwhile, then the caller's turn: heartbeat, snapshot, SIGTERM.

        A cancellation comes first: whoever cancelled may have closed the sandbox already.
        """
        self._ledger.refresh()
        self._catch_up()
        cancel = self._ledger.state.cancel
        if cancel:
            return Stop(kind="cancelled", detail=cancel.reason)
        interrupted = self._on_step()
        self._catch_up()
        return Stop(kind="interrupted") if interrupted else None

    def _settled(self) -> Stop | None:
        """An end that is in the ledger already and that nothing was said about since."""
        if self.transcript.question is not None:
            return Stop(kind="asked")
        if self.transcript.finished is not None:
            return Stop(kind="finished")
        return Stop(kind="refused", detail="The model declined to work on this.") if self.transcript.refused else None

    # ------------------------------------------------------------ execute: the calls of the last reply

    def _execute(self) -> Stop | None:
        """Carry out the calls of the last reply that have no result."""
        for use in in_order(self.transcript):
            why = out_of_order(use, self.transcript, self._options.question_rounds)
            result = not_executed(why, summary=f"{use['name']} not executed") if why else self._carried_out(use)
            stop = self._leave() if result.doubtful else None
            if stop:
                return stop
            try:
                self._record(use, result)
            except SecretHeld as error:
                detail = f"What {use['name']} gave back held {error}; it was not kept."
                return Stop(kind="secret_met", detail=detail)
            stop = self._settled() or self._leave()
            if stop:
                return stop
        return None

    def _carried_out(self, use: Block) -> ToolResult:
        place = list(self.transcript.tool_uses).index(use["id"])
        left_seconds = (self._budget().minutes - self._spent().minutes) * 60  # no command takes longer than the run
        return self._toolbox.run(
            use["name"],
            use["input"],
            output_name=f"{self.transcript.calls}-{place}.txt",
            timeout_seconds=max(1.0, min(self._options.command_seconds, left_seconds)),
        )

    def _record(self, use: Block, result: ToolResult) -> None:
        name = use["id"]
        if result.event:
            kind, data = result.event
            known = self._ledger.state.breaking
            if kind != "breaking.reported" or all(item.tool_use_id != name for item in known):
                self._append(read(kind, {"tool_use_id": name, **data}))
            if use["name"] not in {BREAKING, THREAD, DIAGNOSIS}:
                return
        kept: dict[str, Any] = {}
        if result.whole is not None:
            if self._ledger.redactor.holds(result.whole.decode("utf-8", "replace")):
                raise SecretHeld
            kept = {"output": self._ledger.blob(result.whole), "output_path": result.whole_path}
        self._append(ToolRan.model_validate({"tool_use_id": name, "name": use["name"], **result.recorded(), **kept}))

    def _notify(self) -> Stop | None:
        """Say what has to be said before the next call."""
        while due := notices.due(self.transcript, self._options, self._budget(), self._spent()):
            if isinstance(due, Stop):
                return due
            self._append(NoticeGiven(about=due.about, text=due.text))
        return None

    # ------------------------------------------------------------ query: the next reply

    def _query(self) -> Stop | None:
        """Make the next reply stand in the ledger. Raises UserError when the vendor refuses for good."""
        patience = Patience(
            self._options.patience_seconds, run_id=self._ledger.run_id, clock=self._clock, leave=self._leave
        )
        while True:
            started = self._clock.now()
            request = self._intend()
            if isinstance(request, Stop):
                return request
            try:
                reply = self._model.reply(request, self._on_text)
            except TransientError as error:
                self._failed(str(error), {}, error.retry_after_seconds)
                problem, asked_seconds = str(error), error.retry_after_seconds
            except UserError as error:
                self._failed(str(error), {}, None)
                raise
            else:
                if reply.complete:
                    return self._replied(reply, (self._clock.now() - started).total_seconds())
                problem, asked_seconds = "the model's stream was cut", 0.0
                self._failed(problem, reply.usage, None)
            stop = patience.wait(problem, started, asked_seconds=asked_seconds)
            if stop:
                return stop

    def _intend(self) -> ModelRequest | Stop:
        """Record that a call is about to be made; the stop instead when the budget does not allow it."""
        self._heed_model()
        thought, limits = self._options.thought, self._budget()
        if self._ledger.state.has_used_the_day:
            return Stop(kind="out_of_budget", which="usd", detail="What today's budget has for this is spent.")
        estimate = clearing.prompt_tokens(self.transcript, self._begun.fixed_bytes)
        cleared = clearing.cleared(self.transcript, self._options, self._model_name, estimate)
        if isinstance(cleared, Stop):
            return cleared
        tokens = budget.affordable_tokens(
            limits, self._spent(), self._model_name, prompt_tokens=estimate, wanted=thought.reply_tokens
        )
        if not isinstance(tokens, int):
            return Stop(kind="out_of_budget", which=tokens, detail=budget.exceeded(limits, tokens))
        self._append(
            ModelCalled(
                call=self.transcript.calls + 1,
                model=self._model_name,
                estimate_tokens=estimate,
                max_tokens=tokens,
                effort=thought.effort,
                cleared=cleared,
            )
        )
        return ModelRequest(
            model=self._model_name,
            system=self._begun.system,
            tools=self._begun.tools,
            messages=with_marks(self.transcript.messages()),
            max_tokens=tokens,
            effort=thought.effort,
            up_front=thought.up_front,
            clearing=clearing.as_asked(self.transcript, self._options),
        )

    def _replied(self, reply: ModelReply, seconds: float) -> Stop | None:
        content: Any = [dict(block) for block in reply.content]
        cost = budget.cost_usd(self._model_name, reply.usage)
        try:
            self._append(
                ModelReplied(
                    call=self.transcript.calls,
                    content=self._ledger.kept(content),
                    said=said_in(content),
                    stop_reason=reply.stop_reason,
                    usage=dict(reply.usage),
                    cost_usd=cost,
                    seconds=round(seconds, 3),
                    model=reply.model,
                    request_id=reply.request_id,
                    applied_edits=[dict(item) for item in reply.applied_edits],
                    input_transformations=[dict(item) for item in reply.input_transformations],
                    scripted=bool(reply.extra.get("scripted")),
                )
            )
        except SecretHeld as error:
            self._failed(str(error), reply.usage, None)
            return Stop(kind="secret_met", detail=f"The model's reply held {error}; nothing of it was kept or done.")
        return None

    def _failed(self, problem: str, usage: Mapping[str, int], retry_after: float | None) -> None:
        cost = budget.cost_usd(self._model_name, usage)
        self._append(
            ModelFailed(
                call=self.transcript.calls,
                error=problem,
                retry_after_seconds=retry_after,
                usage=dict(usage),
                cost_usd=cost,
            )
        )

    # ------------------------------------------------------------ the ledger and its folds

    def _append(self, said: Record) -> None:
        self._ledger.append(said)
        self._catch_up()
        if isinstance(said, ModelReplied | ModelFailed) and said.cost_usd:
            # Once in the log for every charge in the ledger: an alarm may add them up.
            log.event("agent.charged", run=self._ledger.run_id, cost_usd=said.cost_usd)

    def _catch_up(self) -> None:
        for event in self._ledger.events[self._taken :]:
            self.transcript.take(event)
        self._taken = len(self._ledger.events)

    def _spent(self) -> Spent:
        state = self._ledger.state
        return Spent(usd=state.cost_usd, turns=state.turns, minutes=self._ledger.worked_seconds() / 60)

    def _heed_model(self) -> None:
        """A model that somebody has chosen since the run began. It leaves out what another one has thought."""
        if self._ledger.state.model_changes:
            created = self._ledger.state.created
            thought = thought_for(created.alias, created.effort)
            self._model_name, self._options = created.model, replace(self._options, thought=thought)

    def _budget(self) -> Budget:
        """The limits, with a budget raised since the start."""
        raised, limits = self._ledger.state.run_usd, self._limits
        return limits if raised is None else Budget(usd=raised, turns=limits.turns, minutes=limits.minutes)
