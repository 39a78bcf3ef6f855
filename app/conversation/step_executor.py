"""Doing what was decided about a command: one method for each step of `app.routing.steps`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.admission.run_launcher import RunLauncher
from app.admission.stale_events import StaleEvents
from app.admission.start import RunStart
from app.checkpoints.explain_text import explanation
from app.conversation import steering
from app.conversation.autofix_switch import AutofixSwitch
from app.conversation.once_replies import OnceReplies
from app.conversation.undoing import Undoing
from app.errors import TransientError
from app.events.deciding import RunResumed
from app.events.waits import WaitForAnswer
from app.routing import steps
from app.routing.asked import Asked
from app.runs.each_run import each_run
from app.runs.run_ledger import RunLedger
from app.settings.quiet import Quiet

ENDING_SECONDS = 5.0  # how long a worker that was told to stop may need, about


class StepExecutor:
    """Every step may be done twice: what is there already is found."""

    def __init__(
        self,
        *,
        open_ledger: Callable[[str], RunLedger],
        run_launcher: RunLauncher,
        starts: RunStart,
        once_replies: OnceReplies,
        late: StaleEvents,
        undo: Undoing,
        autofix: AutofixSwitch,
        named: Callable[[str], str],
        quiet: Quiet,
    ) -> None:
        """`named`: the model behind an alias, as its provider calls it. Raises UserError for one it cannot have."""
        self._open = open_ledger
        self._run_launcher = run_launcher
        self._starts = starts
        self._acts: Mapping[type[steps.Step], Callable[[Any, Asked, str], bool | None]] = {
            steps.Ignore: lambda _step, _asked, _run_id: None,
            steps.RetryLater: self._later,
            steps.RecordLabelEvent: lambda _step, asked, _run_id: late.remember(asked.job),
            steps.ResumeOwnRun: lambda _step, _asked, run_id: starts.admit(open_ledger(run_id)),
            steps.DenyRole: lambda step, asked, run_id: once_replies.refuse(
                asked.job, asked.command, run_id, step.role
            ),
            steps.SayHowToStart: lambda _step, asked, run_id: once_replies.hint(asked.job, run_id),
            steps.Say: self._say,
            steps.Stop: self._stop,
            steps.Follow: self._follow,
            steps.CallOff: lambda step, asked, _run_id: starts.kept.call_off(asked.job, step.run.row.run_id),
            steps.Explain: self._explain,
            steps.Resume: self._resume,
            steps.RaiseBudget: lambda step, asked, _run_id: steering.raise_budget(
                asked.job, step.run_usd, open_ledger(step.run.row.run_id)
            ),
            steps.ChangeModel: lambda step, asked, _run_id: steering.change_model(
                asked.job, step.alias, named(step.alias), open_ledger(step.run.row.run_id)
            ),
            steps.SetAutofix: lambda step, asked, run_id: autofix.turn(open_ledger(run_id), asked, step),
            steps.Undo: lambda step, asked, run_id: undo.ask(open_ledger(run_id), asked, step.worked),
            steps.Steer: self._steer,
            steps.Gather: lambda step, asked, _run_id: steering.gather(
                asked.job, asked.command, open_ledger(step.run.row.run_id), quiet
            ),
            steps.Answer: self._answer,
            steps.Start: lambda step, asked, run_id: starts.create(open_ledger(run_id), asked, step),
        }

    def do(self, step: steps.Step, asked: Asked, run_id: str) -> bool:
        """Do it for a command whose own run is `run_id`; False when what it rests on has changed meanwhile. Raises
        TransientError when it is too early, and as GitHub and the store do.
        """
        return self._acts[type(step)](step, asked, run_id) is not False

    def _later(self, step: steps.RetryLater, _asked: Asked, _run_id: str) -> None:
        raise TransientError(step.reason, retry_after_seconds=ENDING_SECONDS)

    def _say(self, step: steps.Say, asked: Asked, run_id: str) -> None:
        self._starts.reply(self._open(run_id), asked.job, step.text, refused=step.refused, when=step.when)

    def _stop(self, step: steps.Stop, asked: Asked, _run_id: str) -> None:
        rows = [run.row for run in step.runs]
        said = {"told": step.told, "next_step": step.next_step}
        each_run(rows, lambda row: steering.cancel(asked.job, step.reason, self._open(row.run_id), **said))

    def _follow(self, step: steps.Follow, _asked: Asked, _run_id: str) -> None:
        each_run([run.row for run in step.runs], lambda row: steering.follow(step.base_ref, self._open(row.run_id)))

    def _explain(self, step: steps.Explain, asked: Asked, run_id: str) -> None:
        text = explanation(self._open(step.run_id).state)
        self._starts.reply(self._open(run_id), asked.job, text)

    def _resume(self, step: steps.Resume, asked: Asked, _run_id: str) -> None:
        """Only what is parked still: it may have gone on by itself."""
        run = self._open(step.run.row.run_id)
        self._run_launcher.launch(run, RunResumed, f"{asked.job.sender.login} asked to go on", phases=["parked"])

    def _steer(self, step: steps.Steer, asked: Asked, _run_id: str) -> bool:
        return steering.steer(asked.job, asked.command, self._open(step.run.row.run_id))

    def _answer(self, step: steps.Answer, asked: Asked, _run_id: str) -> bool:
        """Put the words into the run that asked and wake it."""
        run = self._open(step.run.row.run_id)
        if not steering.answer(asked.job, asked.command, run, approves=step.approves):
            return False
        if isinstance(run.state.wait, WaitForAnswer):
            self._run_launcher.launch(run, RunResumed, "answered", phases=["parked"])
        return True
