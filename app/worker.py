"""A worker takes one attempt of one run: clone → set up → tests before → agent loop ⇄ sandbox → tests after → proposal.

It writes to the ledger only. It holds model access, its run's part of the store and a read token for one repository;
it never holds the App key or a write token. Wherever it stops, the ledger says where the next attempt goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app import log
from app.admission.reservation import wanted_usd
from app.agent import ATTENDED_PATIENCE_SECONDS, Agent, Budget, Options, Stop, Task, replay_tools, thought_for
from app.errors import Superseded, UserError
from app.events.deciding import RunCreated
from app.events.waits import WaitForWorker
from app.events.working import AttemptStarted, StageStarted
from app.log import Redactor
from app.playbooks import playbook
from app.ports.model import Model
from app.ports.platform import Clock, Queue, RunStore, Tokens
from app.ports.sandbox import SandboxHost
from app.publication.broken_runs import end_faulty
from app.runs.lease import Lease, holder
from app.runs.run_ledger import RunLedger
from app.runs.worker_store import WorkerStore
from app.text.untrusted import one_line
from app.work.attempt_end import (
    end,
    end_cancelled,
    end_stopped,
    fail,
    park,
    park_for_answer,
    park_until_tomorrow,
    without_model,
)
from app.work.conclusion import Conclusion
from app.work.reproduction import reproduce
from app.work.rooms import room_for
from app.work.session import WorkSession

_REPAIR_ROUNDS = 3  # failing verifications handed back to the model before the run ends without a pull request


class Worker:
    """Works one (run, attempt) to its end, to a park, or to the moment it is told to leave."""

    def __init__(
        self,
        *,
        run_store: Callable[[str], RunStore],
        publishing: Queue,
        tokens: Tokens,
        host: SandboxHost,
        model: Model,
        clock: Clock,
        redactor: Redactor,
        home: Path,
        attended: bool = False,
    ) -> None:
        """`run_store`: the store as the worker of that run may use it. `attended`: a person waits, so that a model that
        is not to be reached ends the run instead of parking it.
        """
        self._run_store = run_store
        self._publishing = publishing
        self._tokens = tokens
        self._host = host
        self._model = model
        self._clock = clock
        self._redactor = redactor
        self._home = home
        self._attended = attended

    def work(self, run_id: str, attempt: int) -> None:
        """Do the attempt. Returns when the run ended, parked, or belongs to somebody else; raises only on a defect
        of the store itself.
        """
        owner = holder(attempt)
        try:
            store = WorkerStore(self._run_store(run_id), run_id)
            with Lease(store, run_id, attempt, owner) as lease:
                self.lease = lease
                ledger = self._open(store, run_id, attempt)
                if self._start(ledger, attempt, owner):
                    self._attempt(ledger, lease)
        except Superseded as reason:
            log.event("worker.superseded", run=run_id, attempt=attempt, reason=str(reason))

    def abandon(self, run_id: str, attempt: int) -> None:
        """Park the attempt from another thread, because its own cannot leave what it waits for (a model's reply, a
        clone, a sandbox's task) and the platform's patience is over. The process has to end right after.
        """
        store = WorkerStore(self._run_store(run_id), run_id)
        ledger = self._open(store, run_id, attempt)
        if ledger.state.attempt == attempt and ledger.state.phase == "working":
            self._leave(ledger)
        self.lease.give_up()

    def _open(self, store: RunStore, run_id: str, attempt: int) -> RunLedger:
        return RunLedger(
            store, run_id, clock=self._clock, redactor=self._redactor, attempt=attempt, publishing=self._publishing
        )

    def _start(self, ledger: RunLedger, attempt: int, owner: str) -> bool:
        if end_faulty(ledger):  # no money for a run that is not going to be published
            return False
        started = ledger.append_if(
            lambda state: state.phase in {"created", "working"} and state.attempt < attempt and not state.cancel,
            AttemptStarted(attempt=attempt, worker=owner, sandbox=self._host.name),
        )
        if started is None and ledger.state.cancel and ledger.state.is_active:
            end_cancelled(ledger)
        return started is not None

    def _attempt(self, ledger: RunLedger, lease: Lease) -> None:
        """One attempt; whatever goes wrong becomes a visible end or a park."""
        room = room_for(ledger.state)(ledger, self._tokens, self._host, self._home)
        try:
            self._flow(ledger, lease, room)
        except Superseded:
            raise
        except Exception as error:
            ledger.refresh()
            if lease.stop_requested or ledger.state.cancel:  # the sandbox was closed under its feet
                self._leave(ledger)
            else:
                fail(ledger, error)
        finally:
            room.close()

    def _leave(self, ledger: RunLedger) -> None:
        """Told to stop: a cancelled run ends here, an interrupted one is picked up by another attempt."""
        if ledger.state.cancel:
            end_cancelled(ledger)
        else:
            park(ledger, WaitForWorker(), "The machine was taken away.", after_seconds=0)

    def _flow(self, ledger: RunLedger, lease: Lease, room: WorkSession) -> None:
        name = ledger.state.created.playbook
        if playbook(name).worked_by != "worker":
            raise UserError(f"There is no playbook named `{one_line(name, 40)}` that a worker could follow.")
        if ledger.state.proposal and not ledger.state.is_overtaken:  # whoever made it died before it could end
            end(ledger, "proposed", "")
            return
        room.clone()
        lease.on_stop = room.kept.stop
        if not room.begin():
            return
        room.set_up()
        room.test_before()
        reproduce(ledger, room.sandbox, room.mirror, room.plan)
        self._work(ledger, lease, room)

    def _work(self, ledger: RunLedger, lease: Lease, room: WorkSession) -> None:
        conclusion = Conclusion(ledger, room)
        room.restore()
        if ledger.state.attempt > 1:
            replay_tools(ledger, room.sandbox, after_seq=ledger.state.snapshot_seq)
        made = room.ready_made()
        if made is not None and conclusion.accepted(made) is None:
            return
        room.explain()
        agent = self._agent(ledger, lease, room)
        ledger.append(StageStarted(stage="work", note="reading the issue"))
        why: str | None = ""
        for _round in range(_REPAIR_ROUNDS + 1):
            stop = self._run(agent, ledger, room)
            if stop.kind != "finished":
                self._stopped(ledger, room, conclusion, stop)
                return
            why = conclusion.after_finish()
            if why is None:
                return
        if conclusion.fell_back():
            return
        room.kept.at_the_end()
        end(
            ledger,
            "gave_up",
            f"After {_REPAIR_ROUNDS + 1} tries the change cannot be proposed. {why}",
            "Look at what was run; then retry with a hint, or take it over.",
        )

    def _run(self, agent: Agent, ledger: RunLedger, room: WorkSession) -> Stop:
        """Until the agent stops for good or the run is parked for an answer; one that came before the park goes on."""
        while True:
            stop = agent.run()
            if stop.kind != "asked":
                return stop
            room.kept.snapshot()
            if park_for_answer(ledger):
                return stop

    def _agent(self, ledger: RunLedger, lease: Lease, room: WorkSession) -> Agent:
        created = ledger.state.created
        budget = created.config.budget

        def on_step() -> bool:
            room.kept.snapshot(if_due=True)
            return lease.stop_requested

        return Agent(
            ledger=ledger,
            sandbox=room.sandbox,
            model=self._model,
            model_name=created.model,
            task=Task(
                playbook=created.playbook,
                repository=created.thread.repository,
                briefing=room.briefing(),
                plan_first=created.plan_first,
            ),
            budget=Budget(usd=ledger.state.run_usd or budget.run_usd, turns=budget.turns, minutes=budget.minutes),
            clock=self._clock,
            on_step=on_step,
            options=self._options(created),
        )

    def _options(self, created: RunCreated) -> Options:
        thought = thought_for(created.alias, created.effort)
        if self._attended:
            return Options(thought=thought, patience_seconds=ATTENDED_PATIENCE_SECONDS)
        return Options(thought=thought)

    def _stopped(self, ledger: RunLedger, room: WorkSession, conclusion: Conclusion, stop: Stop) -> None:
        """The loop stopped without finishing."""
        if stop.kind == "asked":
            return  # parked already
        if stop.kind == "model_unavailable":
            room.kept.snapshot()
            without_model(ledger, stop, attended=self._attended)
        elif stop.which == "usd" and ledger.state.has_used_the_day and wanted_usd(ledger.state):
            room.kept.snapshot()
            park_until_tomorrow(ledger)
        elif stop.kind in {"interrupted", "cancelled"}:
            ledger.refresh()
            room.kept.at_the_end()
            self._leave(ledger)
        elif stop.kind == "secret_met" or not conclusion.fell_back():
            if stop.kind != "secret_met":
                room.kept.at_the_end()
            end_stopped(ledger, stop.kind, stop.detail)
