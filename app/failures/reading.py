"""The log of one job read: which step failed, what of it matters, and why. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from app.failures.counts import Counts
from app.failures.excerpt import excerpt, key_line
from app.failures.printed import parse_counts
from app.failures.readers import TEST_RUNNERS, read_lines
from app.failures.records import MAX_PLACES, Cause, Failure, Finding, Job, Line, Place, Reading, Step
from app.failures.runner_log import Section, failed_sections, read_sections
from app.failures.signature import signature
from app.failures.surroundings import around, said_by_github
from app.text.untrusted import one_line

_NONE = Job()
_SLACK = timedelta(seconds=1)  # the API's times are whole seconds
_TOGETHER = 15  # lines that are shown as one passage
_CLOSE = 40  # lines before the end that may tell why, where no reader knows
# By the kernel, mostly for memory; by timeout(1); by a signal of the program's own making.
_KILLED: dict[int | None, Cause] = {137: "memory", 124: "timeout", 134: "crash", 139: "crash"}
# Found in the project's own text, or compared by a test: what it speaks of did not happen.
_OF_TEXT: frozenset[Cause] = frozenset({"lint", "format", "type", "syntax", "coverage", "no-tests"})
_ASSERTED = re.compile(r"assert\b|AssertionError|expect\(|Failed asserting|[Ee]xpected\b|Assert\.")
_FETCHERS = frozenset({"pip", "npm", "go", "cargo", "uv", "poetry", "yarn", "pnpm"})


def read_log(
    log: str | bytes | Iterable[bytes] | Iterable[str], *, job: Job = _NONE, is_whole: bool = True
) -> tuple[Finding, ...]:
    """What failed in the log of one job, one finding for each failed step; empty where nothing did.

    `log` may be given whole or in pieces, as bytes or text, of any length: it is read once and held in part. `job` is
    what the API tells of it: names of steps, and which of them count as failed. `is_whole` is False for a log that was
    fetched by range. Nothing is raised for what a log may hold.
    """
    if job.conclusion in {"success", "skipped", "neutral"}:
        for _ in log if not isinstance(log, (str, bytes)) else ():
            pass
        return ()
    sections = failed_sections(read_sections(log))
    pairs = _with_steps(sections, job)
    found = [finding for section, step in pairs if (finding := _finding(section, step, job, is_whole=is_whole))]
    return tuple(found)


def cause_of(output: str, *, command: str) -> Cause | None:
    """What failed by the output of one command, which may begin anywhere; None where no reader is certain."""
    reading, _via = read_lines(output.splitlines(), said=command)
    return reading.cause if reading is not None and reading.certain else None


def _with_steps(sections: Sequence[Section], job: Job) -> list[tuple[Section, str]]:
    """Failed sections with the name of their step. What the API calls passed (`continue-on-error`) is left out."""
    failed = [step for step in job.steps if step.conclusion in {"failure", "timed_out", "cancelled"}]
    if not failed:
        ended = [section for section in sections if section.exit_code is not None]
        return [(section, section.title) for section in ended or sections]
    pairs: list[tuple[Section, str]] = []
    for section in sections:
        step = next((step for step in failed if _overlap(section, step)), None)
        if step is not None:
            pairs.append((section, step.name))
    if not pairs and sections:  # clocks that disagree: the step whose name the section has, or the first
        pairs = [(sections[0], failed[0].name)]
    return _joined(pairs)


def _overlap(section: Section, step: Step) -> bool:
    at = section.failed_at or section.ended
    if at is None or step.started_at is None or step.completed_at is None:
        return step.name == section.title
    return step.started_at - _SLACK <= at <= step.completed_at + _SLACK


def _joined(pairs: list[tuple[Section, str]]) -> list[tuple[Section, str]]:
    """One section for each step: within a second of one another two may look like one; the one that ended in an exit
    code, or in an error, is meant.
    """
    best: dict[str, Section] = {}
    for section, name in pairs:
        known = best.get(name)
        if known is None or (known.exit_code is None and section.exit_code is not None):
            best[name] = section
    return [(section, name) for name, section in best.items()]


# ------------------------------------------------------------ one step


def _finding(section: Section, step: str, job: Job, *, is_whole: bool) -> Finding | None:
    lines = section.lines
    texts = [line.text for line in lines]
    told = said_by_github(error.text for error in section.errors)
    if told and (told[0] != "cancelled" or job.conclusion != "failure" or section.exit_code is None):
        return _told(section, step, job, cause=told[0], error=section.errors[told[1]])
    if not section.errors and section.exit_code is None and (job.conclusion != "failure" or not lines):
        return None  # a log that breaks off without an error: nothing says that anything failed
    reading, via = read_lines(texts, said=f"{section.title} {' '.join(section.script)}")
    reading = _in_surroundings(reading, section, texts)
    counts = (
        parse_counts("\n".join(texts[-2000:]), whole=section.is_whole)
        if reading and reading.tool in TEST_RUNNERS
        else None
    )
    return _made(section, step, job, reading, via=via, counts=counts, is_whole=is_whole and section.is_whole)


def _in_surroundings(reading: Reading | None, section: Section, texts: Sequence[str]) -> Reading:
    """The reading with the cause that lies around the tool, or what can be said without a reader."""
    if reading is not None and reading.certain:
        messages = [failure.message for failure in reading.failures]
        told = [around([message]) for message in messages]
        if told and all(told) and reading.cause not in _OF_TEXT and not any(map(_ASSERTED.match, messages)):
            return replace(reading, cause=told[0][0])  # type: ignore[index]
        if reading.tool in _FETCHERS and reading.cause in {
            "dependency",
            "unknown",
            "import",
            "compile",
            "usage",
            "crash",
        }:
            return _deeper(reading, texts)
        return reading
    if found := _around(section, reading, texts):
        cause, at = found
        tool = reading.tool if reading else ""
        return Reading(tool=tool, cause=cause, failures=(Failure(message=texts[at], at=at, until=at),))
    near = range(max(0, len(texts) - _CLOSE), len(texts))
    if section.exit_code in _KILLED:
        at = max((n for n in near if texts[n].strip()), default=0)
        return Reading(
            tool=reading.tool if reading else "",
            cause=_KILLED[section.exit_code],
            failures=(Failure(message=f"exit code {section.exit_code}", at=at, until=at),),
        )
    return reading or _plain(section, texts)


def _around(section: Section, reading: Reading | None, texts: Sequence[str]) -> tuple[Cause, int] | None:
    """A cause that lies around the tool, and the index of its line: first what was said of the failure, then the errors
    that were marked, then the last lines.
    """
    errors = {error.text for error in section.errors}
    said = [failure.at for failure in reading.failures] if reading else []
    marked = [at for at, text in enumerate(texts) if text in errors]
    for where in (said, marked, range(max(0, len(texts) - _CLOSE), len(texts))):
        if found := around(texts[at] for at in where):
            return found[0], where[found[1]]
    return None


def _deeper(reading: Reading, texts: Sequence[str]) -> Reading:
    """A package manager's last word hides why: it stands some lines above."""
    first = reading.failures[0]
    start = max(0, first.at - _CLOSE)
    found = around(texts[start : first.at + 12])
    if found is None:
        return reading
    at = start + found[1]
    shown = (min(first.at, at), max(first.until, at))
    if shown[1] - shown[0] > _TOGETHER:
        shown = (at, at)
    return replace(reading, cause=found[0], failures=(Failure(message=texts[at], at=shown[0], until=shown[1]),))


