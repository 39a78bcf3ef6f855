"""A worker takes one attempt of one run: clone → set up → tests before → agent loop ⇄ sandbox → tests after → proposal.

It writes to the ledger only. It holds model access, its run's part of the store and a read token for one repository;
it never holds the App key or a write token. Wherever it stops, the ledger says where the next attempt goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from app import log
from app.agent import Agent, Budget, Stop, Task, replay_tools
from app.errors import Superseded, TransientError, UserError
from app.lease import Lease, holder
from app.log import Redactor
from app.ports import Clock, Model, Queue, SandboxHost, Store, Tokens
from app.proposal import propose
from app.run_ledger import RunLedger, announce
from app.run_state import Outcome, RunState
from app.workroom import Workroom

_REPAIR_ROUNDS = 3  # failing verifications handed back to the model before the run ends without a pull request
_ANNOUNCE_SECONDS = 10.0  # how often the status comment may follow the steps


class Worker:
    """Works one (run, attempt) to its end, to a park, or to the moment it is told to leave."""

    def __init__(
        self,
        *,
        store: Store,
        publishing: Queue,
        tokens: Tokens,
        host: SandboxHost,
        model: Model,
        clock: Clock,
        redactor: Redactor,
        home: Path,
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._tokens = tokens
        self._host = host
        self._model = model
        self._clock = clock
        self._redactor = redactor
        self._home = home

    def work(self, run_id: str, attempt: int) -> None:
        """Do the attempt. Returns when the run ended, parked, or belongs to somebody else; raises only on a defect
        of the store itself.
        """
        owner = holder(attempt)
        try:
            with Lease(self._store, run_id, attempt, owner) as lease:
                self.lease = lease
                ledger = RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor, attempt=attempt)
                if self._start(ledger, attempt, owner):
                    self._attempt(ledger, lease)
        except Superseded as reason:
            log.event("worker.superseded", run=run_id, attempt=attempt, reason=str(reason))

    def abandon(self, run_id: str, attempt: int) -> None:
        """Park the attempt from another thread, because its own cannot leave what it waits for (a model's reply, a
        clone, a sandbox's task) and the platform's patience is over. The process has to end right after.
        """
        ledger = RunLedger(self._store, run_id, clock=self._clock, redactor=self._redactor, attempt=attempt)
        if ledger.state.attempt == attempt and ledger.state.phase == "working":
            self._leave(ledger)
            announce(self._publishing, ledger)
        self.lease.give_up()

    def _start(self, ledger: RunLedger, attempt: int, owner: str) -> bool:
        started = ledger.append_if(
            lambda state: state.phase in {"created", "working"} and state.attempt < attempt and not state.cancel,
            "attempt.started",
            attempt=attempt,
            worker=owner,
            sandbox=self._host.name,
        )
        if started is None and ledger.state.cancel and ledger.state.is_active:
            _end_cancelled(ledger)
            announce(self._publishing, ledger)
        return started is not None

    def _attempt(self, ledger: RunLedger, lease: Lease) -> None:
        """One attempt; whatever goes wrong becomes a visible end or a park."""
        room = Workroom(ledger, self._tokens, self._host, self._home)
        try:
            self._flow(ledger, lease, room)
        except Superseded:
            raise
        except Exception as error:
            ledger.refresh()
            if lease.stop_requested or ledger.state.cancel:  # the sandbox was closed under its feet
                self._leave(ledger)
            else:
                _fail(ledger, error)
        finally:
            room.close()
            announce(self._publishing, ledger)

    def _leave(self, ledger: RunLedger) -> None:
        """Told to stop: a cancelled run ends here, an interrupted one is picked up by another attempt."""
        if ledger.state.cancel:
            _end_cancelled(ledger)
        else:
            _park(ledger, "interrupted", "The machine was taken away.", after_seconds=0)

    def _flow(self, ledger: RunLedger, lease: Lease, room: Workroom) -> None:
        announce(self._publishing, ledger)
        room.clone()
        lease.on_stop = room.sandbox.close
        announce(self._publishing, ledger)
        room.set_up()
        room.test_before()
        room.restore()
        if ledger.state.attempt > 1:
            replay_tools(ledger, room.sandbox, after_seq=ledger.state.snapshot_seq)
        agent = self._agent(ledger, lease, room)
        ledger.append("stage.started", stage="work", note="reading the issue")
        why: str | None = ""
        for _round in range(_REPAIR_ROUNDS + 1):
            announce(self._publishing, ledger)
            stop = agent.run()
            if stop.kind != "finished":
                self._stopped(ledger, room, stop)
                return
            why = self._conclude(ledger, room)
            if why is None:
                return
        _end(
            ledger,
            "gave_up",
            f"After {_REPAIR_ROUNDS + 1} tries the change cannot be proposed. {why}",
            "Look at what was run; then retry with a hint, or take it over.",
        )

    def _agent(self, ledger: RunLedger, lease: Lease, room: Workroom) -> Agent:
        created = ledger.state.created
        budget = created["config"]["budget"]
        last = [self._clock.now()]

        def on_step() -> bool:
            now = self._clock.now()
            room.snapshot(if_due=True)
            if (now - last[0]).total_seconds() >= _ANNOUNCE_SECONDS:
                last[0] = now
                announce(self._publishing, ledger)
            return lease.stop_requested

        return Agent(
            ledger=ledger,
            sandbox=room.sandbox,
            model=self._model,
            model_name=created["model"],
            task=Task(
                playbook=created["playbook"],
                repository=created["thread"]["repository"],
                guidance=room.guidance(),
                facts=room.facts(),
            ),
            budget=Budget(
                usd=ledger.state.run_usd or budget["run_usd"], turns=budget["turns"], minutes=budget["minutes"]
            ),
            clock=self._clock,
            on_step=on_step,
        )

    def _stopped(self, ledger: RunLedger, room: Workroom, stop: Stop) -> None:
        """The loop stopped without finishing."""
        if stop.kind == "asked":
            room.snapshot()
            _park(ledger, "question", "It needs an answer.")
        elif stop.kind == "model_unavailable":
            room.snapshot()
            _park(ledger, "outage", "The model does not answer.", after_seconds=stop.retry_after_seconds or 300)
        elif stop.kind in {"interrupted", "cancelled"}:
            ledger.refresh()
            if not ledger.state.cancel:
                room.snapshot()
            self._leave(ledger)
        else:
            outcome, next_step = _STOPS[stop.kind]
            _end(ledger, outcome, stop.detail, next_step)

    def _conclude(self, ledger: RunLedger, room: Workroom) -> str | None:
        """After `finish`: verify and propose, or say why there is no change. What stands in the way sends the model
        back to work and is returned; None when the run has ended.
        """
        finish = ledger.state.finish
        assert finish is not None
        found, new, old = room.changes()
        if finish["outcome"] != "done" or not found:
            _end_without_change(ledger, finish, changed=bool(found))
            return None
        room.snapshot()
        verification = room.test_after(found, new, old)
        if verification.ok:
            refusal = propose(ledger, room, found, new, old, verification)
            if refusal is None:
                _end(ledger, "proposed", "")
                return None
            why, feedback = refusal, refusal
        else:
            why, feedback = verification.note, verification.feedback()
        room.restore()
        ledger.append("notice.given", about="verification", text=feedback)
        return why


_STOPS: Mapping[str, tuple[Outcome, str]] = {
    "out_of_budget": ("out_of_budget", "Raise `budget` in `.github/lamplighter.yml`, or narrow the issue, then retry."),
    "stuck": ("gave_up", "Give a hint (plain words after the command prefix), then retry."),
    "refused": ("failed", "The model declined this request; say it differently, or take it over."),
    "context_exhausted": ("gave_up", "Narrow the issue, then retry."),
}


def _end(ledger: RunLedger, outcome: Outcome, reason: str, next_step: str = "") -> None:
    _close_work(ledger, ok=outcome == "proposed")
    ledger.append_if(_is_active, "run.ended", outcome=outcome, reason=reason, next_step=next_step)


def _fail(ledger: RunLedger, error: Exception) -> None:
    """What the world may mend parks the run, what a person can mend ends it with their advice, the rest is a defect."""
    if isinstance(error, TransientError):
        _park(ledger, "outage", f"{error}.", after_seconds=error.retry_after_seconds)
    elif isinstance(error, UserError):
        _end(ledger, "failed", str(error), "Mend that, then retry.")
    else:
        log.event("worker.defect", level=log.ERROR, error=error, run=ledger.run_id)
        _end(
            ledger,
            "failed",
            f"Something in me broke: `{type(error).__name__}`. It is logged, and an operator was alarmed.",
            "Retry; if it happens again, tell the operator the run's number.",
        )


def _end_cancelled(ledger: RunLedger) -> None:
    cancel = ledger.state.cancel or {}
    _end(ledger, "cancelled", f"Stopped by {cancel.get('by', 'somebody')}: {cancel.get('reason', '')}")


def _end_without_change(ledger: RunLedger, finish: Mapping[str, Any], *, changed: bool) -> None:
    outcome: Outcome = finish["outcome"] if finish["outcome"] != "done" else "nothing_to_do"
    reason = str(finish["summary"])
    if finish.get("decision"):
        reason += f"\n\n**To decide:** {finish['decision']}"
    if changed and outcome != "nothing_to_do":
        reason += "\n\nFiles were changed on the way; they are not proposed."
    steps = {
        "not_reproduced": "Add steps, versions or a failing example to the issue, then retry.",
        "needs_decision": "Decide, say so in a comment, then retry.",
        "nothing_to_do": "Close the issue if that is right; otherwise say what is missing and retry.",
    }
    _end(ledger, outcome, reason, steps[outcome])


def _park(ledger: RunLedger, reason: str, note: str, *, after_seconds: float | None = None) -> None:
    until = None if after_seconds is None else (ledger.clock.now() + timedelta(seconds=after_seconds)).isoformat()
    ledger.append_if(_is_active, "run.parked", reason=reason, note=note, until=until)


def _is_active(state: RunState) -> bool:
    return state.is_active


def _close_work(ledger: RunLedger, *, ok: bool = True) -> None:
    if any(stage.name == "work" and stage.ended_at is None for stage in ledger.state.stages):
        ledger.append("stage.ended", stage="work", ok=ok, note=f"{ledger.state.turns} turns")
