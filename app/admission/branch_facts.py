"""What the checks of a commit of the default branch say: what failed, since when, and what has passed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.admission import check_results
from app.admission.check_facts import past_of, with_past
from app.admission.check_findings import MOST, Findings, told
from app.admission.check_results import Result, State
from app.events.deciding import ChecksRead
from app.events.parts import CheckFailure
from app.failures import Facts, classify
from app.github import repositories
from app.github.client import GitHub
from app.ports.platform import Clock

_MOST_NEWER = 5  # commits after the one that was asked about


def read(
    github: GitHub,
    repo: str,
    sha: str,
    *,
    before: ChecksRead | None,
    branch: str,
    ours: str,
    patient: bool,
    clock: Clock,
) -> ChecksRead:
    """The checks of `sha`, compared with the reading `before`; what a newer commit has passed is not red any more.

    While some have not ended nothing is read of the others if `patient`. `ours` is the slug of our App. Raises as the
    client does.
    """
    line = repositories.line_of(github, repo, branch)
    results = check_results.of_commit(github, repo, sha, ours=ours) if sha in line else ()
    pending = check_results.names(results, "pending")
    if pending and patient:
        return ChecksRead(sha=sha, branch=branch, pending=list(pending), repairs=False)
    at = line.index(sha) if sha in line else 0
    newer = line[:at][-_MOST_NEWER:]
    later = _settled(check_results.of_commit(github, repo, each, ours=ours) for each in newer)
    failed = [result for result in results if result.state == "red" and later.get(result.name) != "green"][:MOST]
    passed = {name for name, state in {**check_results.states(results), **later}.items() if state == "green"}
    findings = Findings(github, repo, clock)
    found = [told(one, classify(one, Facts(conclusion="failure"))) for one in findings.of(failed)]
    past = past_of(github, repo, line[at:], failed, ours, findings)
    known = {failure.signature: failure for failure in (*before.failures, *before.carried)} if before else {}
    fresh = [
        _again(failure, known[failure.signature], is_new=before is None or before.sha != sha)
        if failure.signature in known
        else with_past(failure, past)
        for failure in found
    ]
    rest = [known[signature] for signature in known.keys() - {failure.signature for failure in fresh}]
    return ChecksRead(
        sha=sha,
        branch=branch,
        failures=fresh,
        carried=[left for failure in rest if (left := _left(failure, passed)).jobs],
        over=[failure for failure in rest if not _left(failure, passed).jobs],
        green=len(passed),
        pending=list(pending),
        repairs=False,
    )


def _settled(readings: Iterable[Sequence[Result]]) -> Mapping[str, State]:
    """Of each name what the newest commit says on which it has passed or failed; the newest commit comes first."""
    found: dict[str, State] = {}
    for results in readings:
        for name, state in check_results.states(results).items():
            if state in {"red", "green"}:
                found.setdefault(name, state)
    return found


def _again(failure: CheckFailure, known: CheckFailure, *, is_new: bool) -> CheckFailure:
    """The same cause on another commit: since when is known."""
    return failure.model_copy(
        update={"since": known.since, "green": known.green, "times": known.times + (1 if is_new else 0)}
    )


def _left(failure: CheckFailure, passed: set[str]) -> CheckFailure:
    """What has not passed of what had failed with this cause."""
    return failure.model_copy(update={"jobs": [job for job in failure.jobs if job not in passed]})
