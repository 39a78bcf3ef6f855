"""TRX, the report of VSTest and of Microsoft.Testing.Platform for .NET. Pure.

From its schema (vstst.xsd) and what loggers of it are documented to write; .NET was not there to run it.
"""

from __future__ import annotations

from collections import Counter

from app.failures.counts import Counts
from app.reports.xml import MAX_CASES, UnreadableReport, walk

# What is in none of these ended badly: Failed, Error, Timeout, Aborted, Disconnected, PassedButRunAborted, …
_ENDED = {
    "Passed": "passed", "NotExecuted": "skipped", "Inconclusive": "skipped", "NotRunnable": "skipped",
    "Pending": "skipped", "Completed": "skipped", "Warning": "skipped",
}  # fmt: skip


def counted(content: bytes) -> Counts:
    """Raises UnreadableReport. A run that was aborted says so beside its results: that is an error without a name."""
    numbers: Counter[str] = Counter()
    failing: list[str] = []
    root: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        root.extend([tag] * (not root))
        if root != ["TestRun"]:
            raise UnreadableReport("it is no report of tests")
        if tag == "UnitTestResult":
            ended = _ENDED.get(attributes.get("outcome", ""), "failed")
            numbers[ended] += 1
            failing.extend([attributes.get("testName", "")] * (ended == "failed"))
        numbers["errors"] += tag == "RunInfo" and attributes.get("outcome") == "Error"
        if numbers.total() > MAX_CASES:
            raise UnreadableReport("it holds too many tests")

    walk(content, start)
    return Counts.of(numbers, failing)
