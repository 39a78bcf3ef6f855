"""The loop: run → step → execute → query. Its history only grows, its stops are a vocabulary, its memory is the ledger.

The order that makes a crash cheap: a reply is in the ledger before its tools run, a tool's result is in the ledger
before the model sees it. Every decision is taken from the transcript, never from a variable that dies with the process.
"""

from __future__ import annotations

from collections.abc import Callable

from app.agent import budget, prompt
from app.agent.budget import Budget
from app.agent.calling import Caller
from app.agent.loop_detector import circle
from app.agent.replies import CUT_SHORT
from app.agent.session import Session
from app.agent.stops import Options, Stop
from app.agent.tools import ASK, BREAKING, FINISH, Toolbox, ToolResult
from app.agent.transcript import Block
from app.ports.model import Model
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
        self.session = Session(
            ledger=ledger,
            model_name=model_name,
            task=task,
            root=sandbox.root,
            limits=budget,
            clock=clock,
            on_step=on_step,
            options=options or Options(),
        )
        self.toolbox = Toolbox(sandbox)
        self._caller = Caller(self.session, model, on_text)

    def run(self) -> Stop:
        """Work until there is a reason to stop."""
        self.session.open()
        self._caller.close_dangling()
        while True:
            stop = self.step()
            if stop:
                return stop

    def step(self) -> Stop | None:
        return self.session.leave() or self._settled() or self._execute() or self._mind() or self._caller.query()

    def _settled(self) -> Stop | None:
        """An end that is in the ledger already and that nothing was said about since."""
        if self.session.transcript.question is not None:
            return Stop(kind="asked")
        if self.session.transcript.finished is not None:
            return Stop(kind="finished")
        return (
            Stop(kind="refused", detail="The model declined to work on this.")
            if self.session.transcript.refused
            else None
        )

    def _execute(self) -> Stop | None:
        """Run the calls of the last reply that have no result: questions after actions, finish after all."""
        rank = {ASK: 1, FINISH: 2}
        for use in sorted(self.session.transcript.missing, key=lambda use: rank.get(use["name"], 0)):
            refusal = self._out_of_order(use)
            result = refusal or self.toolbox.run(
                use["name"],
                use["input"],
                output_name=f"{self.session.transcript.calls}-{list(self.session.transcript.tool_uses).index(use['id'])}.txt",
                timeout_seconds=self.session.command_seconds(),
            )
            if result.doubtful:
                stop = self.session.leave()
                if stop:
                    return stop
            try:
                self._record(use, result)
            except SecretHeld as error:
                detail = f"What {use['name']} gave back held {error}; it was not kept."
                return Stop(kind="secret_met", detail=detail)
            stop = self._settled() or self.session.leave()
            if stop:
                return stop
        return None

    def _out_of_order(self, use: Block) -> ToolResult | None:
        """Why a well-formed call is not executed in this reply."""
        reply, uses = self.session.transcript.reply or {}, list(self.session.transcript.tool_uses.values())
        same = [other for other in uses if other["name"] == use["name"]]
        why = ""
        if reply.get("stop_reason") == CUT_SHORT:
            why = "your reply was cut at the output limit, so the call may be incomplete; send it in smaller pieces"
        elif use["name"] in {ASK, FINISH} and same[0] is not use:
            why = f"call {use['name']} once"
        elif use["name"] == FINISH and any(other["name"] == ASK for other in uses):
            why = "you asked something in the same turn; read the answer first"
        elif use["name"] == FINISH and self.session.transcript.reply_erred:
            why = "a call before it in the same turn failed; look at that first"
        elif use["name"] == ASK and self.session.transcript.rounds >= self.session.options.question_rounds:
            why = (
                f"you have asked {self.session.transcript.rounds} times already; decide yourself, "
                "and state what you assumed in finish"
            )
        if not why:
            return None
        return ToolResult(
            text=f"Not executed: {why}.", summary=f"{use['name']} not executed", is_error=True, malformed=True
        )

    def _record(self, use: Block, result: ToolResult) -> None:
        name = use["id"]
        if result.event:
            kind, data = result.event
            known = self.session.ledger.state.breaking
            if kind != "breaking.reported" or all(item.get("tool_use_id") != name for item in known):
                self.session.append(kind, tool_use_id=name, **data)
            if use["name"] != BREAKING:
                return
        kept = {}
        if result.whole is not None:
            if self.session.ledger.redactor.holds(result.whole.decode("utf-8", "replace")):
                raise SecretHeld
            kept = {"output": self.session.ledger.blob(result.whole), "output_path": result.whole_path}
        self.session.append(
            "tool.ran",
            tool_use_id=name,
            name=use["name"],
            summary=result.summary,
            content=[{"type": "text", "text": result.text}],
            is_error=result.is_error,
            malformed=result.malformed,
            exit_code=result.exit_code,
            seconds=round(result.seconds, 3),
            **kept,
        )

    def _mind(self) -> Stop | None:
        """Before the next call: say what has to be said, stop what leads nowhere."""
        transcript, options = self.session.transcript, self.session.options
        if transcript.idle >= options.idle_replies or transcript.pauses > options.idle_replies:
            return Stop(kind="stuck", detail=f"{options.idle_replies} replies in a row did nothing.")
        if transcript.needs_nudge:
            self._say("nudge", self._nudge())
        found = circle(transcript.actions)
        if found:
            earlier = [about for about in transcript.notices if about.startswith("circle")]
            if f"circle {found}" in earlier or len(earlier) >= options.circle_notices:
                return Stop(kind="stuck", detail=f"It went round in circles: {found}.")
            self._say(f"circle {found}", CIRCLE.format(found=found))
        limits = self.session.budget()
        warning = budget.warning(limits, self.session.spent())
        about = f"budget {limits.usd:g} USD, {limits.turns} turns, {limits.minutes:g} minutes"
        if warning and about not in transcript.notices:
            self._say(about, warning)
        return None

    def _nudge(self) -> str:
        transcript = self.session.transcript
        was_cut = (transcript.reply or {}).get("stop_reason") == CUT_SHORT
        if transcript.unsent:
            return NUDGE_UNSENT.format(why=transcript.unsent, then=NUDGE_CUT if was_cut else NUDGE_AGAIN)
        return NUDGE_CUT if was_cut else NUDGE

    def _say(self, about: str, text: str) -> None:
        self.session.append("notice.given", about=about, text=text)


NUDGE = (
    "Your turn ended without a tool call, so nothing happened. Go on with the work, or call finish to report how it "
    "ended; a question to the people goes through ask."
)
NUDGE_CUT = "Your reply was cut at the output limit. Go on in smaller pieces."
NUDGE_UNSENT = (
    "Your last reply is not part of this conversation, and nothing of it was carried out, because {why}. {then}"
)
NUDGE_AGAIN = "Go on with a tool call, or call finish to report how the work ended."
CIRCLE = (
    "You did the same thing {found}. Repeating it will not help. Look at the cause from another side, or call finish "
    "and say what you know and what is missing."
)
