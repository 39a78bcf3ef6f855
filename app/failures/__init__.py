"""What CI left behind, turned into findings that a person can use. Pure.

    findings = read_log(log, job=Job(name="test (3.12)", conclusion="failure", steps=(Step(name="Run tests", …),)))
    findings = explained(findings, by=read_annotations(annotations, job="test (3.12)"))   # why GitHub stopped it
    findings = merge(all_jobs)                              # matrix jobs with one cause are one
    verdict = classify(findings[0], Facts(base="green", changed=("shop/cart.py",)))       # whose failure, and why

`read_status` makes a finding of a commit status, which is a sentence and a link. A finding has a `cause`, the `tool`,
the `key` line, at most 40 `lines`, the `places` that the tool points to, failing `tests`, and a `signature` that is the
same when the same thing fails again. All of its text is from outside: cleaned, never trusted.

A new tool is one entry in its family's file in `readers/`; a new cause around the project one row in `surroundings`; a
new rule of whose failure it is one row in `classify`.
"""

from __future__ import annotations

from app.failures.classify import Base, Class, Conclusion, Facts, Rerun, Verdict, classify, names_a_changed_file
from app.failures.counts import Counts
from app.failures.from_github import Annotation, read_annotations, read_status
from app.failures.merge import explained, merge
from app.failures.printed import parse_counts
from app.failures.reading import cause_of, read_log
from app.failures.records import MAX_LINES, MAX_PLACES, Cause, Finding, Job, Line, Place, Signature, Step

__all__ = [
    "MAX_LINES",
    "MAX_PLACES",
    "Annotation",
    "Base",
    "Cause",
    "Class",
    "Conclusion",
    "Counts",
    "Facts",
    "Finding",
    "Job",
    "Line",
    "Place",
    "Rerun",
    "Signature",
    "Step",
    "Verdict",
    "cause_of",
    "classify",
    "explained",
    "merge",
    "names_a_changed_file",
    "parse_counts",
    "read_annotations",
    "read_log",
    "read_status",
]
