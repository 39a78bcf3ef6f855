"""A report and the printed text: whatever differs, the worse one counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.failures.counts import Counts
from app.reports.settle import heard, settled, together, with_starts

ONE_FAILS = Counts(passed=2, failed=1, failing=("a",))
NUMBERS = st.integers(min_value=0, max_value=3)
COUNTS = st.builds(
    Counts, passed=NUMBERS, failed=NUMBERS, skipped=NUMBERS, errors=NUMBERS,
    failing=st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple),
)  # fmt: skip


@pytest.mark.parametrize(
    ("report", "text", "speaks", "expected"),
    [
        (Counts(passed=3), Counts(passed=3), True, Counts(passed=3)),
        (Counts(passed=999), Counts(passed=3), True, Counts(passed=3)),  # written over
        (Counts(passed=3), Counts(passed=999), True, Counts(passed=3)),  # a printed line
        (Counts(passed=3), ONE_FAILS, True, ONE_FAILS),
        (ONE_FAILS, Counts(passed=3), True, ONE_FAILS),
        (Counts(), Counts(passed=3), True, Counts()),  # nothing ran
        (Counts(passed=3), Counts(), True, Counts()),
        (Counts(passed=3), None, True, None),  # a runner that always speaks did not
        (Counts(passed=3), None, False, Counts(passed=3)),  # Gradle says nothing of what passes
        (Counts(), None, True, Counts()),
        (Counts(passed=3, failed=1, failing=("b",)), None, True, Counts(passed=3, failed=1, failing=("b",))),
        (Counts(failed=2, failing=("a",)), Counts(failed=2, failing=("a", "b")), True,
         Counts(failed=2, failing=("a", "b"))),
    ],
)  # fmt: skip
def test_the_worse_one_counts(report: Counts, text: Counts | None, speaks: bool, expected: Counts | None) -> None:
    assert settled(report, text, speaks=speaks) == expected


@given(COUNTS, COUNTS)
def test_neither_can_better_the_other(report: Counts, text: Counts) -> None:
    found = settled(report, text, speaks=True)
    assert found is not None
    assert found.passed == min(report.passed, text.passed)
    assert found.failed + found.errors == max(report.failed + report.errors, text.failed + text.errors)


THREE, FOUR, RED = Counts(passed=3), Counts(passed=4), Counts(passed=1, failed=1, failing=("a",))


@pytest.mark.parametrize(
    ("reports", "printed", "expected"),
    [
        ([THREE, FOUR], [(3, 0), (4, 0)], [THREE, FOUR]),
        ([RED, FOUR], [(4, 0)], [FOUR]),  # a test that started the runner itself
        ([FOUR, RED, THREE], [(4, 0), (3, 0)], [FOUR, THREE]),
        ([THREE, FOUR], [], [FOUR]),
        ([Counts(passed=999), FOUR], [(4, 0)], [FOUR]),  # a report that was put there
        ([THREE, FOUR], [(9, 0)], [FOUR]),
        ([THREE], [(3, 0), (4, 0)], [THREE]),
    ],
)
def test_of_several_starts_those_are_heard_that_people_see(
    reports: list[Counts], printed: list[tuple[int, int]], expected: list[Counts]
) -> None:
    assert heard(reports, printed) == expected


def test_several_starts_add_up_and_one_test_can_fail_in_each() -> None:
    assert together([RED, RED, THREE]) == Counts(passed=5, failed=2, failing=("a", "a (2)"))


@given(st.lists(COUNTS, min_size=1, max_size=4), st.data())
def test_a_report_that_is_lost_understates_and_never_overstates(starts: list[Counts], data: st.DataObject) -> None:
    """Of several starts some may leave none, and a test may print a summary: no more passed, and no less failed."""
    reports = data.draw(st.lists(st.sampled_from(starts), unique_by=id, min_size=1))
    printed = [(counts.passed, counts.failed + counts.errors) for counts in starts]
    printed += data.draw(st.lists(st.tuples(NUMBERS, st.just(0)), max_size=2))
    text = Counts(passed=min(passed for passed, _ in printed), failed=sum(bad for _, bad in printed))
    for left in (heard(reports, printed), reports):
        found = settled(together(left), with_starts(text, printed, len(left)), speaks=True)
        assert found is not None
        assert found.passed <= sum(counts.passed for counts in starts)
        assert found.failed + found.errors >= sum(counts.failed + counts.errors for counts in starts)
