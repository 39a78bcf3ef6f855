"""What a report and the printed text of one command say together. Pure.

Both come from a sandbox whose code could write either. So where they differ the worse one counts: the smaller number
that passed, the greater that failed. A contradiction can then turn a pass into something else, and never the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.failures.counts import Counts, told_apart


def heard(reports: Sequence[Counts], printed: Sequence[tuple[int, int]]) -> list[Counts]:
    """Of a runner that was started several times, the reports of those starts that people are shown: a test that starts
    the runner itself has it leave a report, and prints no summary. `printed`: what passed and what did not, by summary.
    """
    left, found = list(printed), []
    for report in reports:
        numbers = (report.passed, _bad(report))
        if numbers in left:
            left.remove(numbers)
            found.append(report)
    return found if printed and not left else list(reports[-max(1, len(printed)) :])


def together(reports: Sequence[Counts]) -> Counts:
    """All of them added up; the same test that failed twice is told apart."""
    whole = reports[0]
    for report in reports[1:]:
        whole = whole.plus(report)
    return replace(whole, failing=told_apart(name for report in reports for name in report.failing))


def with_starts(text: Counts | None, printed: Sequence[tuple[int, int]], starts: int) -> Counts | None:
    """`text` counts what the smallest summary passed; of so many starts as many of them passed, the smallest ones."""
    if text is None or starts < 2:
        return text
    return replace(text, passed=sum(sorted(passed for passed, _bad in printed)[:starts]))


def settled(report: Counts, text: Counts | None, *, speaks: bool) -> Counts | None:
    """`text` is None when no summary was printed. A runner that `speaks` always prints one: a report beside none was
    not written by a run that came to its end, and what it says to the good does not count.
    """
    if text is None:
        is_good = report.passed > 0 and not report.failed + report.errors
        return None if speaks and is_good else report
    worse, other = (report, text) if _bad(report) >= _bad(text) else (text, report)
    least = min(report, text, key=lambda counts: counts.passed)
    counts = replace(worse, passed=least.passed, skipped=least.skipped)
    if not counts.names_all_failures and other.names_all_failures and _bad(other) == _bad(worse):
        counts = replace(counts, failing=other.failing)
    return counts


def _bad(counts: Counts) -> int:
    return counts.failed + counts.errors
