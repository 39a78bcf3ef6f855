"""What runners really printed (tests/corpora/reports), what a test prints between, and a package before every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.failures import Counts, parse_counts
from app.failures.printed import readable, unprefixed
from app.failures.summaries.javascript import node_starts

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
        ("ava-tap.txt", Counts(passed=2, failed=1, skipped=2, failing=("bad one",))),
        ("bats.txt", Counts(passed=1, failed=1, skipped=1, failing=("bad one",))),
        ("ctest.txt", Counts(passed=1, failed=2, skipped=2, failing=("bad_one", "gone"))),
        ("prove.txt", Counts(failed=2, skipped=1, errors=1, failing=("./a.t 2", "./a.t 4", "./b.t"))),
        ("tape.txt", Counts(passed=3, failed=1, skipped=1, failing=("bad one: adds 1 + 2",))),
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
        ("\n  ✖ Timed out while running tests\n\n  ✔ a\n  ─\n\n  3 tests passed\n", Counts(passed=3, errors=1)),
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


@pytest.mark.parametrize("tool", ["turbo", "pnpm", "lerna"])
def test_what_a_tool_for_monorepos_really_printed_is_counted(tool: str) -> None:
    """Of two packages, one with 3 tests and one with 5."""
    text = (CORPUS / f"{tool}-jest.txt").read_text("utf-8")
    assert parse_counts(text) == Counts(passed=7, failed=1, failing=("bad",))
    assert sorted(node_starts(unprefixed(readable(text)))) == [(3, 0), (4, 1)]


def test_summaries_without_a_package_before_them_do_not_add_up() -> None:
    text = (CORPUS / "yarn-jest.txt").read_text("utf-8")
    assert parse_counts(text) == Counts(passed=3, failed=1, failing=("bad",))
    assert node_starts(unprefixed(text)) == [(3, 0), (4, 1)]


def test_hostile_lines_take_no_time() -> None:
    for line in ("a:" + "test" * 50_000, "[FAIL]\n" * 30_000, "  1 passed (" + "1" * 100_000, "test " * 50_000):
        parse_counts(f"{line}\n")


@pytest.mark.parametrize(
    "output",
    [
        "No tests found, exiting with code 0\n",  # jest --passWithNoTests
        "No test files found, exiting with code 0\n",  # vitest --passWithNoTests
        "No tests found!\n",  # bun
        "error: No test modules found\n",  # deno
        "Error: No tests found\n",  # Playwright
        'Error: No test files found: "test"\n',  # mocha
        "\n  0 passing (2ms)\n\n",
        "  ✖ Couldn't find any files to test\n",  # ava
        "TAP version 13\n\n1..0\n# tests 0\n# pass  0\n\n# ok\n",  # tape
        "no tests ran in 0.01s\n",
        "Ran 0 tests in 0.000s\n\nNO TESTS RAN\n",
        "?   \texample.org/m\t[no test files]\n",
        "?   \texample.org/m\t[no test files]\nok  \texample.org/m/a\t0.006s [no tests to run]\n",
        'go: warning: "./..." matched no packages\nno packages to test\n',
        "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        "error: no tests to run\n",  # nextest
        "No tests executed!\n",  # PHPUnit
        "0 examples, 0 failures\n",  # RSpec
        "No test is available in /b/Shop.dll. Make sure that test discoverer & executors are registered.\n",
        "No test matches the given testcase filter `x` in /b/Shop.dll\n",
        "No tests were found!!!\n",  # CTest
        "[INFO] No tests to run.\n",
        "[INFO] Tests are skipped.\n",
        "no tests yet\n",
        "TAP version 13\n1..0\n# tests 0\n# suites 0\n# pass 0\n# fail 0\n# cancelled 0\n",  # node --test
        "> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s\n",
        " WARNING  No tasks were executed as part of this run.\n\n Tasks:    0 successful, 0 total\n",  # turbo
        "\n NX   No tasks were run\n",
        "lerna info ci enabled\nlerna success run No packages found with the lifecycle script 'test'\n",
        'No projects matched the filters in "/tree"\n',  # pnpm
        "make: 'test' is up to date.\n",
        "make: Nothing to be done for 'check'.\n",
        'task: Task "test" is up to date\n',
        "a:test: No test files found, exiting with code 0\nb:test: No tests found, exiting with code 0\n",
    ],
)
def test_a_runner_that_ran_nothing_is_understood(output: str) -> None:
    """With exit code 0 as well: it is never a pass."""
    assert parse_counts(output) == Counts()


@pytest.mark.parametrize(
    "output",
    [
        "ok  \texample.org/m/a\t0.1s\n?   \texample.org/m\t[no test files]\n",
        "ok  \texample.org/m/a\t(cached)\nok  \texample.org/m/b\t0.1s [no tests to run]\n",
        "ok  \texample.org/m/a\t0.1s\tcoverage: 80.0% of statements\n?   \texample.org/m\t[no test files]\n",
        "I found no tests in the way\n",
        "make[1]: Nothing to be done for 'check'.\nPASS: a.sh\n",  # a folder without tests, of automake
        "> Task :a:test NO-SOURCE\n> Task :b:test\n\nBUILD SUCCESSFUL in 1s\n",
    ],
)
def test_a_package_without_tests_does_not_speak_for_the_others(output: str) -> None:
    assert parse_counts(output) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1..2\nok 1 - a\nok 2 - b\n", Counts(passed=2)),
        ("TAP version 14\nok 1 - a\nok 2\n1..2\n", Counts(passed=2)),
        ("1..2\nok a\nok\n", Counts(passed=2)),  # without numbers
        ("1..2\nok 1 - a\nok 2 - fake\nok 2 - b\n", Counts(passed=2)),
        ("ok 7 - fake\n1..1\nok 1 - a\nok 2 - fake\nok 9 - fake\n", Counts(passed=1)),
        ("1..999\nok 1 - a\n1..1\n", Counts(passed=1, errors=998)),  # a plan that was printed
        ("1..3\nok 1 - a\n", Counts(passed=1, errors=2)),
        ("1..3\nok 1 - a\nBail out! no database\n", Counts(passed=1, errors=2)),
        ("Bail out!\n", Counts(errors=1)),
        ("1..0 # skip no perl\n", Counts()),
        ("1..2\nnot ok 1 - a # TODO later\nok 2 - b # SKIP no net\n", Counts(skipped=2)),
        (
            "1..1\n# Subtest: a\n    ok 1 - in\n    not ok 2 - in\n    1..2\nnot ok 1 - a\n",
            Counts(failed=1, failing=("a",)),
        ),
        ("1..1\nok 1 - a\n1..2\nok 1 - b\nnot ok 2 - c\n", Counts(passed=1, failed=1, failing=("c",))),
        ("TAP version 14\n1..2\nok 1 - a\nok 2 - b\nTAP version 14\n1..999\n", Counts(errors=999)),
        ("d.t .. ok\nAll tests successful.\nFiles=1, Tests=2,  0 wallclock secs\nResult: PASS\n", Counts(passed=2)),
        ("Files=0, Tests=0,  0 wallclock secs\nResult: NOTESTS\n", Counts()),
    ],
)
def test_points_count_in_their_order_and_once(text: str, expected: Counts) -> None:
    assert parse_counts(text) == expected
