"""No reader counts more for a line that a test printed: each runner's own summary, before and after the true one."""

from __future__ import annotations

import pytest

from app.failures import parse_counts

# Of each runner that text is read of: what it prints when `n` tests passed and nothing else happened.
SUMMARIES = {
    "pytest": "===== {n} passed in 0.01s =====\n",
    "unittest": "Ran {n} tests in 0.5s\n\nOK\n",
    "trial": "Ran {n} tests in 0.025s\n\nPASSED (successes={n})\n",
    "jest": "Tests:       {n} passed, {n} total\n",
    "vitest": "      Tests  {n} passed ({n})\n",
    "mocha": "\n  {n} passing (12ms)\n\n",
    "node": "ℹ tests {n}\nℹ pass {n}\nℹ fail 0\nℹ cancelled 0\n",
    "node-tap, old": "total ........ {n}/{n}\n",
    "node-tap": "# {{ total: {n}, pass: {n} }}\n",
    "ava": "  {n} tests passed\n",
    "bun": " {n} pass\n 0 fail\nRan {n} tests across 1 file. [9ms]\n",
    "deno": "ok | {n} passed | 0 failed (9ms)\n",
    "playwright": "Running {n} tests using 1 worker\n  {n} passed (6.5s)\n",
    "nextest": "     Summary [ 0.1s] {n} tests run: {n} passed, 0 skipped\n",
    "phpunit": "OK ({n} tests, 9 assertions)\n",
    "rspec": "{n} examples, 0 failures\n",
    "ctest": "100% tests passed, 0 tests failed out of {n}\n",
    "prove": "Files=1, Tests={n},  0 wallclock secs\nResult: PASS\n",
    "tap": "TAP version 14\n1..{n}\n{points}",
}  # fmt: skip
# One summary for each module, assembly or binary is theirs: in text another one cannot be told from a line that was
# printed. Maven and Gradle are held against their reports.
ADDED_UP = frozenset({"surefire", "gradle", "dotnet", "junit_xml"})


def summary(runner: str, passed: int) -> str:
    points = "".join(f"ok {n} - a\n" for n in range(1, passed + 1))
    return SUMMARIES[runner].format(n=passed, points=points)


@pytest.mark.parametrize("where", ["before", "after", "around"])
@pytest.mark.parametrize("runner", SUMMARIES)
def test_a_summary_that_a_test_printed_raises_no_count(runner: str, where: str) -> None:
    true, fake = summary(runner, 3), summary(runner, 99)
    output = {"before": fake + true, "after": true + fake, "around": fake + true + fake}[where]
    alone, found = parse_counts(true), parse_counts(output)
    assert alone is not None
    assert alone.passed == 3
    assert found is not None
    assert found.passed <= 3


@pytest.mark.parametrize("runner", SUMMARIES)
@pytest.mark.parametrize("other", ["pytest", "jest", "rspec", "tap"])
def test_a_summary_of_another_runner_raises_no_count(runner: str, other: str) -> None:
    found = parse_counts(summary(other, 99) + summary(runner, 3))
    assert found is not None
    assert found.passed <= 3
