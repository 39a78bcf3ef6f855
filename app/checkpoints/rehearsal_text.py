"""What is said of a rehearsal: what was found, how long it took, and the configuration that would help. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.checkpoints.executed_text import numbers, took
from app.events.working import CommandRan
from app.runs.state.run_state import RunState
from app.text.outgoing import code, counted, fence, line

_FILE = ".github/lamplighter.yml"
_FEW = 6  # of a kind in a comment for a phone


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A command of a rehearsal; `said` is None where nothing ran it, `source` "" where it is of no workflow."""

    purpose: str
    command: str
    source: str
    said: CommandRan | None

    @property
    def ended(self) -> str:
        """How, in a few words."""
        said = self.said
        if said is None:
            return "not run"
        how = f"exit {said.exit_code}" if said.exit_code is not None else f"stopped ({said.killed_by or 'killed'})"
        is_done = said.exit_code == 0 and said.purpose == "setup"
        return f"{', '.join(numbers(said.counts)) or ('done' if is_done else how)} in {took(said.seconds)}"


def headline(state: RunState) -> tuple[str, str]:
    """An icon, and how it ended in a few words."""
    found = state.rehearsed
    if found is None:
        return "🔎", "Rehearsed"
    if not found.fits:
        return "🟡", "I cannot test changes here yet"
    if found.ran:
        return "🟡", "Tests run here, once they are configured"
    counts = [one.said.counts for one in executed(state) if one.purpose == "verify" and one.said and one.said.counts]
    if not any(count.passed + count.failed + count.errors for count in counts):
        return "🟡", "The commands run here, and no test is counted"
    if any(count.failed + count.errors for count in counts):
        return "🟡", "Tests run here, and some fail as they are"
    return "✅", "Tests run here"


def closing(state: RunState) -> tuple[str, str]:
    """Why the run ends as it does, and what a person has to do; "" where that is nothing."""
    found, prefix = state.rehearsed, state.created.names.prefix
    if found is None:
        return "", ""
    again = f"then `{prefix} rehearse` looks again."
    if found.fits and not found.ran:
        return f"Changes can be tested here: {counted(len(found.verify), 'command')}.", ""
    if found.fits:
        return f"{found.why} What is left does run.", f"Commit the configuration above; {again}"
    if not found.configuration:
        return found.why, f"When that is mended, `{prefix} rehearse` looks again."
    return found.why, f"Make of the configuration above what fits, and commit it; {again}"


def findings(state: RunState) -> list[str]:
    """What was run and how it ended, for a comment that is read on a phone."""
    found = state.rehearsed
    if found is None:
        return []
    lines = [line(found.why, 300), ""] if found.why else []
    ran = list(executed(state))
    lines += _commands("Set up", [one for one in ran if one.purpose == "setup"])
    built = [told.said.seconds for told in state.commands if told.said.purpose == "build"]
    lines += [f"- compiled for the tests, ahead of them, in {took(sum(built))}"] if built else []
    lines += _commands("Tests", [one for one in ran if one.purpose == "verify"])
    if found.untested:
        lines += ["", f"Could not be set up: {_named(found.untested)}."]
    told = state.set_up_otherwise
    lines += (
        ["", f"Set up otherwise than the project asks: {'; '.join(line(text, 200) for text in told[:_FEW])}."]
        if told
        else []
    )
    if state.not_here:
        lines += ["", *(f"- Not run here: {line(text, 200)}" for text in state.not_here[:_FEW])]
        lines += [f"- and {len(state.not_here) - _FEW} more"] if len(state.not_here) > _FEW else []
    return lines


def configuration(state: RunState) -> list[str]:
    """The file that would help; none where nothing has to."""
    found = state.rehearsed
    if found is None or not found.configuration:
        return []
    what = f"These keys in {code(_FILE)}" if state.created.config_source.get("path") else code(_FILE)
    how = "ran here just now" if found.ran else "did not run yet: a start, to be corrected"
    return ["", f"{what} ({how}):", "", fence(found.configuration, 8_000, "yaml")]


def executed(state: RunState) -> Iterator[Executed]:
    """The commands of `setup` and `verify`, each as it ended last."""
    found = state.rehearsed
    for purpose, commands in (("setup", found.setup), ("verify", found.verify)) if found else ():
        last = {told.said.command: told.said for told in state.commands if told.said.purpose == purpose}
        for command in commands:
            yield Executed(
                purpose=purpose, command=command, source=state.sources.get(command, ""), said=last.get(command)
            )


def _commands(title: str, ran: Sequence[Executed]) -> list[str]:
    if not ran:
        return ["", f"**{title}**: nothing to run"]
    lines = ["", f"**{title}** ({took(sum(one.said.seconds for one in ran if one.said))})"]
    for one in ran[:_FEW]:
        where = f" ({line(one.source, 100)})" if one.source else ""
        lines.append(f"- {code(one.command, 200)}{where}: {one.ended}")
    return [*lines, f"- and {len(ran) - _FEW} more"] if len(ran) > _FEW else lines


def _named(folders: Sequence[str]) -> str:
    more = f" and {len(folders) - _FEW} more" if len(folders) > _FEW else ""
    return ", ".join(code(folder, 80) for folder in folders[:_FEW]) + more
