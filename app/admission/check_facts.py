"""What the checks of a commit say: which failed, what of their logs matters, and whose failure it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app import failures as reading
from app.events.parts import CheckFailure, FailurePlace
from app.failures import Annotation, Facts, Finding
from app.github import actions, checks, pulls, repositories
from app.github.checks import CheckRun
from app.github.client import GitHub
from app.ports.platform import Clock
from app.triggers.checks import FAILED

_MOST = 12  # failed checks that are read; a matrix of two hundred has few causes
_MOST_AT_BASE = 4  # each of a matrix fails there for the same reason
_ACTIONS = "github-actions"
_READING_SECONDS = 20.0  # a function of the cloud has a minute, and other runs wait for their look


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Of one commit, our own left out. `pending`: names of those that have not ended."""

    sha: str
    pending: tuple[str, ...] = ()
    green: int = 0
    failures: tuple[CheckFailure, ...] = ()


def read(github: GitHub, repo: str, pull_number: int, *, ours: str, patient: bool, clock: Clock) -> Checks:
    """The checks of a pull request's head. While some have not ended nothing is read of the others if `patient`.

    `ours` is the slug of our App. Raises as the client does.
    """
    pull = pulls.pull(github, repo, pull_number)
    runs = [run for run in checks.latest(github, repo, pull.head_sha) if run.app_slug != ours]
    pending = tuple(run.name for run in runs if run.status != "completed")
    green = sum(run.conclusion in {"success", "neutral", "skipped"} for run in runs)
    if pending and patient:
        return Checks(sha=pull.head_sha, pending=pending, green=green)
    failed = [run for run in runs if run.conclusion in FAILED][:_MOST]
    until = clock.monotonic() + _READING_SECONDS
    found = reading.merge(
        replace(finding, link=finding.link or run.url)
        for run in failed
        for finding in (_findings(github, repo, run) if clock.monotonic() < until else _unread(run))
    )
    changed = tuple(pulls.changed_paths(github, repo, pull_number)) if found else ()
    has_time = clock.monotonic() < until
    at_base = _at_base(github, repo, pull.base_ref, failed, ours) if found and has_time else None
    told = tuple(_told(finding, at_base, changed) for finding in found)
    return Checks(sha=pull.head_sha, pending=pending, green=green, failures=told)


def _findings(github: GitHub, repo: str, run: CheckRun) -> Sequence[Finding]:
    """What one failed check tells: its job's log where it has one, else annotations, else its output."""
    notes = [
        Annotation(message=note.message, level=note.level, path=note.path, line=note.start_line, title=note.title)
        for note in checks.annotations_of(github, repo, run.id)
    ]
    said = reading.read_annotations(notes, job=run.name, title=run.title, summary=run.summary, link=run.url)
    known = actions.job(github, repo, run.id) if run.app_slug == _ACTIONS else None
    if known is None:
        return said or (reading.read_status(run.name, run.title or "It says no more than that.", link=run.url),)
    with actions.log(github, repo, run.id) as log:
        read = reading.read_log(log.pieces, job=known, is_whole=log.is_whole) if log else ()
    found = reading.explained(read, said)
    return found or (reading.read_status(run.name, "Its log is gone or not to be read.", link=run.url),)


def _unread(run: CheckRun) -> Sequence[Finding]:
    return (reading.read_status(run.name, "It was not read: there was no time for all of them.", link=run.url),)


@dataclass(frozen=True, kw_only=True)
class _AtBase:
    is_known: bool
    signatures: frozenset[str] = frozenset()


def _at_base(github: GitHub, repo: str, base_ref: str, failed_here: Iterable[CheckRun], ours: str) -> _AtBase:
    """How the base branch stands with the same checks; of those that fail there a few are read."""
    sha = repositories.branch_sha(github, repo, base_ref)
    wanted = {run.name for run in failed_here}
    runs = [run for run in checks.latest(github, repo, sha) if run.name in wanted] if sha else []
    runs = [run for run in runs if run.app_slug != ours and run.status == "completed"]
    if not runs:
        return _AtBase(is_known=False)
    failed = [run for run in runs if run.conclusion in FAILED][:_MOST_AT_BASE]
    found = [finding for run in failed for finding in _findings(github, repo, run)]
    return _AtBase(is_known=True, signatures=frozenset(finding.signature.digest for finding in found))


def _told(finding: Finding, at_base: _AtBase | None, changed: tuple[str, ...]) -> CheckFailure:
    base: reading.Base = "unknown"
    if at_base and at_base.is_known:
        is_same = finding.signature.digest in at_base.signatures
        base = "same" if is_same else "other" if at_base.signatures else "green"
    verdict = reading.classify(finding, Facts(base=base, changed=changed, conclusion="failure"))
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