def _plain(section: Section, texts: Sequence[str]) -> Reading:
    """What no reader knows: the errors that were marked as such, or the last words."""
    if section.errors:
        shown = [next((n for n, text in enumerate(texts) if text == error.text), 0) for error in section.errors[:10]]
        failures = tuple(
            Failure(message=error.text[:500], at=n, until=n) for error, n in zip(section.errors, shown, strict=False)
        )
        return Reading(tool="", cause="unknown" if section.exit_code is None else "command", failures=failures)
    last = max((n for n, text in enumerate(texts) if text.strip()), default=-1)
    message = texts[last] if last >= 0 else f"exit code {section.exit_code}"
    return Reading(
        tool="",
        cause="command" if section.exit_code is not None else "unknown",
        failures=(Failure(message=message[:500], at=max(last, 0), until=max(last, 0)),),
    )


def _told(section: Section, step: str, job: Job, *, cause: Cause, error: Line) -> Finding:
    failure = Failure(message=error.text)
    key = one_line(error.text, 300)
    return Finding(
        source="log",
        cause=cause,
        signature=signature("", cause, [failure]),
        jobs=_jobs(job),
        step=one_line(step, 200),
        command="\n".join(section.script),
        key=key,
        lines=(Line(number=error.number, text=key),),
        exit_code=section.exit_code,
    )


def _made(
    section: Section,
    step: str,
    job: Job,
    reading: Reading,
    *,
    via: tuple[str, ...],
    counts: Counts | None,
    is_whole: bool,
) -> Finding:
    lines = section.lines
    tests = (
        tuple(dict.fromkeys(one_line(f.name, 300) for f in reading.failures if f.name))
        if reading.tool in TEST_RUNNERS
        else ()
    )
    return Finding(
        source="log",
        cause=reading.cause,
        signature=signature(reading.tool, reading.cause, reading.failures),
        jobs=_jobs(job),
        step=one_line(step, 200),
        command="\n".join(one_line(line, 1000) for line in section.script),
        tool=reading.tool,
        via=via,
        key=key_line(lines, reading),
        lines=excerpt(lines, reading),
        places=_places(reading.failures),
        tests=tests or (tuple(counts.failing) if counts else ()),
        failed=counts.failed + counts.errors if counts else None,
        ran=counts.ran if counts else None,
        exit_code=section.exit_code,
        is_whole=is_whole,
    )


def _jobs(job: Job) -> tuple[str, ...]:
    return (one_line(job.name, 200),) if job.name else ()


def _places(failures: Iterable[Failure]) -> tuple[Place, ...]:
    found: dict[tuple[str, int], Place] = {}
    for failure in failures:
        if failure.path:
            place = Place(path=one_line(failure.path, 300), line=failure.line, message=one_line(failure.message, 300))
            found.setdefault((place.path, place.line), place)
    for failure in failures:
        for other in failure.also:
            found.setdefault(
                (other.path, other.line),
                replace(other, path=one_line(other.path, 300), message=one_line(failure.message, 300)),
            )
    return tuple(found.values())[:MAX_PLACES]
