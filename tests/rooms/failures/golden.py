"""The golden logs, and how well they are read. `python -m tests.rooms.failures.golden` writes `docs/ci-logs.md`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.failures import Annotation, Facts, Finding, Job, Step, classify, explained, read_annotations, read_log

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/ci-logs.md"
CORPUS = ROOT / "tests/corpora/ci-logs.json.gz"
MEASURES = ("found", "step", "tool", "cause", "key line", "places", "class")
# Of what was held out, as it was when it was first read; nothing had been changed for it.
# The second draw, made in November 2026, likewise.
FIRST_AGAIN = {
    "found": 45, "step": 45, "tool": 41, "cause": 40, "key line": 44, "places": 42, "class": 39, "all of them": 38,
}  # fmt: skip
FIRST = {"found": 70, "step": 70, "tool": 66, "cause": 67, "key line": 66, "places": 68, "class": 64, "all of them": 58}


@dataclass(frozen=True, kw_only=True)
class Golden:
    """One log with what is true of it; `case` is the corpus's entry (see `tests/corpora/ci_logs/case.py`)."""

    case: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.case[name]

    @property
    def is_scored(self) -> bool:
        return bool(self.case["scored"]) and self.case["outcome"] == "failure"

    @property
    def findings(self) -> tuple[Finding, ...]:
        return _findings(self.name)

    @property
    def finding(self) -> Finding | None:
        return next(iter(self.findings), None)

    @property
    def facts(self) -> Facts:
        facts = dict(self.case["facts"])
        return Facts(**facts | ({"changed": tuple(facts["changed"])} if "changed" in facts else {}))

    def job(self) -> Job:
        told = self.case["job"]
        steps = tuple(
            Step(
                name=step["name"],
                conclusion=step["conclusion"],
                started_at=datetime.fromisoformat(step["started_at"]),
                completed_at=datetime.fromisoformat(step["completed_at"]),
            )
            for step in told["steps"]
        )
        return Job(name=told["name"], conclusion=told["conclusion"], steps=steps)

    def missed(self) -> list[str]:
        """The measures that do not come out as they should."""
        finding = self.finding
        if finding is None or len(self.findings) != 1:
            return list(MEASURES)
        text = "\n".join([finding.key, *(line.text for line in finding.lines)])
        places = [f"/{place.path}:{place.line}" for place in finding.places]
        right = {
            "found": True,
            "step": finding.step == self.step,
            "tool": finding.tool == self.tool,
            "cause": finding.cause == self.cause,
            "key line": self.key in text,
            "places": all(any(_ends(found, f"/{place}") for found in places) for place in self.places),
            "class": classify(finding, self.facts).kind == self.verdict,
        }
        return [measure for measure in MEASURES if not right[measure]]


def _ends(one: str, two: str) -> bool:
    return one.endswith(two) or two.endswith(one)


@cache
def corpus() -> tuple[Golden, ...]:
    return tuple(Golden(case=case) for case in json.loads(gzip.decompress(CORPUS.read_bytes())))


@cache
def _by_name() -> dict[str, Golden]:
    return {golden.name: golden for golden in corpus()}


@cache
def _findings(name: str) -> tuple[Finding, ...]:
    golden = _by_name()[name]
    job = golden.job()
    annotations = [Annotation(**annotation) for annotation in golden.annotations]
    return explained(read_log(golden.log, job=job), by=read_annotations(annotations, job=job.name))


def same_signature() -> list[tuple[Golden, Golden]]:
    """Pairs that show one failure in two ways: other colours, options, jobs, reporters."""
    return [(golden, _by_name()[golden.same_as]) for golden in corpus() if golden.same_as and golden.is_scored]


def one_signature_for_two() -> list[tuple[str, str]]:
    """Pairs of names whose failures are different things and look the same."""
    seen: dict[str, Golden] = {}
    pairs = []
    for golden in corpus():
        if golden.is_scored and golden.finding is not None:
            known = seen.setdefault(golden.finding.signature.digest, golden)
            if (known.tool, known.cause) != (golden.tool, golden.cause) or not _alike(known, golden):
                pairs.append((known.name, golden.name))
    return pairs


def _alike(one: Golden, two: Golden) -> bool:
    families = {one.same_as or one.name, two.same_as or two.name}
    return len(families) == 1 or one.key == two.key or one.key in two.key or two.key in one.key


# ------------------------------------------------------------ the page


