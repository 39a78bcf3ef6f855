"""Whether the same jobs, run again on the same commit, may pass or tell more. Pure."""

from __future__ import annotations

from app.failures.classify import Facts, Verdict, classify
from app.failures.records import Cause, Finding, Signature

MOST_RERUNS = 3  # of one commit, before a person has to look

# What is set in the repository or in an account stays as it is, however often the job runs.
_PASSES = frozenset({"runner", "memory", "disk", "time-limit"})
_STOPPED = frozenset({"cancelled", "superseded"})


def may_pass_again(kind: str, cause: str) -> bool:
    """Of a failure's class and cause. What nobody knows the owner of is worth one more run: it tells chance from cause,
    and what fails in the same way again is no longer unknown.
    """
    if kind in {"flaky", "external"}:
        return True
    if kind == "infrastructure":
        return cause in _PASSES
    return kind == "unknown" and cause not in _STOPPED


def may_be_repaired(kind: str) -> bool:
    """Whether a change of the project can help with a failure of that class."""
    return kind not in {"infrastructure", "external", "flaky", "cancelled"}


def passed_again(cause: Cause, signature: str, key: str) -> Verdict:
    """Whose failure it was, now that the same commit has passed."""
    finding = Finding(source="log", cause=cause, signature=Signature(digest=signature, key=key), key=key)
    return classify(finding, Facts(rerun="passed"))
