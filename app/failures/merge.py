"""Findings put together: matrix jobs with one cause, and what several sources say of one job. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.failures.records import MAX_PLACES, Cause, Finding
from app.failures.surroundings import SAID_BY_GITHUB

_UNSAID: frozenset[Cause] = frozenset({"cancelled", "unknown"})


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each signature, in the order in which they came, with the jobs and places of all."""
    found: dict[str, Finding] = {}
    for finding in findings:
        known = found.get(finding.signature.digest)
        found[finding.signature.digest] = finding if known is None else _both(known, finding)
    return tuple(found.values())


def explained(findings: Iterable[Finding], by: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of one job's log with those of its annotations (`by`).

    A log that was cancelled does not say why; time limit, concurrency, billing and missing runners stand only in
    annotations. Where an annotation tells such a cause, it stands instead of a log's "cancelled", keeping what the log
    knows besides; where there is no log, the annotations are all there is.
    """
    findings, by = tuple(findings), tuple(by)
    told = [finding for finding in by if finding.cause in SAID_BY_GITHUB and finding.cause not in _UNSAID]
    if not findings:
        return tuple(told[:1]) or by
    if not told:
        return findings
    return tuple(_because(finding, told[0]) if finding.cause in _UNSAID else finding for finding in findings)


def _because(finding: Finding, reason: Finding) -> Finding:
    return replace(finding, cause=reason.cause, signature=reason.signature, key=reason.key)


def _both(known: Finding, other: Finding) -> Finding:
    places = {(place.path, place.line): place for place in (*other.places, *known.places)}
    ordered = dict.fromkeys((place.path, place.line) for place in (*known.places, *other.places))
    return replace(
        known,
        jobs=tuple(dict.fromkeys((*known.jobs, *other.jobs))),
        places=tuple(places[key] for key in ordered)[:MAX_PLACES],
        tests=tuple(dict.fromkeys((*known.tests, *other.tests))),
        is_whole=known.is_whole and other.is_whole,
    )
