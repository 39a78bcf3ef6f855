"""What the logs, annotations and outputs of failed checks tell: as findings, within a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app import failures as reading
from app.admission.check_results import Result
from app.events.parts import CheckFailure, FailurePlace
from app.failures import Annotation, Finding, Verdict
from app.github import actions, checks
from app.github.checks import CheckRun
from app.github.client import GitHub
from app.ports.platform import Clock

MOST = 12  # failed checks that are read; a matrix of two hundred has few causes
_ACTIONS = "github-actions"
_READING_SECONDS = 20.0  # a function of the cloud has a minute, and other runs wait for their look
_NO_WORDS = "It says no more than that."


class Findings:
    """Reads failed checks of a repository, until its time is over."""

    def __init__(self, github: GitHub, repo: str, clock: Clock) -> None:
        self._github = github
        self._repo = repo
        self._clock = clock
        self._until = clock.monotonic() + _READING_SECONDS

    def has_time(self) -> bool:
        """Whether more is begun."""
        return self._clock.monotonic() < self._until

    def of(self, failed: Iterable[Result]) -> Sequence[Finding]:
        """One finding for each cause; of what there was no time for, that it failed."""
        return reading.merge(
            replace(finding, link=finding.link or result.link)
            for result in failed
            for finding in (self._read(result) if self.has_time() else _unread(result))
        )

    def _read(self, result: Result) -> Sequence[Finding]:
        """Of a job its log, else annotations, else its output; of a status the sentence that it has."""
        run = result.source
        if not isinstance(run, CheckRun):
            return (reading.read_status(result.name, run.description or _NO_WORDS, link=run.link),)
        notes = [
            Annotation(message=note.message, level=note.level, path=note.path, line=note.start_line, title=note.title)
            for note in checks.annotations_of(self._github, self._repo, run.id)
        ]
        said = reading.read_annotations(notes, job=run.name, title=run.title, summary=run.summary, link=run.url)
        known = actions.job(self._github, self._repo, run.id) if run.app_slug == _ACTIONS else None
        if known is None:
            return said or (reading.read_status(run.name, run.title or _NO_WORDS, link=run.url),)
        with actions.log(self._github, self._repo, run.id) as log:
            read = reading.read_log(log.pieces, job=known, is_whole=log.is_whole) if log else ()
        found = reading.explained(read, said)
        return found or (reading.read_status(run.name, "Its log is gone or not to be read.", link=run.url),)


def _unread(result: Result) -> Sequence[Finding]:
    text = "It was not read: there was no time for all of them."
    return (reading.read_status(result.name, text, link=result.link),)


def told(finding: Finding, verdict: Verdict) -> CheckFailure:
    """As a run keeps it."""
    return CheckFailure(
        kind=verdict.kind,
        why=verdict.why,
        cause=finding.cause,
        signature=finding.signature.digest,
        key=finding.key,
        jobs=list(finding.jobs),
        step=finding.step,
        command=finding.command,
        tool=finding.tool,
        lines=[line.text for line in finding.lines],
        places=[FailurePlace(path=place.path, line=place.line, message=place.message) for place in finding.places],
        tests=list(finding.tests),
        link=finding.link,
    )
