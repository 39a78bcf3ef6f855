"""The failed step's command run here, on the head and on the base, before a model is asked: each run is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from app import workspace
from app.agent import Fact
from app.checkpoints.reproduction_text import reproduced, sentence
from app.events.deciding import RunCreated
from app.failures.commands import runnable
from app.ports.sandbox import Sandbox
from app.projects import Plan, changes_dependencies
from app.projects.plan import on_path
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.text.untrusted import one_line
from app.verify import CommandResult, run_commands
from app.work.recording import stage
from app.workspace import Mirror
from app.workspace.merging import laid

PURPOSE = "reproduce"  # of the records; `at` is `head` or `base-branch`
_MOST = 2  # commands; each has the sandbox's own limit of time
_LAST_LINES = 15  # of an output, for the model


def reproduce(ledger: RunLedger, sandbox: Sandbox, mirror: Mirror, plan: Plan) -> None:
    """Once for a run, in its sealed tree, which is as it was after that. What fails on the head is run on the base too,
    unless the two need different dependencies.
    """
    created = ledger.state.created
    commands = commands_of(created, plan)
    if not commands or any(told.said.purpose == PURPOSE for told in ledger.state.commands):
        return
    with stage(ledger, "reproduce", "running the failed step here") as end:
        ran = run_commands(sandbox, commands, purpose=PURPOSE, at="head", ledger=ledger)
        failed = [result.command for result in ran if result.ending == "red"]
        found, texts = laid(mirror, created.base.sha, created.target.base_sha) if created.target else ([], {})
        if failed and created.target and not changes_dependencies(change.path for change in found):
            sandbox.reset()
            workspace.lay(sandbox, found, texts)
            run_commands(sandbox, failed, purpose=PURPOSE, at="base-branch", ledger=ledger)
        sandbox.reset()
        end["note"] = _note(ran)


def commands_of(created: RunCreated, plan: Plan) -> list[str]:
    """What can be run here of the steps that failed, with the environment that set-up has made on the path."""
    first = f"export {on_path('venv')}; " if plan.setup and "Python" in plan.language else ""
    known = [runnable(failure.command) for failure in created.task.failures]
    return [first + command for command in dict.fromkeys(known) if command][:_MOST]


def _note(ran: Sequence[CommandResult]) -> str:
    failed = sum(result.ending == "red" for result in ran)
    return f"{failed} of {len(ran)} fail here" if len(ran) > 1 else f"ended with {ran[0].ended}"


def facts_of(state: RunState) -> list[Fact]:
    """For the model, with the end of what was printed."""
    told = []
    for one in reproduced(state):
        last = "\n".join(line[:240] for line in one.head.tail.rstrip().splitlines()[-_LAST_LINES:])
        text = one_line(sentence(one, state), 600)
        told.append(Fact(text=text, quote=last, what="its output here") if last else Fact(text=text))
    return told
