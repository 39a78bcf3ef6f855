"""Findings without a log: check-run annotations and output, and commit statuses. Pure.

Other apps' checks have no log at all, Actions jobs that never started have none, and logs are gone after their
retention (404, 410). What there is has the same record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.failures.readers import read_lines
from app.failures.reading import read_log
from app.failures.records import MAX_LINES, MAX_PLACES, Cause, Failure, Finding, Job, Line, Place
from app.failures.signature import signature
from app.failures.surroundings import around, said_by_github
from app.text.untrusted import clean, one_line

Level = Literal["failure", "warning", "notice"]
_EXIT = re.compile(r"Process completed with exit code (-?\d{1,10})\.")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One annotation of a check run, of `GET /check-runs/{id}/annotations`; the path `.github` stands for none."""

    message: str
    level: Level = "failure"
    path: str = ""
    line: int = 0
    title: str = ""


def read_annotations(
    annotations: Iterable[Annotation], *, job: str = "", title: str = "", summary: str = "", link: str = ""
) -> tuple[Finding, ...]:
    """What a check run's annotations and output tell, as one finding; empty where they tell nothing but an exit code.

    `title` and `summary` are the check run's output, Markdown from whoever made it.
    """
    failures = [annotation for annotation in annotations if annotation.level == "failure"]
    if told := said_by_github(annotation.message for annotation in failures):
        return (_told(told[0], failures[told[1]].message, job=job, link=link),)
    named = [annotation for annotation in failures if not _EXIT.fullmatch(annotation.message.strip())]
    if named:
        return (_annotated(named, job=job, link=link),)
    if summary.strip() or title.strip():
        return (_output(title, summary, job=job, link=link),)
    return ()


def read_status(context: str, description: str, *, link: str = "") -> Finding:
    """A commit status: a name, a sentence and a link are all it has."""
    message = one_line(description, 300)
    found = said_by_github([message]) or around([message])
    cause: Cause = found[0] if found else "unknown"
    failure = Failure(message=message, name=context)
    return Finding(
        source="status",
        cause=cause,
        signature=signature("", cause, [failure]),
        jobs=(one_line(context, 200),),
        key=message,
        link=link,
    )


def _told(cause: Cause, message: str, *, job: str, link: str) -> Finding:
    key = one_line(message, 300)
    found = signature("", cause, [Failure(message=message)])
    return Finding(
        source="annotations",
        cause=cause,
        signature=found,
        jobs=_jobs(job),
        key=key,
        lines=(Line(number=1, text=key),),
        link=link,
    )


def _annotated(named: Sequence[Annotation], *, job: str, link: str) -> Finding:
    failures = [
        Failure(
            message=one_line(annotation.message, 500),
            name=annotation.title[:200],
            path=_path(annotation.path),
            line=annotation.line,
        )
        for annotation in named
    ]
    texts = [line for annotation in named for line in annotation.message.split("\n")[:MAX_LINES]]
    found = around(texts)
    cause: Cause = found[0] if found else "unknown"
    places = {(f.path, f.line): Place(path=f.path, line=f.line, message=f.message[:300]) for f in failures if f.path}
    return Finding(
        source="annotations",
        cause=cause,
        signature=signature("", cause, failures),
        jobs=_jobs(job),
        key=one_line(named[0].message, 300),
        lines=tuple(Line(number=at, text=clean(text)[:300]) for at, text in enumerate(texts[:MAX_LINES], 1)),
        places=tuple(places.values())[:MAX_PLACES],
        link=link,
    )


def _output(title: str, summary: str, *, job: str, link: str) -> Finding:
    """Some apps paste what a tool printed: read like a step that failed."""
    lines = [line for line in clean(summary).split("\n") if not line.startswith("```")][:2000]
    reading, _ = read_lines(lines, said=title)
    if reading is not None and reading.certain:
        log = "\n".join(["##[group]Run output", "##[endgroup]", *lines, "##[error]Process completed with exit code 1."])
        found = read_log(log, job=Job(name=job))
        if found:
            one = found[0]
            return Finding(
                source="output",
                cause=one.cause,
                signature=one.signature,
                jobs=_jobs(job),
                tool=one.tool,
                key=one.key,
                lines=one.lines,
                places=one.places,
                tests=one.tests,
                failed=one.failed,
                ran=one.ran,
                link=link,
            )
    key = one_line(title or next((line for line in lines if line.strip()), ""), 300)
    told = around([title, *lines[:200]])
    cause: Cause = told[0] if told else "unknown"
    shown = tuple(Line(number=at, text=line[:300]) for at, line in enumerate(lines, 1) if line.strip())[:MAX_LINES]
    return Finding(
        source="output",
        cause=cause,
        signature=signature("", cause, [Failure(message=key)]),
        jobs=_jobs(job),
        key=key,
        lines=shown,
        link=link,
    )


def _path(path: str) -> str:
    return "" if path in {".github", ""} else one_line(path, 300)


def _jobs(job: str) -> tuple[str, ...]:
    return (one_line(job, 200),) if job else ()