def page() -> str:
    scored = [golden for golden in corpus() if golden.is_scored]
    again = [golden for golden in scored if golden.drawn == "second"]
    held = [golden for golden in scored if golden.held_out and golden not in again]
    seen = [golden for golden in scored if not golden.held_out]
    unscored = [golden for golden in corpus() if golden.outcome == "failure" and not golden.is_scored]
    stopped = [golden for golden in corpus() if golden.outcome == "cancelled"]
    green = [golden for golden in corpus() if golden.outcome == "success"]
    by_hand = [golden for golden in scored if golden.made == "by hand"]
    alarms = [golden.name for golden in green if golden.findings]
    wrong = [golden.name for golden in stopped if golden.missed()]
    pairs = same_signature()
    differing = [one.name for one, two in pairs if _digest(one) != _digest(two)]
    return TEXT.format(
        count=len(scored), made=len(scored) - len(by_hand), hand=len(by_hand), seen=len(seen), held=len(held),
        again=len(again), share=100 * (len(held) + len(again)) // len(scored),
        unscored=_names(golden.name for golden in unscored), totals=_table(seen, held, again),
        tools=_tools(seen, held + again),
        green=len(green), alarms=_names(alarms), stopped=len(stopped), wrong=_names(wrong), pairs=len(pairs),
        differing=_names(differing), two=_names(f"{one} = {two}" for one, two in one_signature_for_two()),
        missed=_missed(scored),
    )  # fmt: skip


def _digest(golden: Golden) -> str:
    return golden.finding.signature.digest if golden.finding else ""


def _share(goldens: list[Golden], is_right: Callable[[Golden], bool]) -> str:
    return f"{sum(map(is_right, goldens))}/{len(goldens)}"


def _is_right(golden: Golden, measure: str) -> bool:
    return measure not in golden.missed() if measure in MEASURES else not golden.missed()


def _table(*groups: list[Golden]) -> str:
    rows = []
    for measure in (*MEASURES, "all of them"):
        seen, held, again = (f"{sum(_is_right(golden, measure) for golden in part)}/{len(part)}" for part in groups)
        first = f"{FIRST[measure]}/{len(groups[1])} | {FIRST_AGAIN.get(measure, 0)}/{len(groups[2])}"
        rows.append(f"| {measure} | {seen} | {first} | {held} | {again} |")
    return "\n".join(rows)


def _tools(seen: list[Golden], held: list[Golden]) -> str:
    rows = []
    for tool in sorted({golden.tool for golden in (*seen, *held)}):
        mine = [[golden for golden in part if golden.tool == tool] for part in (seen, held)]
        shares = [_share(part, lambda golden: not golden.missed()) if part else "–" for part in mine]
        rows.append(f"| {tool or '(no tool)'} | {shares[0]} | {shares[1]} |")
    return "\n".join(rows)


def _missed(scored: list[Golden]) -> str:
    wrong = [(golden, golden.missed()) for golden in scored if golden.missed()]
    rows = [f"| `{g.name}` | {'held out' if g.held_out else 'seen'} | {', '.join(missed)} |" for g, missed in wrong]
    return "\n".join(["| log | | wrong |", "|---|---|---|", *rows]) if rows else "None."


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


TEXT = """# How CI logs are read

`app/failures` reads what CI left behind. This page is written by `python -m tests.rooms.failures.golden` and checked by
`tests/rooms/failures`; how the logs were made is in `tests/corpora/ci_logs`.

{count} logs of failures: {made} were printed by the real tools on small projects that were broken on purpose, wrapped
as GitHub's runner writes them; {hand} are of what only GitHub or its actions print, by hand, after sentences that
public issues quote. {held} were held out: a hash of the name drew them before the readers were written, and they were
read for the first time when the readers were done. {again} more were made in a second draw, long after that, with other
versions of the tools and in ways in which nothing had been broken before: {share} % are held out in all. The other
{seen} were there while readers were written or mended. Those that the hash had drawn and that were seen by mistake are
counted as seen. All were made by the same hands, of projects of a few files: on the logs of strangers expect less.

Not scored, since the tool could not be run where this was made (no dotnet):
{unscored}.

| | seen while writing | held out, first reading | second draw, first reading | held out, today | second draw, today |
|---|---|---|---|---|---|
{totals}

`found`: exactly one finding. `step`: the failed step by the name that the API gives it. `key line`: the line that tells
it is among the at most 40 that are shown. `places`: every file and line that had to be found was, where the end of the
path counts (Java's traces leave the source folder out). `class`: whose failure it is, with the facts that go with the
log. What was wrong at the first reading has been looked at since, and readers were mended; of the wrong classes four
(`ctest`, `go-sum`, `node-script`, `pytest-conftest`) were facts or truths set carelessly, and those were. So today's
columns are no measure for strangers, the first ones are. After the second draw four kinds were mended: a file that jest
cannot load, eslint's `unix` format, the diff of `ruff format`, and the threshold of `coverage` itself. What is still
wrong stands at the end.

False alarms: of {green} runs that passed {alarms}; of {stopped} that were cancelled or superseded, wrong: {wrong}.

Signatures: of {pairs} pairs that show one failure in two ways (colours, options, reporters, matrix jobs) these differ:
{differing}. Different failures with one signature: {two}.

## All measures right, by tool

| tool | seen while writing | held out, today |
|---|---|---|
{tools}

## What is not right

{missed}
"""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
