"""The table at the end, and the page in docs/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.rehearsal import verdict
from tests.rehearsal.cases import Case
from tests.rehearsal.projects import git
from tests.rehearsal.routes import Outcome

HEADS = ("project", "route", "files", "commits", "first model call", "total", "tests before", "tests after", "result")

INTRODUCTION = """\
`make rehearse` plays real bugs of published projects from the issue to the fix: with `lamplighter run` in a local
repository, and from the webhook to a pull request on the simulated GitHub. Door, queues, worker, sandbox, package
registries, tests and git are real; the model's words are the true fix of the next release with its test. After each,
plain git commands look whether the branch holds exactly that, and the regression test is run once more without
Lamplighter. The archives are fetched from their registries and checked by hash; see
[`tests/rehearsal`](../tests/rehearsal/__init__.py)."""


@dataclass(frozen=True, kw_only=True)
class Row:
    cells: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @classmethod
    def of(cls, outcome: Outcome, source: Path, wrong: Sequence[str]) -> Row:
        case = outcome.case
        counted = [_counts(outcome, at) for at in ("base", "head")] if outcome.run_id else ["", ""]
        cells = (
            f"{case.project} {case.version}",
            outcome.route,
            str(len(git(source, "ls-files").splitlines())),
            git(source, "rev-list", "--count", "HEAD"),
            _until_first_call(outcome),
            f"{outcome.seconds:.1f} s",
            *counted,
            "ok" if not wrong else "WRONG",
        )
        return cls(cells=cells, problems=tuple(f"{case.project} ({outcome.route}): {text}" for text in wrong))


def _until_first_call(outcome: Outcome) -> str:
    """From the worker's start: fetching, setting up, testing before."""
    at = {event.kind: event.at for event in reversed(outcome.events)}
    if "model.called" not in at or "attempt.started" not in at:
        return ""
    seconds = datetime.fromisoformat(at["model.called"]) - datetime.fromisoformat(at["attempt.started"])
    return f"{seconds.total_seconds():.1f} s"


def _counts(outcome: Outcome, at: str) -> str:
    found = verdict.counts(outcome, at)
    if found is None:
        return ""
    words = ("passed", "failed", "errors", "skipped")
    return ", ".join(f"{getattr(found, word)} {word}" for word in words if getattr(found, word))


def table(rows: Sequence[Row], seconds: float) -> str:
    lines = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "-|-".join("-" * width for width in widths))
    wrong = [problem for row in rows for problem in row.problems]
    good = sum(row.ok for row in rows)
    return "\n".join([*text, *wrong, f"{good} of {len(rows)} rehearsals well, {seconds:.0f} s in all"])


def page(rows: Sequence[Row], seconds: float, chosen: Sequence[Case]) -> str:
    listed = [f"- **{c.project} {c.version}** ({c.layout}): {c.issue_title}" for c in chosen]
    return "\n".join(
        [
            "# Rehearsals",
            "",
            INTRODUCTION,
            "",
            *listed,
            "",
            f"The last run, {datetime.now(UTC):%Y-%m-%d}, two routes at a time on a shared machine with two cores:",
            "",
            "```",
            table(rows, seconds),
            "```",
            "",
            "`first model call` counts from the worker's start: fetching, setting up with the network, testing before.",
            "",
        ]
    )


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
