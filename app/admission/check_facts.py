"""What the checks of a pull request's head say: which failed, what of their logs matters, since when, and whose failure
it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.admission import check_results
from app.admission.check_findings import MOST, Findings, told
from app.admission.check_results import Result
from app.admission.since_when import Past
from app.events.deciding import RerunAsked
from app.events.parts import CheckFailure
from app.failures import Base, Facts, Finding, Rerun, classify
from app.github import pulls, repositories
from app.github.client import GitHub
from app.github.pulls import PullRequest
from app.github.statuses import Status
from app.ports.platform import Clock

_MOST_AT_BASE = 4  # each of a matrix fails there for the same reason


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Of one commit, our own left out. `pending`: names of those that have not ended."""

    sha: str
    pending: tuple[str, ...] = ()
    green: int = 0
    failures: tuple[CheckFailure, ...] = ()


def read(
    github: GitHub,
    repo: str,
    pull_number: int,
    *,
    ours: str,
    patient: bool,
    clock: Clock,
    reruns: Iterable[RerunAsked] = (),
) -> Checks:
    """The checks of a pull request's head. While some have not ended nothing is read of the others if `patient`.

    `ours` is the slug of our App, `reruns` what was run again before. Raises as the client does.
    """
    pull = pulls.pull(github, repo, pull_number)
    results = check_results.of_commit(github, repo, pull.head_sha, ours=ours)
    pending = check_results.names(results, "pending")
    green = sum(result.state == "green" for result in results)
    if pending and patient:
        return Checks(sha=pull.head_sha, pending=pending, green=green)
    failed = [result for result in results if result.state == "red"][:MOST]
    findings = Findings(github, repo, clock)
    found = findings.of(failed)
    if not found:
        return Checks(sha=pull.head_sha, pending=pending, green=green)
    changed = tuple(pulls.changed_paths(github, repo, pull_number))
    at_base = _at_base(github, repo, pull.base_ref, failed, ours, findings)
    past = past_of(github, repo, _line(github, repo, pull), failed, ours, findings)
    earlier = [failure for asked in reruns if asked.sha == pull.head_sha for failure in asked.failures]

    def judged(one: Finding) -> CheckFailure:
        base, again = _base(one, at_base), _again(one, earlier)
        return told(one, classify(one, Facts(base=base, rerun=again, changed=changed, conclusion="failure")))

    failures = tuple(with_past(judged(one), past) for one in found)
    return Checks(sha=pull.head_sha, pending=pending, green=green, failures=failures)


def past_of(
    github: GitHub, repo: str, line: Sequence[str], failed: Sequence[Result], ours: str, findings: Findings
) -> Past:
    """The commits of a line before its first, as far as `failed` and the time for reading make it worth a look."""
    with_statuses = any(isinstance(result.source, Status) for result in failed)
    return Past(
        line,
        lambda sha: check_results.states(
            check_results.of_commit(github, repo, sha, ours=ours, with_statuses=with_statuses)
        ),
        has_time=findings.has_time,
    )


def with_past(failure: CheckFailure, past: Past) -> CheckFailure:
    """The failure, and since when it is one."""
    since = past.since(failure.jobs)
    return failure.model_copy(update={"since": since.red, "green": since.green}) if since else failure


def _line(github: GitHub, repo: str, pull: PullRequest) -> Sequence[str]:
    """The commits of a pull request from its head on; none where GitHub does not list that."""
    line = pulls.line_of(github, repo, pull.number)
    return line if pull.head_sha in line[:1] else []


@dataclass(frozen=True, kw_only=True)
class _AtBase:
    is_known: bool
    signatures: frozenset[str] = frozenset()


def _at_base(
    github: GitHub, repo: str, base_ref: str, failed_here: Sequence[Result], ours: str, findings: Findings
) -> _AtBase:
    """How the base branch stands with the same checks; of those that fail there a few are read."""
    sha = repositories.branch_sha(github, repo, base_ref) if findings.has_time() else None
    wanted = {result.name for result in failed_here}
    results = check_results.of_commit(github, repo, sha, ours=ours) if sha else []
    results = [result for result in results if result.name in wanted and result.state in {"red", "green"}]
    if not results:
        return _AtBase(is_known=False)
    failed = [result for result in results if result.state == "red"][:_MOST_AT_BASE]
    found = findings.of(failed)
    return _AtBase(is_known=True, signatures=frozenset(finding.signature.digest for finding in found))


def _base(finding: Finding, at_base: _AtBase) -> Base:
    if not at_base.is_known:
        return "unknown"
    is_same = finding.signature.digest in at_base.signatures
    return "same" if is_same else "other" if at_base.signatures else "green"


def _again(finding: Finding, earlier: Iterable[CheckFailure]) -> Rerun:
    """How it compares with what the same jobs failed of before they ran again."""
    before = {failure.signature for failure in earlier if {*failure.jobs} & {*finding.jobs}}
    return "none" if not before else "same" if finding.signature.digest in before else "other"
