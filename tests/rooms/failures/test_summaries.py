"""What runners really printed (tests/corpora/reports), what a test prints between, and a package before every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.failures import Counts, parse_counts

CORPUS = Path(__file__).parents[2] / "corpora" / "reports"
TRIAL = ("test_a.T.test_bad", "test_a.T.test_err")
GO = ("TestBad", "TestBad/zero", "example.org/m/bad")
# Of tools that could not be run where this was written; from their documentation.
NEXTEST = """\
        FAIL [   0.004s] shop tests::divides
     Summary [   0.010s] 3 tests run: 2 passed, 1 failed, 1 skipped
        FAIL [   0.004s] shop tests::divides
"""
DOTNET = """\
  Failed Shop.Tests.Divides [12 ms]
Failed!  - Failed:     1, Passed:     2, Skipped:     1, Total:     4, Duration: 9 ms - Shop.Tests.dll (net8.0)
Passed!  - Failed:     0, Passed:     5, Skipped:     0, Total:     5, Duration: 9 ms - More.Tests.dll (net8.0)
"""
PHPUNIT = "1) ShopTest::testDivides\n\nFAILURES!\nTests: 4, Assertions: 5, Failures: 1, Skipped: 1.\n"
RSPEC = "rspec ./spec/a_spec.rb:3 # Shop divides\n\n5 examples, 1 failure, 1 pending\n"
CARGO = "running 2 tests\n{}test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"
JEST = "Tests:       {} passed, {} total"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("ava.txt", Counts(failed=1, skipped=2, failing=("bad one",))),  # it does not say how many passed
        ("bun.txt", Counts(passed=2, failed=1, skipped=2, errors=1, unloaded=1,
                           failing=("sum > adds 1 + 2", "broken.test.ts"))),
        ("deno.txt", Counts(passed=2, failed=1, skipped=1, failing=("bad",))),
        ("go.txt", Counts(passed=1, failed=1, skipped=1, errors=1, unloaded=1, failing=GO)),
        ("playwright.txt", Counts(passed=2, failed=1, skipped=2, failing=("e/a.spec.js › bad one",))),
        ("tap.txt", Counts(passed=1, failed=1, skipped=1, failing=("bad one",))),
        ("trial.txt", Counts(passed=1, failed=1, skipped=1, errors=1, failing=TRIAL)),
        ("vitest.txt", Counts(passed=2, failed=1, skipped=2, failing=("a.test.js > sum > adds 1 + 2",))),
    ],
)  # fmt: skip
def test_what_a_runner_really_printed_is_counted(file: str, expected: Counts) -> None:
    """Each of them holds a line that one of its tests printed, to look like more."""
    assert parse_counts((CORPUS / file).read_text("utf-8")) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (NEXTEST, Counts(passed=2, failed=1, skipped=1, failing=("shop tests::divides",))),
        (DOTNET, Counts(passed=7, failed=1, skipped=1, failing=("Shop.Tests.Divides",))),
        (PHPUNIT, Counts(passed=2, failed=1, skipped=1, failing=("ShopTest::testDivides",))),
        ("OK (5 tests, 9 assertions)\n", Counts(passed=5)),
        (RSPEC, Counts(passed=3, failed=1, skipped=1, failing=("Shop divides",))),
        ("Ran 4 tests in 0.025s\n\nPASSED (skips=1, successes=3)\n", Counts(passed=3, skipped=1)),
        ("  2 tests passed\n  1 test skipped\n", Counts(passed=2, skipped=1)),
        ("ok | 2 passed (1 step) | 0 failed (9ms)\n", Counts(passed=2)),
        (" 2 pass\n 0 fail\nRan 2 tests across 1 file. [9ms]\n", Counts(passed=2)),
        ("Running 1 test using 1 worker\n·\n  1 passed (6.5s)\n", Counts(passed=1)),
    ],
)
def test_what_other_runners_print_is_counted(output: str, expected: Counts) -> None:
    assert parse_counts(output) == expected


@pytest.mark.parametrize(
    ("output", "passed"),
    [
        (CARGO.format("test result: ok. 999 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"), 2),
        (CARGO.format("") + "test result: ok. 999 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n", 2),
        (CARGO.format("") * 2, 4),
        ("=== RUN   TestA\n--- PASS: TestFake (0.00s)\n--- PASS: TestA (0.00s)\n--- PASS: TestA (0.00s)\n", 1),
        ("  999 tests passed\n  2 tests passed\n", 2),
        (" 999 pass\n 2 pass\n 0 fail\nRan 2 tests across 1 file. [9ms]\n", 2),
        ("ok | 999 passed | 0 failed (1ms)\nok | 2 passed | 0 failed (1ms)\n", 2),
        ("Running 2 tests using 1 worker\n  999 passed (1s)\n  2 passed (6.5s)\n", 2),
        ("# { total: 999, pass: 999 }\n# { total: 2, pass: 2 }\n", 2),
        ("OK (999 tests, 9 assertions)\nOK (2 tests, 9 assertions)\n", 2),
        ("999 examples, 0 failures\n2 examples, 0 failures\n", 2),
        ("     Summary [ 0.1s] 999 tests run: 999 passed, 0 skipped\n"
         "     Summary [ 0.1s] 2 tests run: 2 passed, 0 skipped\n", 2),
        (f"fake:test: {JEST.format(999, 999)}\n{JEST.format(2, 2)}\n", 2),
        (f"web:test: fake:test: {JEST.format(999, 999)}\nweb:test: {JEST.format(2, 2)}\n", 2),
        (f"web:test: {JEST.format(999, 999)}\nweb:test: {JEST.format(2, 2)}\n", 2),
    ],
)  # fmt: skip
def test_a_printed_line_raises_no_count(output: str, passed: int) -> None:
    found = parse_counts(output)
    assert found is not None
    assert found.passed == passed


@pytest.mark.parametrize(
    "prefix", ["{}:test: ", "@shop/{}:test:unit: ", "packages/{} test: ", "[{}]: ", "[@shop/{}]: "]
)
def test_packages_of_a_monorepo_add_up(prefix: str) -> None:
    one, two = prefix.format("web"), prefix.format("api")
    output = (
        f"• Packages in scope\n{one}> jest\n{two}> vitest run\n{one}  ● sum › adds\n{one}\n"
        f"{one}Tests:       1 failed, 3 passed, 4 total\n{two}      Tests  2 passed (2)\n\n 2 successful\n"
    )
    assert parse_counts(output) == Counts(passed=5, failed=1, failing=("sum › adds",))


def test_hostile_lines_take_no_time() -> None:
    for line in ("a:" + "test" * 50_000, "[FAIL]\n" * 30_000, "  1 passed (" + "1" * 100_000, "test " * 50_000):
        parse_counts(f"{line}\n")
