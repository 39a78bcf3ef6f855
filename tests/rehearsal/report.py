"""The table at the end, and the page in docs/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.events.knowing import TestsKnown
from tests.rehearsal import mended, verdict
from tests.rehearsal.breakages import Breakage
from tests.rehearsal.cases import ENVIRONMENT, Case
from tests.rehearsal.repairs import Repair
from tests.rehearsal.routes import Outcome

HEADS = (
    "project", "layout", "bug", "route", "commands from", "first model call", "total", "tests before → after", "reach",
    "result",
)  # fmt: skip

INTRODUCTION = """\
`make rehearse` plays bugs of published projects from the issue to the fix: with `lamplighter run` in a local
repository, and one in three also from the webhook to a pull request on the simulated GitHub. Door, queues, worker,
sandbox, package registries, tests and git are real; the model's words are written down. A bug is the project's *own*,
and its fix that of the next release; or it is *planted*: we undid one line of what the project does right, and the
fix is the line as it was, with a test of ours. After each, plain git commands look whether the branch holds exactly
that, and the regression test is run once more without Lamplighter. The archives come from PyPI, npm and Debian's pool
and are checked by hash; what a machine lacks (`go`, `cargo`, Maven's plugins) leaves the case out and is named. See
[`tests/rehearsal`](../tests/rehearsal/__init__.py)."""

NOT_HAD = """\
Not rehearsed as their repositories have them, because that could not be had from these registries:

- **a pnpm workspace with all its members, and one tested by vitest**: Debian's archive of rollup's plugins has two of
  them; magic-string (vitest) has a `pnpm-workspace.yaml` without members.
- **a member's own test in a uv workspace**: those of mcp's workspace have none; the one here is ours.
- **a nested Go module and Go modules side by side, as they are**: all but a few need other modules, and no proxy for
  modules is at hand. golang-lru's inner one is given a `replace`, in a commit; of moby/sys only `symlink` can be
  tested, so its `make test`, which needs the network, is left out and said to be.
- **a Rust workspace as its repository has it**: crates come alone. The one here is put together from its two crates,
  as the repository lays them out; the tests that need further crates are left out.
- **a Java build as it is**: Debian's plugins have other versions than the project asks for; those are named in a
  commit.
- **a monorepo of several languages with nothing at the root**: feature-check (Perl, Python and Rust under one Makefile)
  was tried and taken out: its `make test` is red here before any change, in words that are not read. The one here is
  put together: iniconfig and nth-check as published, side by side."""

LONGEST = 90  # characters of a command that are shown

BREAKAGES = """\
Others had not changed at all when their checks turned red: something around them had. There the project's own step is
really run, with the packages of before and of after; its output goes to the simulated GitHub as the runner's log, on a
person's pull request that has nothing to do with it. The diagnosis has to name the true cause, file, line and class.
After `/agent ci` the branch has to hold exactly what the next release changed, and the step, run again, has to pass:"""


@dataclass(frozen=True, kw_only=True)
class Row:
    cells: tuple[str, ...]
    problems: tuple[str, ...]
    commands: tuple[str, ...] = ()  # of verification

    @property
    def ok(self) -> bool:
        return not self.problems

    @classmethod
    def of(cls, outcome: Outcome, source: Path, wrong: Sequence[str]) -> Row:
        case = outcome.case
        counted = [_counts(outcome, at) for at in ("base", "head")] if outcome.run_id else []
        cells = (
            f"{case.project} {case.version}",
            case.layout,
            "planted" if case.plants else "its own",
            outcome.route,
            _sources(outcome),
            _until_first_call(outcome),
            f"{outcome.seconds:.1f} s",
            " → ".join(counted),
            _reach(outcome) if outcome.run_id else "",
            "ok" if not wrong else "WRONG",
        )
        commands = _commands(outcome) if outcome.run_id else ()
        return cls(
            cells=cells,
            commands=commands,
            problems=tuple(f"{case.project} ({outcome.route}): {text}" for text in wrong),
        )


REPAIR_HEADS = ("project", "broken by", "diagnosed as", "after", "repaired after", "step before/red/after", "result")


@dataclass(frozen=True, kw_only=True)
class RepairRow:
    cells: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @classmethod
    def of(cls, repair: Repair, wrong: Sequence[str]) -> RepairRow:
        case = repair.case
        codes = (repair.code_before, repair.code_red, repair.code_after)
        found = "; ".join(f"{failure.cause}, {failure.kind}" for failure in mended.read(repair))
        cells = (
            f"{case.project} {case.version}",
            case.broken_by,
            found,
            f"{repair.diagnosed_seconds:.1f} s",
            f"{repair.repaired_seconds:.1f} s",
            "/".join("–" if code is None else str(code) for code in codes),
            "ok" if not wrong else "WRONG",
        )
        return cls(cells=cells, problems=tuple(f"{case.project} (checks): {text}" for text in wrong))


def _until_first_call(outcome: Outcome) -> str:
    """From the worker's start: fetching, setting up, testing before."""
    at = {event.kind: event.at for event in reversed(outcome.events)}
    if "model.called" not in at or "attempt.started" not in at:
        return ""
    seconds = datetime.fromisoformat(at["model.called"]) - datetime.fromisoformat(at["attempt.started"])
    return f"{seconds.total_seconds():.1f} s"


def _commands(outcome: Outcome) -> tuple[str, ...]:
    ran = [told.said.command for told in outcome.state.commands if told.said.purpose == "verify"]
    return tuple(dict.fromkeys(ran))


def _sources(outcome: Outcome) -> str:
    """Where the commands are known from, as the run has said it."""
    if outcome.case.configuration:
        return "configured"
    told = [TestsKnown.model_validate(event.data) for event in outcome.events if event.kind == "tests.known"]
    return "its CI" if told and told[-1].sources else "files"


def _reach(outcome: Outcome) -> str:
    """What the run with the change broken came to, or what made it unneeded."""
    found = outcome.state.verification
    if found is None or found.claims is None:
        return ""
    if found.claims.reach:
        return ", ".join(dict.fromkeys(WORDS[reach.ending] for reach in found.claims.reach))
    return "proven by test" if (found.regression or {}).get("passes_after") else "not asked"


WORDS = {"reached": "reached", "unreached": "not reached", "unmeasured": "not measured"}


def _counts(outcome: Outcome, at: str) -> str:
    found = verdict.counts(outcome, at)
    if found is None:
        return ""
    words = ("passed", "failed", "errors", "skipped")
    return ", ".join(f"{getattr(found, word)} {word}" for word in words if getattr(found, word))


def tables(rows: Sequence[Row], repaired: Sequence[RepairRow], seconds: float) -> str:
    """Both tables as far as something was played, what was wrong, and the sum."""
    text = _table(HEADS, [row.cells for row in rows]) if rows else []
    if repaired:
        text += [*([""] if text else []), *_table(REPAIR_HEADS, [row.cells for row in repaired])]
    played = [*rows, *repaired]
    wrong = [problem for row in played for problem in row.problems]
    good = sum(row.ok for row in played)
    return "\n".join([*text, *wrong, f"{good} of {len(played)} rehearsals well, {seconds:.0f} s in all"])


def _table(heads: tuple[str, ...], cells: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [heads, *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "-|-".join("-" * width for width in widths))
    return text


def page(
    rows: Sequence[Row],
    repaired: Sequence[RepairRow],
    seconds: float,
    chosen: Sequence[Case],
    broken: Sequence[Breakage],
) -> str:
    listed = [f"- **{c.project} {c.version}** ({c.layout}): {c.issue_title}" for c in chosen]
    breakages = [f"- **{b.project} {b.version}**, mended in {b.fixed.version}: {b.broken_by}" for b in broken]
    return "\n".join(
        [
            "# Rehearsals",
            "",
            INTRODUCTION,
            "",
            *listed,
            "",
            BREAKAGES,
            "",
            *breakages,
            "",
            f"The last run, {datetime.now(UTC):%Y-%m-%d}, two routes at a time on a shared machine with two cores:",
            "",
            "```",
            tables(rows, repaired, seconds),
            "```",
            "",
            *_listed(rows),
            NOT_HAD,
            "",
            "`first model call` counts from the worker's start: fetching, setting up with the network, testing before.",
            "",
        ]
    )


def _listed(rows: Sequence[Row]) -> list[str]:
    """The commands of verification, by project."""
    found = {row.cells[0]: row.commands for row in rows}
    lines = [
        f"- {project}: {', '.join(f'`{_short(text)}`' for text in commands)}" for project, commands in found.items()
    ]
    return ["The commands that verified them:", "", *lines, ""] if lines else []


def _short(command: str) -> str:
    text = " ".join(command.removeprefix(f"{ENVIRONMENT} ").split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
