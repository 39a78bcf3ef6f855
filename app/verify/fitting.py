"""Tests that guard the branch and cannot be run here: found out when they first run, left out, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.ports.sandbox import Sandbox
from app.projects import Plan
from app.projects.plan import Project
from app.runs.run_ledger import RunLedger
from app.verify.run import CommandResult, run_commands


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """`plan` without what does not run here, `baseline` how the rest ended; what is left out is in `plan.not_here`."""

    plan: Plan
    baseline: list[CommandResult]


def run_fitting(sandbox: Sandbox, plan: Plan, ledger: RunLedger, *, at: str = "base", repairs: bool = False) -> Fitted:
    """The plan's tests as they are. An attempt after the first reads from the ledger how they ended."""
    ran = known(ledger, at) or run_commands(sandbox, plan.verify, purpose="verify", at=at, ledger=ledger)
    fitted = fitting(plan, ran, repairs=repairs)
    fresh = [command for command in fitted.verify if command not in {result.command for result in ran}]
    if fresh:
        by_files = f"{at}, by its files"
        ran += known(ledger, by_files) or run_commands(sandbox, fresh, purpose="verify", at=by_files, ledger=ledger)
    return Fitted(plan=fitted, baseline=[result for result in ran if result.command in fitted.verify])


def known(ledger: RunLedger, at: str) -> list[CommandResult]:
    return CommandResult.from_events((told.said for told in ledger.state.commands_here), purpose="verify", at=at)


def fitting(plan: Plan, ran: Sequence[CommandResult], *, repairs: bool) -> Plan:
    """Without the commands of workflows that tell nothing here; where none does, with those of the files. Pure.

    With `repairs` a failure is what the run is for, whatever it looks like.
    """
    by_command = {result.command: result for result in ran}
    kept, left = [], list(plan.not_here)
    for project in plan.projects:
        dumb = {
            command: by_command[command]
            for command in project.verify_here
            if command in by_command and not _tells(by_command[command], repairs=repairs)
        }
        kept.append(_without(project, dumb))
        if kept[-1] is not project:
            sources = dict(zip(project.verify_here, project.sources, strict=True))
            left += [
                f"{sources[command]}: ended with {result.ended} before any change" for command, result in dumb.items()
            ]
    if kept == list(plan.projects):
        return plan
    return replace(
        Plan.of(kept, plan.beside), withheld=plan.withheld, setup=plan.setup, not_here=tuple(dict.fromkeys(left))
    )


def _without(project: Project, dumb: Mapping[str, CommandResult]) -> Project:
    if not dumb or not project.sources:
        return project
    rows = zip(project.verify, project.verify_here, project.sources, strict=True)
    rest = [(command, source) for command, here, source in rows if here not in dumb]
    if rest:
        return replace(project, verify=tuple(row[0] for row in rest), sources=tuple(row[1] for row in rest))
    return project.without_workflows if set(project.by_files) - set(project.verify) else project


def _tells(result: CommandResult, *, repairs: bool) -> bool:
    """Whether its ending can be held against another. The branch's own checks pass where they belong, so what fails
    without a word on tests fails for what is not here.
    """
    if result.ending in {"green", "contradictory"}:
        return True
    if result.ending == "red":
        return repairs or result.counts is not None
    return repairs and result.is_unloaded
