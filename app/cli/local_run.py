"""Driving one local run from this terminal: its worker is a process, its questions are asked here, its end is a branch.

The ledger is the same as that of a run on GitHub; only the last step differs, a branch instead of a pull request.
"""

from __future__ import annotations

import contextlib
import getpass
import re
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from app import wiring
from app.checkpoints import pull_text
from app.cli import screen, story
from app.errors import UserError
from app.events.deciding import CancelRequested, QuestionAnswered, RunAdmitted, RunCreated, RunResumed
from app.events.publishing import PublishSettled
from app.events.waits import WaitForAnswer
from app.events.working import RunEnded
from app.local.branch import FileChange, LocalRepository
from app.playbooks import playbook
from app.ports.platform import RunSummary, Store
from app.publication.kinds.branch import Branch, Written
from app.runs.read_model import is_due
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.runs.task import answer_text
from app.schedule import Scheduler
from app.settings import Settings
from app.work.verdict import MirrorBase, check_again
from app.workspace import Mirror

LOOK_SECONDS = 0.1
STOP_SECONDS = 20.0  # a worker hears a cancellation within a second and needs a few to sweep up
LONG_WAIT_SECONDS = 30.0  # from then on a pause is worth a word


class LocalRun:
    """One run in the home of local runs."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self.run_id = run_id
        self._platform = wiring.local_platform(settings)
        self._ledger = RunLedger(
            self._platform.store, run_id, clock=self._platform.clock, redactor=self._platform.redactor
        )
        self._out = screen.console(stderr=True)
        self._shown = self._ledger.state.seq
        self._scheduler = Scheduler(
            store=_OneRun(self._platform.store, run_id),
            publishing=self._platform.publishing,
            launcher=self._platform.launcher,
            run_launcher=wiring.run_launcher(self._platform, None),
            clock=self._platform.clock,
            redactor=self._platform.redactor,
            concurrency=1,
        )

    @classmethod
    def start(cls, settings: Settings, made: tuple[str, RunCreated]) -> LocalRun:
        """Write the first events and start the worker."""
        run_id, first = made
        local = cls(settings, run_id)
        ledger = local._ledger
        ledger.append(first)
        ledger.append(RunAdmitted(reason="asked on this machine"))
        local._platform.launcher.start(run_id, 1)
        return local

    @property
    def state(self) -> RunState:
        return self._ledger.state

    def say(self, text: str) -> None:
        """A line for the person, on standard error: standard output is for the result."""
        self._out.print(text, soft_wrap=True)

    def answer(self, text: str) -> None:
        """Put an answer to the open question into the ledger and wake the run."""
        question = self._ledger.state.open_question
        assert question is not None
        if not text.strip():
            raise UserError("The answer is empty.")
        self._ledger.append(
            QuestionAnswered(
                by=self.state.created.requester.login,
                text=answer_text(text, question.said),
                delivery="command line",
                comment_id=None,
            )
        )
        self._ledger.append_if(lambda state: state.phase == "parked", RunResumed(reason="answered"))
        self._platform.launcher.start(self.run_id, self.state.attempt + 1)

    def drive(self, answers: list[str]) -> dict[str, Any]:
        """Follow the run to its end, answering questions; then make the branch. The result, JSON-shaped.

        Being asked to end by a signal stops the run and its worker, which would go on spending. Raises
        KeyboardInterrupt then.
        """
        for number in (signal.SIGTERM, signal.SIGHUP):  # `timeout`, a closing terminal
            signal.signal(number, _interrupt)
        try:
            while self._step(answers):
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            self._stop()
            raise
        wiring.retention(self._platform).turn()  # nobody else looks after this home
        return self._result()

    def _step(self, answers: list[str]) -> bool:
        """Show what is new and do what is due; False at the end."""
        self._refresh()
        state = self.state
        if not state.is_active:
            return False
        if isinstance(state.wait, WaitForAnswer) and state.open_question:
            self.answer(answers.pop(0) if answers else self._ask(state))
        elif state.phase == "parked" and state.park_until:
            self._wait(state.park_until)
        else:
            self._scheduler.tick()
        return True

    def _refresh(self) -> None:
        self._ledger.refresh()
        for event in self._ledger.events[self._shown :]:
            screen.show(self._out, event)
        self._shown = len(self._ledger.events)

    def _ask(self, state: RunState) -> str:
        """Ask on the terminal; without one, say how the answer can be given."""
        asked = state.open_question
        for number, item in enumerate(asked.said.questions if asked else [], start=1):
            self.say(f"\n{number}. {item.text}")
            for index, (letter, option) in enumerate(zip("abcd", item.options, strict=False)):
                mark = " (default)" if index == item.default else ""
                self.say(f"   {number}{letter} {option}{mark}: {item.consequences[index]}")
        if not sys.stdin.isatty():
            raise UserError(
                f'The run waits for an answer. Give it with `lamplighter answer {self.run_id[:8]} "1a"` (or in words), '
                'or start with --answer "1a".'
            )
        while True:
            self._out.print("\nYour answer (Ctrl-C stops the run): ", end="")
            text = input()
            if text.strip():
                return text

    def _wait(self, until: str) -> None:
        """A pause the run asked for; the schedule ends it."""
        seconds = (datetime.fromisoformat(until) - self._platform.clock.now()).total_seconds()
        if seconds > LONG_WAIT_SECONDS:
            self.say(f"It goes on in {seconds:.0f} s ({self.state.park_note}). Ctrl-C stops it.")
        while seconds > 0:
            time.sleep(min(seconds, 1.0))
            seconds -= 1.0
        self._scheduler.tick()

    def _stop(self) -> None:
        """Ctrl-C or a signal: the run ends, visibly, and its worker with it."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # asked once is enough
        who = getpass.getuser()
        self._ledger.append_if(
            lambda state: state.is_active and state.cancel is None, CancelRequested(by=who, reason="interrupted")
        )
        with contextlib.suppress(OSError):  # the terminal may be what went away
            self.say("\nstopping …")
        self._ledger.append_if(
            lambda state: state.phase == "parked", RunEnded(outcome="cancelled", reason=f"Stopped by {who}.")
        )
        deadline = time.monotonic() + STOP_SECONDS
        while self.state.is_active and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                self._refresh()
        if self.state.is_active:  # it waits for something that does not end: the model's answer, a clone
            self._platform.launcher.stop(self.run_id)

    # ------------------------------------------------------------ the end

    def _result(self) -> dict[str, Any]:
        state = self.state
        result: dict[str, Any] = {
            "run": self.run_id,
            "outcome": state.outcome,
            "reason": state.reason,
            "next_step": state.next_step,
            "cost_usd": round(state.cost_usd, 4),
            "base": state.created.base.sha,
            "branch": None,
        }
        if state.outcome == "proposed":
            result |= self._branch(state)
        else:
            for line in story.last_words(state):
                self.say(line)
            if playbook(state.created.playbook).proposes:
                self.say(f"\nNo branch was made. {state.next_step}".rstrip())
        self._ledger.append(PublishSettled(through=self.state.visible_seq))
        self._forget_messages()
        return result

    def _branch(self, state: RunState) -> dict[str, Any]:
        """Make the branch: recorded before and after, checked again, as the publisher does it on GitHub."""
        branch = next(Branch.wanted(state), None)
        if branch and "branch" not in state.published:
            branch.record(self._ledger, lambda: self._add(branch))
        template = state.proposal.template if state.proposal else None
        return {
            "branch": state.created.branch,
            "sha": self.state.result("branch")["sha"],
            "title": pull_text.title(state),
            "body": _without_number(pull_text.body(state, template=template, closes=False)),
        }

    def _add(self, branch: Written) -> dict[str, Any]:
        created = self.state.created
        base = MirrorBase(Mirror(Path(created.clone_url)), created.base.sha)
        changes = check_again(self._platform.store, branch.changes, created.config, base)
        repository = LocalRepository.open_git_dir(created.clone_url)
        sha = repository.add_branch(
            created.branch,
            base_sha=created.base.sha,
            changes=[FileChange(path=item.path, mode=item.mode, content=item.content) for item in changes],
            message=_message(self.state, repository),
        )
        return {"sha": sha, "ref": f"refs/heads/{created.branch}"}

    def _forget_messages(self) -> None:
        """Nobody publishes in this home; the worker's announcements are taken out of its queue."""
        queue = self._platform.publishing
        while messages := queue.receive(limit=10, visibility_seconds=60):
            for message in messages:
                queue.ack(message)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _message(state: RunState, repository: LocalRepository) -> str:
    """The commit message, with the person's own address where git knows it."""
    text = pull_text.commit_message(state, requester_id=0, requester=state.created.requester.login)
    lines = [line for line in _without_number(text).split("\n") if not line.startswith("Co-authored-by:")]
    name, email = repository.person()
    if name and email:
        lines.append(f"Co-authored-by: {name} <{email}>")
    return "\n".join(lines) + "\n"


def _without_number(text: str) -> str:
    """A local run has no issue to refer to."""
    return re.sub(r"^(?:Fixes|Refers to) #0\n+", "", text, flags=re.MULTILINE)


class _OneRun:
    """A store in which only one run is seen, so that the schedule looks after nothing else."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id

    def due(self, now: datetime) -> list[RunSummary]:
        return [run for run in self._store.summaries([self._run_id]) if is_due(run, now)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
