"""Projects and commands of a repository that no change asked for: set up, and run as they are, when one does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.ports.sandbox import Manifest, Sandbox
from app.projects import Plan
from app.projects.plan import Project
from app.runs.run_ledger import RunLedger
from app.verify import CommandResult, run_commands
from app.verify.ahead import build_ahead
from app.verify.fitting import fitting, run_fitting

BESIDE = 6  # projects taken in at once where nobody knows which one is touched; more take longer than anybody waits for


@dataclass(kw_only=True)
class TakenIn:
    """`plan` with those that could be set up, `baseline` their tests before the change, `untested` the folders of the
    others; `after_setup` is None when nothing was set up.
    """

    plan: Plan
    baseline: list[CommandResult] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    after_setup: Manifest | None = None


def take_in(sandbox: Sandbox, plan: Plan, first: Plan, wider: Plan, ledger: RunLedger) -> TakenIn:
    """What `wider` has beyond `plan`, which began as `first`. The sandbox is sealed anew with what is installed for it.

    An attempt after the first installs again and reads from the ledger how the tests ended.
    """
    still = [text for text in plan.not_here if text not in first.not_here or text in wider.not_here]
    taken = TakenIn(plan=replace(plan, not_here=tuple(dict.fromkeys([*still, *wider.not_here]))))
    for project in wider.projects:
        if any(_is_same(project, own) for own in plan.projects):
            continue
        sandbox.reset()
        at = _at(project)
        done = run_commands(sandbox, project.setup_here, purpose="setup", at=at, ledger=ledger)
        if not all(result.ok for result in done):
            taken.untested.append(project.folder)
            continue
        build_ahead(sandbox, project.verify_here, ledger, at=at)
        taken.after_setup = sandbox.manifest()
        sandbox.seal()
        fitted = run_fitting(sandbox, Plan.of([project]), ledger, at=at)
        for own in fitted.plan.projects:
            taken.plan = taken.plan.and_also(own)
        taken.plan = replace(taken.plan, not_here=(*taken.plan.not_here, *fitted.plan.not_here))
        taken.plan = fitting(taken.plan, fitted.baseline, repairs=False)  # the others may tell where it does not
        taken.baseline += [result for result in fitted.baseline if result.command in taken.plan.verify]
    return taken


def _is_same(project: Project, own: Project) -> bool:
    return (project.folder, project.language, project.part) == (own.folder, own.language, own.part)


def _at(project: Project) -> str:
    return f"base:{project.folder}" + (f":{project.part}" if project.part else "")
