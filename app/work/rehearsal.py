"""A rehearsal: the repository is set up and tested as it is, as every run of it would be, and no model is asked.

Where that is no ground for judging changes, what of it does run here is found out, and what would help is written as a
configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.checkpoints import before_work, rehearsal_text, remedies
from app.config.proposed import Allowance, proposed
from app.errors import UserError
from app.events.knowing import Rehearsed
from app.projects import Plan
from app.verify import CommandResult, unfit
from app.work.attempt_end import end
from app.work.beside import BESIDE
from app.work.session import WorkSession

_MEMORY_MB, _TIMEOUT_SECONDS = 61440, 7200  # the most that a configuration may say


class Rehearsal(WorkSession):
    """As `WorkSession`; `begin` does all of it, and ends the run."""

    def begin(self) -> bool:
        if self._ledger.state.rehearsed is None:  # else it was said, and whoever did died before the end
            self._ledger.append(self._rehearsed())
        end(self._ledger, "rehearsed", *rehearsal_text.closing(self._ledger.state))
        return False

    def _rehearsed(self) -> Rehearsed:
        first = self.plan
        try:
            self.set_up()
            self.test_before()
        except UserError as error:
            return self._helped(first, _unspent(error))
        if not any(_tells(result) for result in self.baseline):
            return self._helped(first, _unspent(before_work.unread(self.baseline[-1].command, self.baseline[-1].ended)))
        untested = self._take_in(f"{folder}/." for folder in self.plan.beside[:BESIDE])
        return _said(self.plan, untested=list(untested))

    def _helped(self, first: Plan, why: str) -> Rehearsed:
        """With a configuration of what runs here; where that is nothing, of what could be allowed."""
        if self._is_left_with_what_runs():
            return _said(self.plan, why=why, configuration=proposed(self.plan.setup, self.plan.verify), ran=True)
        is_for_operators = remedies.is_for_operators(self._requests())
        text = "" if is_for_operators else proposed(first.setup, first.verify, self._allowance())
        return _said(first, fits=False, why=why, configuration=text)

    def _is_left_with_what_runs(self) -> bool:
        """Take out of the plan what does not run here; whether the rest can judge a change."""
        done = {told.said.command for told in self._ledger.state.commands if told.said.exit_code == 0}
        setup = tuple(command for command in self.plan.setup if command in done)
        if setup != self.plan.setup:
            self.plan = replace(self.plan, setup=setup)
            self.after_setup = self.sandbox.manifest()
            self.sandbox.seal()
            self._run_baseline()
        rest = [result for result in self.baseline if _tells(result)]
        self.plan = replace(self.plan, verify=tuple(result.command for result in rest))
        return unfit(self.plan, rest, self.before) is None

    def _allowance(self) -> Allowance:
        """What the commands could be given so that they get further."""
        state, wanted = self._ledger.state, self._config.sandbox
        killed = {told.said.killed_by for told in state.commands if told.said.purpose == "verify"}
        hosts = remedies.unlisted(self._requests())
        return Allowance(
            network=[*wanted.network, *hosts] if hosts else [],
            memory_mb=min(2 * wanted.memory_mb, _MEMORY_MB) if "memory" in killed else 0,
            timeout_seconds=int(min(3 * wanted.timeout_seconds, _TIMEOUT_SECONDS)) if "time" in killed else 0,
        )

    def _requests(self) -> list[Mapping[str, Any]]:
        return [event.data for event in self._ledger.events if event.kind == "egress.requested"]


def _unspent(why: object) -> str:
    """Nothing could be: no model is asked."""
    return str(why).replace(f" {before_work.UNSPENT}", "")


def _tells(result: CommandResult) -> bool:
    """Whether it is known to have run tests to their end, or all went well as far as it says."""
    return result.ending == "green" or (result.ending in {"red", "contradictory"} and result.counts is not None)


def _said(plan: Plan, *, fits: bool = True, **more: Any) -> Rehearsed:
    return Rehearsed(fits=fits, setup=list(plan.setup), verify=list(plan.verify), **more)
