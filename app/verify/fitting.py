"""Tests that cannot be run here, wherever they are from: found out when they first run, left out, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.ports.sandbox import Sandbox
from app.projects import Plan
from app.projects.plan import Project
from app.runs.run_ledger import RunLedger
from app.text.untrusted import one_line
from app.verify.run import CommandResult, run_commands

_MOST_CHARS = 100  # of a command in a sentence


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """`plan` without what does not run here, `baseline` how the rest ended; what is left out is in `plan.not_here`, and
    how that ended in `left`.
    """

    plan: Plan
    baseline: list[CommandResult]
    left: list[CommandResult]


def run_fitting(sandbox: Sandbox, plan: Plan, ledger: RunLedger, *, at: str = "base", repairs: bool = False) -> Fitted:
    """The plan's tests as they are. An attempt after the first reads from the ledger how they ended."""
    ran = known(ledger, at) or run_commands(sandbox, plan.verify, purpose="verify", at=at, ledger=ledger)
    fitted = fitting(plan, ran, repairs=repairs)
    fresh = [command for command in fitted.verify if command not in {result.command for result in ran}]
    if fresh:
        by_files = f"{at}, by its files"
        ran += known(ledger, by_files) or run_commands(sandbox, fresh, purpose="verify", at=by_files, ledger=ledger)
        fitted = fitting(fitted, ran, repairs=repairs)
    kept = [result for result in ran if result.command in fitted.verify]
    return Fitted(plan=fitted, baseline=kept, left=[result for result in ran if result not in kept])


def known(ledger: RunLedger, at: str) -> list[CommandResult]:
    return CommandResult.from_events((told.said for told in ledger.state.commands_here), purpose="verify", at=at)


def fitting(plan: Plan, ran: Sequence[CommandResult], *, repairs: bool) -> Plan:
    """Without the commands that tell nothing here; where those of a workflow all do, with those of the files. Pure.

    Where nothing would be left the plan stays, to be judged by what it is. A project of which nothing is left keeps its
    place with no command, so that it is not taken for one that never ran. With `repairs` a failure is what the run is
    for, whatever it looks like.
    """
    dumb = {result.command: result for result in ran if not _tells(result, repairs=repairs)}
    fewer = [_without(project, dumb) for project in plan.projects]
    if fewer == list(plan.projects) or not (any(project.verify for project in fewer) or plan.beside):
        return plan
    left = [
        _left_out(command, plan.sources.get(command, ""), dumb[command])
        for project, now in zip(plan.projects, fewer, strict=True)
        for command in project.verify_here
        if command in dumb and command not in now.verify_here
    ]
    not_here = tuple(dict.fromkeys([*plan.not_here, *left]))
    rest = Plan.of(fewer, plan.beside)
    return replace(
        plan, verify=rest.verify, language=rest.language, why=rest.why, projects=rest.projects, not_here=not_here
    )


def _without(project: Project, dumb: Mapping[str, CommandResult]) -> Project:
    rows = list(zip(project.verify, project.verify_here, strict=True))
    rest = [at for at, (_, here) in enumerate(rows) if here not in dumb]
    if len(rest) == len(rows):
        return project
    by_files = set(project.by_files) - set(project.verify)
    if not rest and project.sources and by_files:
        return project.without_workflows
    sources = tuple(project.sources[at] for at in rest) if project.sources else ()
    return replace(project, verify=tuple(project.verify[at] for at in rest), sources=sources)


def _left_out(command: str, source: str, result: CommandResult) -> str:
    where = f"{source}: " if source else ""
    told = f"`{one_line(command, _MOST_CHARS)}`"
    if result.ending == "red":
        return f"{where}{told} fails before any change and its output was not read; it is left out"
    if result.ending == "nothing":
        return f"{where}{told} finds no tests; it is left out"
    return f"{where}{told} ended with {result.ended} before any change; it is left out"


def _tells(result: CommandResult, *, repairs: bool) -> bool:
    """Whether its ending can be held against another. What guards the branch passes where it belongs, so what fails
    without a word on tests fails for what is not here; of other commands nobody can say more.
    """
    if result.ending in {"green", "contradictory"}:
        return True
    if result.ending == "red":
        return repairs or result.counts is not None
    return repairs and result.is_unloaded
